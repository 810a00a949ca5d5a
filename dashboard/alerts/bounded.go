package alerts

import (
	"math"
	"strings"
	"unicode"
)

// Bounds of the texts of a problem, in bytes.
const (
	maxHost  = 255 // the longest name in DNS
	maxLabel = 100
)

// bounded returns the problem with texts of bounded length in one line, and with numbers that JSON can hold.
func (p Problem) bounded() Problem {
	p.Host = hostLine(p.Host)
	for _, text := range []*string{&p.Machine, &p.Env, &p.Role, &p.Name, &p.Culprit} {
		*text = line(*text, maxLabel)
	}
	for _, v := range []*float64{&p.Value, &p.Threshold} {
		if math.IsNaN(*v) || math.IsInf(*v, 0) {
			*v = 0
		}
	}
	return p
}

// hostLine is the name of a host as problems have it.
func hostLine(host string) string { return line(host, maxHost) }

// line returns a text without characters that would break or hide a part of a message.
func line(text string, most int) string {
	return clip(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsGraphic(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?")), most)
}
