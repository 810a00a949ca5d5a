package alerts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// node is a value of a JSON document, with its path in it. Package encoding/json alone would stop at the first mistake, without a path,
// and would take the last one of two equal keys.
type node struct {
	path  string
	value any // map[string]node, []node, string, json.Number, bool or nil
}

// String writes the value as in the document, shortened.
func (n node) String() string {
	switch v := n.value.(type) {
	case map[string]node:
		return "an object"
	case []node:
		return "a list"
	case string:
		if len(v) > 60 {
			v = strings.ToValidUTF8(v[:60], "") + "…"
		}
		return strconv.Quote(v)
	case nil:
		return "null"
	default:
		return fmt.Sprint(v)
	}
}

// tree reads a document.
func (p *parser) tree(text []byte) (node, bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	root, err := p.read(d, "")
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is something after its end")
		}
	}
	if err != nil {
		line := 1 + bytes.Count(text[:min(int(d.InputOffset()), len(text))], []byte("\n"))
		p.wrong("", "line %d: not JSON: %w; it is a text such as {\"overrides\": []}", line, err)
		return node{}, false
	}
	return root, true
}

func (p *parser) read(d *json.Decoder, path string) (node, error) {
	token, err := d.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return node{}, err
	}
	switch token {
	case json.Delim('{'):
		return p.readObject(d, path)
	case json.Delim('['):
		list := []node{}
		for d.More() {
			n, err := p.read(d, fmt.Sprintf("%s[%d]", path, len(list)))
			if err != nil {
				return node{}, err
			}
			list = append(list, n)
		}
		_, err := d.Token()
		return node{path, list}, err
	default:
		return node{path, token}, nil
	}
}

func (p *parser) readObject(d *json.Decoder, path string) (node, error) {
	fields := map[string]node{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return node{}, err
		}
		name, _ := key.(string) // the decoder takes only texts for keys
		n, err := p.read(d, strings.TrimPrefix(path+"."+name, "."))
		if err != nil {
			return node{}, err
		}
		if _, twice := fields[name]; twice {
			p.wrong(n.path, "is given twice; leave out one of them")
		}
		fields[name] = n
	}
	_, err := d.Token()
	return node{path, fields}, err
}

// object returns the fields of an object, which may only have the known keys; any keys if none are named.
func (p *parser) object(n node, known ...string) (map[string]node, bool) {
	fields, ok := n.value.(map[string]node)
	if !ok {
		p.wrong(n.path, "%s is not an object; use {…}", n)
		return nil, false
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if len(known) > 0 && !slices.Contains(known, key) {
			p.wrong(fields[key].path, "there is no such key; use one of %s", strings.Join(known, ", "))
		}
	}
	return fields, true
}

func (p *parser) list(n node) []node {
	list, ok := n.value.([]node)
	if !ok {
		p.wrong(n.path, "%s is not a list; use […]", n)
	}
	return list
}

// textNode is a text, with its path.
type textNode struct{ path, value string }

// texts reads a list of texts, which is not empty.
func (p *parser) texts(n node) (all []textNode) {
	list, ok := n.value.([]node)
	if !ok || len(list) == 0 {
		p.wrong(n.path, "%s is not a list of texts; use for example [\"a\", \"b\"]", n)
		return nil
	}
	for _, one := range list {
		all = append(all, textNode{one.path, p.text(one)})
	}
	return all
}

func valuesOf(texts []textNode) (all []string) {
	for _, t := range texts {
		all = append(all, t.value)
	}
	return all
}

// maxText is the length of the longest text, in bytes, as in the page's address.
const maxText = 255

func (p *parser) text(n node) string {
	text, ok := n.value.(string)
	if !ok || text == "" || len(text) > maxText || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		p.wrong(n.path, "%s is not a text of 1 to %d bytes without control characters", n, maxText)
	}
	return text
}
