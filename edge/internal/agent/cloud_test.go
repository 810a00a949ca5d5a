package agent_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// cloud speaks the JSON 1.1 protocol of SSM and Firehose, as far as the collector does.
type cloud struct {
	t *testing.T

	mu        sync.Mutex
	pages     []string // answers of GetParametersByPath, by token
	stream    string   // that there is
	strangers int      // requests to another
	puts      int
	fail      func(put, record int) string // error code of a record, "" to accept it
	samples   []record.Sample
	offline   bool            // SSM does not answer
	asked     int             // questions to SSM
	regions   map[string]bool // that requests were signed for, by service
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{t: t, stream: "the-stream", regions: map[string]bool{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "",
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": "",
		"AWS_CONFIG_FILE": t.TempDir() + "/none", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none",
	} {
		t.Setenv(name, value)
	}
	return c
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Credential=id/20260203/us-east-1/ssm/aws4_request
	if scope := strings.Split(r.Header.Get("Authorization"), "/"); len(scope) > 3 {
		c.regions[scope[3]+" in "+scope[2]] = true
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	switch target := r.Header.Get("X-Amz-Target"); target {
	case "AmazonSSM.GetParametersByPath":
		c.parameters(w, r)
	case "Firehose_20150804.PutRecordBatch":
		c.put(w, r)
	default:
		c.t.Errorf("request of %s", target)
		w.WriteHeader(http.StatusBadRequest)
	}
}

func (c *cloud) parameters(w http.ResponseWriter, r *http.Request) {
	var in struct{ Path, NextToken string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Path != "/metrics-dashboard/Fleet/" {
		c.t.Errorf("GetParametersByPath of %+v: %v", in, err)
	}
	c.asked++
	if c.offline {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, `{"__type":"InternalServerError","message":"offline"}`)
		return
	}
	page := 0
	if in.NextToken != "" {
		_, _ = fmt.Sscan(in.NextToken, &page)
	}
	if page >= len(c.pages) {
		fmt.Fprint(w, `{"Parameters":[]}`)
		return
	}
	next := ""
	if page+1 < len(c.pages) {
		next = fmt.Sprintf(`,"NextToken":"%d"`, page+1)
	}
	fmt.Fprintf(w, `{"Parameters":[%s]%s}`, c.pages[page], next)
}

func (c *cloud) put(w http.ResponseWriter, r *http.Request) {
	var in struct {
		DeliveryStreamName string
		Records            []struct{ Data []byte }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		c.t.Errorf("PutRecordBatch to %q: %v", in.DeliveryStreamName, err)
	}
	if in.DeliveryStreamName != c.stream {
		c.strangers++
		c.pages = []string{parameter("region", "eu-west-1"), parameter("delivery-stream-name", c.stream)}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"ResourceNotFoundException","message":"Firehose not found"}`)
		return
	}
	var results []string
	failed := 0
	for i, rec := range in.Records {
		if code := c.fail(c.puts, i); code != "" {
			failed++
			results = append(results, fmt.Sprintf(`{"ErrorCode":%q,"ErrorMessage":"slow down"}`, code))
			continue
		}
		results = append(results, fmt.Sprintf(`{"RecordId":"%d"}`, i))
		c.accept(rec.Data)
	}
	c.puts++
	fmt.Fprintf(w, `{"FailedPutCount":%d,"RequestResponses":[%s]}`, failed, strings.Join(results, ","))
}

func (c *cloud) accept(data []byte) {
	var reader record.PackReader
	lines, err := reader.AppendLines(nil, data)
	if err != nil {
		c.t.Errorf("record is no pack: %v", err)
	}
	for line := range bytes.Lines(lines) {
		s, err := record.ParseSample(line)
		if err != nil {
			c.t.Errorf("line is no sample: %v", err)
		}
		c.samples = append(c.samples, s)
	}
}

// delivered is how many samples were accepted.
func (c *cloud) delivered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.samples)
}

// newest is the sample that was accepted last.
func (c *cloud) newest() record.Sample {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.samples) == 0 {
		return record.Sample{}
	}
	return c.samples[len(c.samples)-1]
}

// says sets the parameters of the stack.
func (c *cloud) says(parameters ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pages = []string{strings.Join(parameters, ",")}
}

func parameter(name, value string) string {
	return fmt.Sprintf(`{"Name":"/metrics-dashboard/Fleet/%s","Type":"String","Value":%q}`, name, value)
}

// buffer is a log that is read while it is written.
type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}
