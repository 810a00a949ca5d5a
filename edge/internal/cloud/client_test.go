package cloud

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// TestProxy: with a real proxy for everything, requests to metadata services do not use the proxy, and plain HTTP is refused unless it
// is to this machine or its metadata services.
func TestProxy(t *testing.T) {
	var dialed []string
	transport := newHTTPClient().GetTransport()
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dialed = append(dialed, address)
		if host, _, _ := net.SplitHostPort(address); host != "127.0.0.1" {
			return nil, errors.New("the test dials this machine only")
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	client := &http.Client{Transport: transport}
	for to, want := range map[string]string{ // the address that is dialed, or "proxy"; "" if the request is refused
		"http://169.254.169.254/latest/meta-data/": "169.254.169.254:80",
		"http://169.254.170.2/v2/credentials":      "169.254.170.2:80",
		"http://169.254.170.23/v1/credentials":     "169.254.170.23:80",
		"http://[fd00:ec2::254]/latest/meta-data/": "[fd00:ec2::254]:80",
		"http://[fd00:ec2::23]/v1/credentials":     "[fd00:ec2::23]:80",
		"https://169.254.169.254/":                 "169.254.169.254:443",
		"http://127.0.0.1:9/":                      "127.0.0.1:9",
		"http://localhost:9/":                      "localhost:9",
		"https://firehose.us-east-1.amazonaws.com": "proxy",
		"https://[fd00:ec3::254]/":                 "proxy",
		"http://imds.example/latest/meta-data/":    "",
		"http://10.0.0.1/latest/meta-data/":        "",
	} {
		dialed, proxied.hosts = nil, nil
		resp, err := client.Get(to)
		if err == nil {
			_ = resp.Body.Close()
		}
		switch want {
		case "proxy":
			if len(proxied.hosts) != 1 {
				t.Errorf("%s: the proxy was asked for %q, dialed %q", to, proxied.hosts, dialed)
			}
		case "":
			if !errors.As(err, new(*PlainError)) || len(dialed)+len(proxied.hosts) > 0 {
				t.Errorf("%s: error is %v, dialed %q", to, err, dialed)
			}
		default:
			if !slices.Equal(dialed, []string{want}) || len(proxied.hosts) > 0 {
				t.Errorf("%s: dialed %q, the proxy was asked for %q", to, dialed, proxied.hosts)
			}
		}
	}
}

// TestMetadata: with a proxy configured, the SDK's clients for instances and containers still ask the metadata service directly.
func TestMetadata(t *testing.T) {
	const keys = `{"Code":"Success","AccessKeyId":"AKID","SecretAccessKey":"s","Token":"t","Expiration":"2100-01-02T03:04:05Z"}`
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/latest/api/token":
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
			fmt.Fprint(w, "token")
		case "/latest/meta-data/iam/security-credentials/", "/latest/meta-data/iam/security-credentials-extended/":
			fmt.Fprint(w, "role")
		case "/latest/dynamic/instance-identity/document":
			fmt.Fprint(w, `{"region":"eu-north-1"}`)
		default:
			fmt.Fprint(w, keys)
		}
	}))
	defer service.Close()
	for name, variables := range map[string]map[string]string{
		"instance":  {"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.URL},
		"container": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": service.URL + "/get", "AWS_REGION": "eu-north-1"},
	} {
		t.Run(name, func(t *testing.T) {
			proxied.hosts = nil
			variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"] = "", ""
			environment(t, variables)
			cfg, err := Load(t.Context(), "")
			if err != nil || cfg.Region != "eu-north-1" {
				t.Fatalf("region is %q, %v", cfg.Region, err)
			}
			if found, err := Credentials(t.Context(), cfg); err != nil || found.AccessKeyID != "AKID" {
				t.Errorf("credentials are of %q, %v", found.AccessKeyID, err)
			}
			if len(proxied.hosts) > 0 {
				t.Errorf("the proxy was asked for %q", proxied.hosts)
			}
		})
	}
}

// clients returns a call of each client that edge uses, also those for credentials, to an endpoint on this machine.
var clients = map[string]func(t *testing.T, endpoint string) error{
	"Firehose": func(t *testing.T, endpoint string) error {
		_, err := NewStream(loaded(t, endpoint), "s").Put(t.Context(), [][]byte{{1}})
		return err
	},
	"SSM": func(t *testing.T, endpoint string) error {
		_, err := Find(t.Context(), loaded(t, endpoint), "S")
		return err
	},
	"STS": func(t *testing.T, endpoint string) error {
		_, err := sts.NewFromConfig(loaded(t, endpoint), func(o *sts.Options) { o.Retryer = aws.NopRetryer{} }).GetCallerIdentity(t.Context(), nil)
		return brief(err)
	},
	"instance metadata": func(t *testing.T, endpoint string) error {
		_, err := imds.NewFromConfig(loaded(t, endpoint), func(o *imds.Options) {
			o.Endpoint, o.ClientEnableState, o.Retryer = endpoint, imds.ClientEnabled, aws.NopRetryer{}
		}).GetRegion(t.Context(), nil)
		return brief(err)
	},
	"container credentials": func(t *testing.T, endpoint string) error {
		environment(t, map[string]string{
			"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint, "AWS_MAX_ATTEMPTS": "1",
		})
		cfg, err := Load(t.Context(), "eu-west-1")
		if err != nil {
			t.Fatal(err)
		}
		_, err = Credentials(t.Context(), cfg)
		return err
	},
}

// loaded returns the AWS configuration for an endpoint.
func loaded(t *testing.T, endpoint string) aws.Config {
	t.Helper()
	environment(t, map[string]string{"AWS_ENDPOINT_URL": endpoint})
	cfg, err := Load(t.Context(), "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestRedirects: no client follows any kind of redirect.
func TestRedirects(t *testing.T) {
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/", status)
		}))
		for name, call := range clients {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				elsewhere = 0
				if err := call(t, server.URL); err == nil || elsewhere > 0 {
					t.Errorf("error is %v, %d requests elsewhere", err, elsewhere)
				}
			})
		}
		server.Close()
	}
}

// TestHugeAnswers: a huge answer costs little memory and gives a short error.
func TestHugeAnswers(t *testing.T) {
	const size = 200 << 20
	chunk := []byte(strings.Repeat("x", 1<<20))
	for _, status := range []int{200, 400, 413, 503} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"__type":"InternalFailure","message":"`)
			for n := 0; n < size; n += len(chunk) {
				if _, err := w.Write(chunk); err != nil {
					return // the client has read enough
				}
			}
			_, _ = io.WriteString(w, `"}`)
		}))
		for name, call := range clients {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				before := allocated()
				if err := call(t, server.URL); err == nil || len(err.Error()) > maxText+len("…") {
					t.Errorf("error is %.100v", err)
				}
				if got := allocated() - before; got > 32<<20 {
					t.Errorf("%d MB allocated", got>>20)
				}
			})
		}
		server.Close()
	}
}

// TestBrokenAnswers: no record counts as delivered if the answer is broken.
func TestBrokenAnswers(t *testing.T) {
	const whole = `{"FailedPutCount":0,"RequestResponses":[{"RecordId":"1"},{"RecordId":"2"}]}`
	plain := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	raw := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(c, text)
			_ = c.Close()
		}
	}
	zipped := func(change func([]byte) []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			var text bytes.Buffer
			z := gzip.NewWriter(&text)
			_, _ = io.WriteString(z, whole)
			_ = z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(change(text.Bytes()))
		}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string // part of the error; "" if both records count as delivered
	}{
		"whole":                {plain(whole), ""},
		"whole, compressed":    {zipped(func(b []byte) []byte { return b }), ""},
		"without a count":      {plain(`{"RequestResponses":[{"RecordId":"1"},{"RecordId":"2"}]}`), ""},
		"no last chunk":        {raw(fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(whole), whole)), "the answer is broken"},
		"chunk cut short":      {raw(fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s", len(whole)+9, whole)), "the answer is broken"},
		"shorter than it says": {raw(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(whole)+1, whole)), "the answer is broken"},
		"gzip without its end": {zipped(func(b []byte) []byte { return b[:len(b)-8] }), "the answer is broken"},
		"gzip, other checksum": {zipped(func(b []byte) []byte { b[len(b)-8]++; return b }), "gzip: invalid checksum"},
		"empty record id":      {plain(`{"FailedPutCount":1,"RequestResponses":[{"RecordId":"1"},{"RecordId":""}]}`), "neither a record id nor an error code"},
		"count too high":       {plain(strings.Replace(whole, ":0", ":1", 1)), "answered that 1 records failed, but 0 results have an error"},
		"count too low":        {plain(`{"FailedPutCount":0,"RequestResponses":[{"RecordId":"1"},{"ErrorCode":"InternalFailure"}]}`), "answered that 0 records failed, but 1 results have an error"},
		"one result too few":   {plain(`{"FailedPutCount":0,"RequestResponses":[{"RecordId":"1"}]}`), "1 results for 2 records"},
		"one result too many":  {plain(`{"FailedPutCount":0,"RequestResponses":[{"RecordId":"1"},{"RecordId":"2"},{"RecordId":"3"}]}`), "3 results for 2 records"},
		"nothing":              {plain(``), "0 results for 2 records"},
		"a page":               {plain(`<html>welcome to the hotel</html>`), "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			defer server.Close()
			results, err := NewStream(loaded(t, server.URL), "the-stream").Put(t.Context(), [][]byte{{1}, {2}})
			if err == nil {
				err = errors.Join(results...)
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

// TestBrief: texts about single records are bounded too, and have no control characters.
func TestBrief(t *testing.T) {
	text := strings.Repeat("ä", 1<<19) + "\x1b[2J\n"
	err := brief(fmt.Errorf("%w: %s", ErrGone, text))
	if !errors.Is(err, ErrGone) || len(err.Error()) > maxText+len("…") || !strings.HasPrefix(err.Error(), ErrGone.Error()) || !utf8.ValidString(err.Error()) {
		t.Errorf("error is %.100v with %d bytes", err, len(err.Error()))
	}
	text = "a\x1b[2Jb\n"
	if err := brief(errors.New(text)); err.Error() != "a [2Jb " {
		t.Errorf("error is %q", err)
	}
	if brief(nil) != nil {
		t.Error("brief(nil) is not nil")
	}
}

// allocated returns how many bytes were allocated so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
