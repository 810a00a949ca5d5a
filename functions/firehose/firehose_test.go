package firehose_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/metrics-dashboard/metrics-dashboard/functions/firehose"
)

// server answers each call with a status and a body, and counts the calls.
func server(t *testing.T, status int, body string) (client *firehose.Client, calls *int) {
	t.Helper()
	calls = new(int)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*calls++
		var in struct {
			DeliveryStreamName string
			Records            []struct{ Data []byte }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.DeliveryStreamName != "metrics" || len(in.Records) != 3 ||
			string(in.Records[2].Data) != "c" || r.Header.Get("X-Amz-Target") != "Firehose_20150804.PutRecordBatch" {
			t.Errorf("request %+v, %v", in, err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		if _, err := w.Write([]byte(body)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return firehose.New(aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: &s.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	}), calls
}

func TestPutRecordBatch(t *testing.T) {
	records := [][]byte{[]byte("a"), []byte("b"), []byte("c")}
	const ok, bad = `{"RecordId":"x"}`, `{"ErrorCode":"ServiceUnavailableException","ErrorMessage":"Slow down."}`
	for _, c := range []struct {
		name, body, err string
		status          int
		rejected        []int
	}{
		{"accepted", `{"FailedPutCount":0,"RequestResponses":[` + ok + `,` + ok + `,` + ok + `]}`, "", 200, nil},
		{"in part", `{"FailedPutCount":2,"RequestResponses":[` + bad + `,` + ok + `,` + bad + `]}`, "", 200, []int{0, 2}},
		{"short answer", `{"FailedPutCount":0,"RequestResponses":[` + ok + `]}`, "the answer has 1 results; want one for each record", 200, nil},
		{"throttled", `{"__type":"ServiceUnavailableException","message":"Slow down."}`, "ServiceUnavailableException", 503, nil},
		{"unknown stream", `{"__type":"ResourceNotFoundException","message":"no"}`, "put 3 records onto metrics: ", 400, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, calls := server(t, c.status, c.body)
			rejected, err := client.PutRecordBatch(t.Context(), "metrics", records)
			if !slices.Equal(rejected, c.rejected) || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("rejected %v, error %v; want %v, %q", rejected, err, c.rejected, c.err)
			}
			if *calls != 1 {
				t.Errorf("%d calls: the SDK retried", *calls)
			}
		})
	}
}
