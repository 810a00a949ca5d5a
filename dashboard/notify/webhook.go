package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/record/pause"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
	"github.com/metrics-dashboard/metrics-dashboard/record/signed"
)

// Webhook sends messages to an address by HTTP POST. It is an [alerts.Receiver].
//
// Each message has the headers webhook-id, which is the same if the message is sent again, and webhook-timestamp, and with a secret
// webhook-signature, as Standard Webhooks has them.
type Webhook struct {
	address Address
	secret  Secret
	context alerts.Context
	client  *http.Client
	pauses  []time.Duration
}

const (
	// attemptWithin is how long one request may take. A receiver that hangs costs no more than that in each run.
	attemptWithin = 10 * time.Second
	// documentLimit bounds the body of a request, in bytes.
	documentLimit = 256 << 10
	// answerLimit is how many bytes of an answer are read.
	answerLimit = 4 << 10
)

// NewWebhook returns the webhook at an address. If secret is nil, messages are not signed.
func NewWebhook(address Address, secret Secret, c alerts.Context) *Webhook {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = signed.Route(http.ProxyFromEnvironment)
	transport.MaxResponseHeaderBytes = 64 << 10
	return &Webhook{
		address: address, secret: secret, context: c,
		client: &http.Client{
			Transport: transport,
			Timeout:   attemptWithin,
			// A redirect could send the message to somebody else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		pauses: []time.Duration{500 * time.Millisecond, 2 * time.Second},
	}
}

// Send implements [alerts.Receiver]. It tries again if the receiver answers that it cannot take the message now, but not if it does not
// answer in time: the next run does.
func (w *Webhook) Send(ctx context.Context, m alerts.Message) error {
	body := m.Document(w.context, documentLimit)
	if w.address.slack {
		body = m.SlackMessage(w.context)
	}
	for attempt := 0; ; attempt++ {
		again, err := w.attempt(ctx, m.ID, body)
		if err == nil {
			return nil
		}
		if !again || attempt == len(w.pauses) || pause.For(ctx, w.pauses[attempt]) != nil {
			return fmt.Errorf("send a message to %s: %w", w.address, err)
		}
	}
}

func (w *Webhook) attempt(ctx context.Context, id string, body []byte) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.address.url.String(), bytes.NewReader(body))
	if err != nil {
		return false, errors.New("the address cannot be used") // the error has the address
	}
	now := time.Now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "metrics-dashboard/"+program.Version())
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	if w.secret != nil {
		req.Header.Set("webhook-signature", w.secret.sign(id, now, body))
	}
	res, err := w.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) { // it has the address
			if u.Timeout() {
				return false, fmt.Errorf("no answer within %v", attemptWithin)
			}
			err = u.Err
		}
		return true, err
	}
	defer func() { _ = res.Body.Close() }()                      // it was read as far as it matters
	said, _ := io.ReadAll(io.LimitReader(res.Body, answerLimit)) // what the answer says is only for people
	return judge(res, said)
}

// judge says what an answer means.
func judge(res *http.Response, said []byte) (again bool, err error) {
	code := res.StatusCode
	text := ""
	if words := strings.Join(strings.Fields(strings.ToValidUTF8(string(said), "?")), " "); words != "" {
		text = fmt.Sprintf(": %.200q", words)
	}
	switch {
	case code >= 200 && code < 300:
		return false, nil
	case code >= 300 && code < 400:
		to := "another address"
		if u, err := res.Location(); err == nil {
			to = u.Scheme + "://" + u.Host
		}
		return false, fmt.Errorf("%w: %s redirects to %s, which is not followed; give the address that answers", alerts.ErrRefused, res.Status, to)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		return true, fmt.Errorf("%s%s", res.Status, text)
	}
	return false, fmt.Errorf("%w: %s%s", alerts.ErrRefused, res.Status, text)
}
