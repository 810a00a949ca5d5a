package topic_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/functions/topic"
)

var (
	here = alerts.Context{Source: "MetricsDashboard", Page: "https://metrics.example.org/"}
	noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
)

func message(hosts int, culprit string) alerts.Message {
	m := alerts.Message{ID: "msg_1", At: noon}
	for i := range hosts {
		m.Changes = append(m.Changes, alerts.Change{Event: alerts.Raised, Problem: alerts.Problem{
			Host: fmt.Sprintf("web-%d%s", i, culprit), Name: "CPU", Culprit: culprit, Unit: panels.Percent, Value: 97, Severity: alerts.Critical, Since: noon,
		}})
	}
	return m
}

// serve is SNS over its protocol, which answers with a status.
func serve(t *testing.T, status int) (*topic.Topic, func() url.Values) {
	t.Helper()
	var got url.Values
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		got = r.PostForm
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		if status == http.StatusOK {
			fmt.Fprint(w, `<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`)
			return
		}
		fmt.Fprint(w, `<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>`)
	}))
	t.Cleanup(server.Close)
	cfg := aws.Config{
		Region: "eu-north-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
	return topic.New(cfg, "arn:aws:sns:eu-north-1:1:alerts", here), func() url.Values { return got }
}

func TestSend(t *testing.T) {
	s, got := serve(t, http.StatusOK)
	if err := s.Send(t.Context(), message(1, "")); err != nil {
		t.Fatal(err)
	}
	form := got()
	if form.Get("TopicArn") != "arn:aws:sns:eu-north-1:1:alerts" || form.Get("Subject") != "CRITICAL: CPU on web-0" || form.Get("MessageStructure") != "json" {
		t.Errorf("published %v", form)
	}
	attributes := map[string]string{}
	for i := 1; i <= 2; i++ {
		entry := fmt.Sprintf("MessageAttributes.entry.%d.", i)
		attributes[form.Get(entry+"Name")] = form.Get(entry + "Value.StringValue")
	}
	if attributes["id"] != "msg_1" || attributes["severity"] != "critical" {
		t.Errorf("the attributes are %v", attributes)
	}
	var forms map[string]string
	if err := json.Unmarshal([]byte(form.Get("Message")), &forms); err != nil {
		t.Fatal(err)
	}
	var document alerts.Document
	if err := json.Unmarshal([]byte(forms["default"]), &document); err != nil || document.ID != "msg_1" || len(document.Changes) != 1 {
		t.Errorf("programs get %q: %v", forms["default"], err)
	}
	if !strings.Contains(forms["email"], "- CRITICAL CPU on web-0; 97.0 %; since 2026-11-28 12:00 UTC") {
		t.Errorf("mail is %q", forms["email"])
	}
	if forms["sms"] != "CRITICAL: CPU on web-0" {
		t.Errorf("an SMS is %q", forms["sms"])
	}
	// The form of "Custom notifications" in the administrator guide of Amazon Q Developer in chat applications.
	var chat struct {
		Version, Source, ID string
		Content             struct{ TextType, Title, Description string }
	}
	if err := json.Unmarshal([]byte(forms["https"]), &chat); err != nil || chat.Version != "1.0" || chat.Source != "custom" || chat.ID != "msg_1" ||
		chat.Content.TextType != "client-markdown" || !strings.Contains(chat.Content.Description, "CPU on <https://metrics.example.org/?") {
		t.Errorf("a chat gets %q: %v", forms["https"], err)
	}
}

// What SNS certainly has not taken is told anew later; what it may have taken is sent again as it is.
func TestFailures(t *testing.T) {
	for status, refused := range map[int]bool{404: true, 403: true, 400: true, 500: false, 503: false} {
		s, _ := serve(t, status)
		if err := s.Send(t.Context(), message(1, "")); err == nil || errors.Is(err, alerts.ErrRefused) != refused {
			t.Errorf("%d: %v, want refused %v", status, err, refused)
		}
	}
}

// The longest message fits, whatever its texts are.
func TestEnvelope(t *testing.T) {
	for _, culprit := range []string{"", `"`, `<&>`, "ü", `\`, `"\<`} {
		envelope := topic.Envelope(message(alerts.MaxTold, strings.Repeat(culprit, 30)), here)
		var forms map[string]string
		if err := json.Unmarshal([]byte(envelope), &forms); err != nil || len(envelope) > 256<<10-2000 || len(forms["default"]) < 4000 || len(forms["email"]) < 1000 {
			t.Errorf("%q: %d bytes, %d of them for programs: %v", culprit, len(envelope), len(forms["default"]), err)
		}
	}
}
