package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// Address is where messages go, and in which form. The whole address is a secret: who knows that of a Slack webhook can write to its
// channel. So logs and errors have its host only.
type Address struct {
	url   *url.URL
	slack bool
}

// slackPrefix chooses the form of messages that Slack takes.
const slackPrefix = "slack:"

// ParseAddress reads an address: a URL, slack:URL for what takes Slack's messages, or @FILE, a file that holds one of these.
func ParseAddress(text string) (Address, error) {
	name := "the address"
	if file, ok := strings.CutPrefix(text, "@"); ok {
		content, err := os.ReadFile(file)
		if err != nil {
			return Address{}, fmt.Errorf("read the address of a webhook: %w", err)
		}
		text, name = strings.TrimSpace(string(content)), "the address in "+file
		if strings.ContainsAny(text, "\n\r") {
			return Address{}, fmt.Errorf("%s: want one line", name)
		}
	}
	text, slack := strings.CutPrefix(text, slackPrefix)
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.Fragment != "" {
		return Address{}, fmt.Errorf("%s does not lead to a webhook: want https://…, slack:https://… or @FILE", name)
	}
	// Slack takes no other form.
	return Address{url: u, slack: slack || strings.EqualFold(u.Hostname(), "hooks.slack.com")}, nil
}

// String names the address without what is secret in it.
func (a Address) String() string { return a.url.Scheme + "://" + a.url.Host }

// Key tells addresses apart, in names of files.
func (a Address) Key() string {
	sum := sha256.Sum256([]byte(a.url.String()))
	return hex.EncodeToString(sum[:8])
}
