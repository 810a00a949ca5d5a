// Package topic sends messages about the problems of hosts to an SNS topic.
package topic

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/objects"
)

// Topic is a topic. It is an [alerts.Receiver].
type Topic struct {
	client  *sns.Client
	arn     string
	context alerts.Context
}

// New returns the topic of that ARN.
func New(cfg aws.Config, arn string, c alerts.Context) *Topic {
	return &Topic{sns.NewFromConfig(cfg), arn, c}
}

// Send implements [alerts.Receiver]. Subscribers can choose messages by the attributes severity and id.
func (t *Topic) Send(ctx context.Context, m alerts.Message) error {
	attribute := func(value string) types.MessageAttributeValue {
		return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
	}
	_, err := t.client.Publish(ctx, &sns.PublishInput{
		TopicArn: &t.arn, Subject: aws.String(m.Subject()), Message: aws.String(Envelope(m, t.context)), MessageStructure: aws.String("json"),
		MessageAttributes: map[string]types.MessageAttributeValue{"id": attribute(m.ID), "severity": attribute(m.Severity().String())},
	})
	if status := objects.StatusOf(err); status >= http.StatusBadRequest && status < http.StatusInternalServerError {
		return fmt.Errorf("publish to %s: %w: %w", t.arn, alerts.ErrRefused, err)
	}
	if err != nil {
		return fmt.Errorf("publish to %s: %w", t.arn, err)
	}
	return nil
}

// The sizes of a message in bytes. SNS takes 256 KiB in all, with all forms of the message (SNS API reference, Publish).
const (
	maxMessage    = 256<<10 - 2<<10 // the rest is for subject and attributes
	documentLimit = 80 << 10
	textLimit     = 50 << 10
)

// Envelope is a message in the forms that the kinds of subscribers get (SNS developer guide, "Publishing Amazon SNS notifications with
// platform-specific payloads"): text for mail, one line for SMS, JSON for programs, and at HTTPS the form that Amazon Q Developer in chat
// applications takes, which subscribes by HTTPS and shows no other form.
func Envelope(m alerts.Message, c alerts.Context) string {
	for document, text := documentLimit, textLimit; ; document, text = document/2, text/2 {
		content, _ := json.Marshal(map[string]string{
			"default": string(m.Document(c, document)),
			"email":   m.Text(c, alerts.Plain, text),
			"sms":     m.Subject(),
			"https":   string(m.ChatNotification(c)),
		}) // texts can be encoded
		if len(content) <= maxMessage {
			return string(content)
		}
	}
}
