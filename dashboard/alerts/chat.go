package alerts

import (
	"encoding/json"
	"strconv"
)

// chatText is how many bytes the text of a chat message has at most. Slack recommends 4,000 characters (Slack API, "Messaging: truncating").
const chatText = 3500

// SlackMessage is the message as an incoming webhook of Slack, or of what is compatible with it, takes it.
func (m Message) SlackMessage(c Context) []byte {
	content, _ := json.Marshal(map[string]string{"text": "*" + Slack.escape(m.Subject()) + "*\n" + m.Text(c, Slack, chatText)})
	return content
}

// ChatNotification is the message as Amazon Q Developer in chat applications (formerly AWS Chatbot) takes it from SNS for channels of Slack
// and Microsoft Teams. It shows no message of another form. Source: its administrator guide, "Custom notifications".
func (m Message) ChatNotification(c Context) []byte {
	counts := map[string]string{}
	for event, n := range m.counts() {
		counts[string(event)] = strconv.Itoa(n)
	}
	content, _ := json.Marshal(chatNotification{
		Version: "1.0", Source: "custom", ID: m.ID,
		Content:  chatContent{TextType: "client-markdown", Title: m.Subject(), Description: m.Text(c, Slack, chatText)},
		Metadata: chatMetadata{Summary: m.Subject(), EventType: "MetricsDashboardAlerts", AdditionalContext: counts},
	})
	return content
}

type chatNotification struct {
	Version  string       `json:"version"`
	Source   string       `json:"source"`
	ID       string       `json:"id"`
	Content  chatContent  `json:"content"`
	Metadata chatMetadata `json:"metadata"`
}

type chatContent struct {
	TextType    string `json:"textType"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type chatMetadata struct {
	Summary           string            `json:"summary"`
	EventType         string            `json:"eventType"`
	AdditionalContext map[string]string `json:"additionalContext,omitempty"`
}
