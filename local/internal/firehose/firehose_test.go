package firehose_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/smithy-go"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/fault"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/firehose"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

// sink keeps the records that were put.
type sink struct {
	mu      sync.Mutex // guards records and err
	records [][]byte
	err     error
}

func (s *sink) Put(_ context.Context, records [][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	for _, r := range records {
		s.records = append(s.records, bytes.Clone(r))
	}
	return nil
}

func (s *sink) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *sink) taken() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.records)
}

// start serves a stream called "edge" over loopback and returns AWS's own client for it.
func start(t *testing.T, rates fault.Rates) (*sdk.Client, *sink) {
	t.Helper()
	return startStream(t, rates, func(*spec.Stream) {})
}

func startStream(t *testing.T, rates fault.Rates, change func(*spec.Stream)) (*sdk.Client, *sink) {
	t.Helper()
	s := &sink{}
	faults := fault.New(rates, 7)
	description := spec.Stream{
		Name: "edge", ARN: "arn:aws:firehose:us-east-1:123456789012:deliverystream/edge", RoleARN: "arn:aws:iam::123456789012:role/r",
		Bucket: "lake", Prefix: "analytics/", ErrorPrefix: "errors/", FileExtension: ".parquet", DynamicPartitioning: true,
		Buffering: spec.Buffering{Bytes: 64 << 20, Interval: time.Minute},
		Lambda: &spec.Processor{
			FunctionARN: "arn:aws:lambda:us-east-1:123456789012:function:f", Retries: 3,
			Buffering: spec.Buffering{Bytes: 209715, Interval: time.Minute},
		},
		Table: &spec.Table{Database: "metrics", Name: "samples"},
	}
	change(&description)
	service := firehose.New("123456789012", []firehose.Target{{Stream: description, Putter: s}}, faults)
	server := httptest.NewServer(awsjson.Inject(awsjson.NewHandler(service.Operations(), slog.New(slog.DiscardHandler)), faults))
	t.Cleanup(server.Close)
	return sdk.New(sdk.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("any", "credentials", ""),
	}), s
}

func batch(n, size int) []types.Record {
	records := make([]types.Record, n)
	for i := range records {
		records[i].Data = bytes.Repeat([]byte{byte(i)}, size)
	}
	return records
}

func TestPutRecord(t *testing.T) {
	client, s := start(t, fault.Rates{})
	want := [][]byte{[]byte(`{"ts":1}`), {}, {0, 1, 2, 0xff, '"', '\\'}, bytes.Repeat([]byte("x"), firehose.MaxRecordBytes)}
	ids := map[string]bool{}
	for _, data := range want {
		out, err := client.PutRecord(t.Context(), &sdk.PutRecordInput{
			DeliveryStreamName: aws.String("edge"), Record: &types.Record{Data: data},
		})
		if err != nil {
			t.Fatal(err)
		}
		ids[aws.ToString(out.RecordId)] = true
	}
	if len(ids) != len(want) || ids[""] {
		t.Errorf("ids %v, want one for each of %d records", ids, len(want))
	}
	if got := s.taken(); !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("took %d records, want the %d that were put", len(got), len(want))
	}
}

func TestPutRecordBatch(t *testing.T) {
	client, s := start(t, fault.Rates{})
	for _, records := range [][]types.Record{batch(1, 10), batch(500, 100), batch(4, 1<<20-48<<10)} {
		before := len(s.taken())
		out, err := client.PutRecordBatch(t.Context(), &sdk.PutRecordBatchInput{
			DeliveryStreamName: aws.String("edge"), Records: records,
		})
		if err != nil {
			t.Fatal(err)
		}
		if aws.ToInt32(out.FailedPutCount) != 0 || len(out.RequestResponses) != len(records) {
			t.Errorf("%d failed of %d answers, want none of %d", *out.FailedPutCount, len(out.RequestResponses), len(records))
		}
		for i, r := range s.taken()[before:] {
			if !bytes.Equal(r, records[i].Data) {
				t.Fatalf("record %d differs", i)
			}
		}
	}
}

func TestPutRefusals(t *testing.T) {
	client, s := start(t, fault.Rates{})
	put := func(stream string, records []types.Record) error {
		_, err := client.PutRecordBatch(t.Context(), &sdk.PutRecordBatchInput{DeliveryStreamName: aws.String(stream), Records: records})
		return err
	}
	tests := []struct {
		name          string
		err           error
		code, message string
	}{
		{
			"501 records", put("edge", batch(501, 1)), "ValidationException",
			"at 'records' failed to satisfy constraint: Member must have length less than or equal to 500",
		},
		{"no records", put("edge", []types.Record{}), "ValidationException", "length greater than or equal to 1"},
		{
			"record over 1,000 KiB", put("edge", batch(1, firehose.MaxRecordBytes+1)), "ValidationException",
			"1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=1024001 cap=1024001]' at 'records.1.member.data'",
		},
		{"batch over 4 MiB", put("edge", batch(5, 839_000)), "InvalidArgumentException", "Records size exceeds 4 MB limit"},
		{
			"unknown stream", put("nobody", batch(1, 1)), "ResourceNotFoundException",
			"Firehose nobody under account 123456789012 not found.",
		},
		{"bad name", put("a b", batch(1, 1)), "ValidationException", "regular expression pattern: [a-zA-Z0-9_.-]+"},
		{"two violations", put(strings.Repeat("n", 65), batch(501, 1)), "ValidationException", "2 validation errors detected: "},
		{"request over the bound", put("edge", batch(20, firehose.MaxRecordBytes)), "RequestEntityTooLargeException", "larger than"},
	}
	_, err := client.PutRecord(t.Context(), &sdk.PutRecordInput{
		DeliveryStreamName: aws.String("edge"), Record: &types.Record{Data: make([]byte, firehose.MaxRecordBytes+1)},
	})
	tests = append(tests, struct {
		name          string
		err           error
		code, message string
	}{"single over 1,000 KiB", err, "ValidationException", "at 'record.data' failed to satisfy constraint"})
	for _, test := range tests {
		var api smithy.APIError
		if !errors.As(test.err, &api) || api.ErrorCode() != test.code || !strings.Contains(api.ErrorMessage(), test.message) {
			t.Errorf("%s: have %v, want %s: …%s…", test.name, test.err, test.code, test.message)
		}
	}
	if got := s.taken(); len(got) != 0 {
		t.Errorf("%d records of refused requests were taken", len(got))
	}
}

func TestPutFailures(t *testing.T) {
	client, s := start(t, fault.Rates{})
	put := func() error {
		_, err := client.PutRecordBatch(t.Context(), &sdk.PutRecordBatchInput{DeliveryStreamName: aws.String("edge"), Records: batch(2, 1)})
		return err
	}
	s.fail(firehose.ErrBusy)
	var unavailable *types.ServiceUnavailableException
	if err := put(); !errors.As(err, &unavailable) || unavailable.ErrorMessage() != "Slow down." {
		t.Errorf("have %v, want ServiceUnavailableException", err)
	}
	s.fail(errors.New("disk on fire"))
	var api smithy.APIError
	if err := put(); !errors.As(err, &api) || api.ErrorCode() != "InternalFailure" || strings.Contains(err.Error(), "fire") {
		t.Errorf("have %v, want InternalFailure without the internal error", err)
	}
	s.fail(nil)
	if err := put(); err != nil {
		t.Error(err)
	}
}

// TestPartial shows that the records answered as failed were not taken, and that the others were, in order.
func TestPartial(t *testing.T) {
	client, s := start(t, fault.Rates{Partial: 1})
	records := batch(200, 1)
	out, err := client.PutRecordBatch(t.Context(), &sdk.PutRecordBatchInput{DeliveryStreamName: aws.String("edge"), Records: records})
	if err != nil {
		t.Fatal(err)
	}
	var want [][]byte
	failed := 0
	for i, r := range out.RequestResponses {
		switch {
		case r.RecordId != nil && r.ErrorCode == nil:
			want = append(want, records[i].Data)
		case r.RecordId == nil && aws.ToString(r.ErrorCode) == "ServiceUnavailableException" && r.ErrorMessage != nil:
			failed++
		default:
			t.Fatalf("answer %d is neither accepted nor failed", i)
		}
	}
	if failed == 0 || int(*out.FailedPutCount) != failed || !slices.EqualFunc(s.taken(), want, bytes.Equal) {
		t.Errorf("FailedPutCount %d, %d failed, %d taken", *out.FailedPutCount, failed, len(s.taken()))
	}
}

// TestFaults shows how the client sees each fault, and that the same seed repeats them.
func TestFaults(t *testing.T) {
	run := func(rates fault.Rates) (outcomes []string, taken int) {
		client, s := start(t, rates)
		for range 40 {
			_, err := client.PutRecord(t.Context(), &sdk.PutRecordInput{
				DeliveryStreamName: aws.String("edge"), Record: &types.Record{Data: []byte("x")},
			})
			var api smithy.APIError
			switch {
			case err == nil:
				outcomes = append(outcomes, "ok")
			case errors.As(err, &api):
				outcomes = append(outcomes, api.ErrorCode())
			default:
				outcomes = append(outcomes, "no answer")
			}
		}
		return outcomes, len(s.taken())
	}
	count := func(outcomes []string, want string) (n int) {
		for _, o := range outcomes {
			if o == want {
				n++
			}
		}
		return n
	}
	for _, test := range []struct {
		rates   fault.Rates
		outcome string
		after   bool // some fail after the record was taken
	}{
		{fault.Rates{Throttle: 0.5}, "ServiceUnavailableException", false},
		{fault.Rates{Error: 0.5}, "InternalFailure", true},
		{fault.Rates{Drop: 0.5}, "no answer", true},
	} {
		outcomes, taken := run(test.rates)
		failed, ok := count(outcomes, test.outcome), count(outcomes, "ok")
		if failed == 0 || ok == 0 || failed+ok != len(outcomes) {
			t.Errorf("%+v: %v", test.rates, outcomes)
		}
		if (taken > ok) != test.after || taken == len(outcomes) {
			t.Errorf("%+v: %d answered, %d taken", test.rates, ok, taken)
		}
		if again, takenAgain := run(test.rates); !slices.Equal(again, outcomes) || takenAgain != taken {
			t.Errorf("%+v: a second run with the same seed differs", test.rates)
		}
	}
}

func TestDescribe(t *testing.T) {
	client, _ := start(t, fault.Rates{})
	out, err := client.DescribeDeliveryStream(t.Context(), &sdk.DescribeDeliveryStreamInput{DeliveryStreamName: aws.String("edge")})
	if err != nil {
		t.Fatal(err)
	}
	d := out.DeliveryStreamDescription
	if *d.DeliveryStreamName != "edge" || d.DeliveryStreamStatus != types.DeliveryStreamStatusActive ||
		d.DeliveryStreamType != types.DeliveryStreamTypeDirectPut || d.CreateTimestamp == nil || len(d.Destinations) != 1 {
		t.Fatalf("have %+v", d)
	}
	s3 := d.Destinations[0].ExtendedS3DestinationDescription
	if *s3.BucketARN != "arn:aws:s3:::lake" || *s3.BufferingHints.SizeInMBs != 64 || *s3.BufferingHints.IntervalInSeconds != 60 ||
		*s3.DataFormatConversionConfiguration.SchemaConfiguration.TableName != "samples" ||
		*s3.ProcessingConfiguration.Processors[0].Parameters[2].ParameterValue != "0.2" {
		t.Errorf("have %+v", s3)
	}
	var missing *types.ResourceNotFoundException
	_, err = client.DescribeDeliveryStream(t.Context(), &sdk.DescribeDeliveryStreamInput{DeliveryStreamName: aws.String("nobody")})
	if !errors.As(err, &missing) {
		t.Errorf("have %v, want ResourceNotFoundException", err)
	}
}

// Answers describe the encryption that the template asks for.
func TestEncryptionFollowsTheTemplate(t *testing.T) {
	for name, e := range map[string]*spec.Encryption{
		"none": nil, "owned": {KeyType: "AWS_OWNED_CMK"}, "customer": {KeyType: "CUSTOMER_MANAGED_CMK", KeyARN: "arn:aws:kms:us-east-1:123456789012:key/k"},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := startStream(t, fault.Rates{}, func(s *spec.Stream) { s.Encryption = e })
			one, err := client.PutRecord(t.Context(), &sdk.PutRecordInput{DeliveryStreamName: aws.String("edge"), Record: &types.Record{Data: []byte("x")}})
			if err != nil || aws.ToBool(one.Encrypted) != (e != nil) {
				t.Errorf("PutRecord: %+v, %v", one, err)
			}
			batch, err := client.PutRecordBatch(t.Context(), &sdk.PutRecordBatchInput{DeliveryStreamName: aws.String("edge"), Records: batch(2, 1)})
			if err != nil || aws.ToBool(batch.Encrypted) != (e != nil) {
				t.Errorf("PutRecordBatch: %+v, %v", batch, err)
			}
			out, err := client.DescribeDeliveryStream(t.Context(), &sdk.DescribeDeliveryStreamInput{DeliveryStreamName: aws.String("edge")})
			if err != nil {
				t.Fatal(err)
			}
			switch d := out.DeliveryStreamDescription.DeliveryStreamEncryptionConfiguration; {
			case e == nil && d != nil:
				t.Errorf("described as %+v", d)
			case e != nil && (d == nil || string(d.KeyType) != e.KeyType || aws.ToString(d.KeyARN) != e.KeyARN || d.Status != types.DeliveryStreamEncryptionStatusEnabled):
				t.Errorf("described as %+v", d)
			}
		})
	}
}

func TestList(t *testing.T) {
	client, _ := start(t, fault.Rates{})
	out, err := client.ListDeliveryStreams(t.Context(), &sdk.ListDeliveryStreamsInput{})
	if err != nil || !slices.Equal(out.DeliveryStreamNames, []string{"edge"}) || *out.HasMoreDeliveryStreams {
		t.Errorf("have %+v, %v", out, err)
	}
	out, err = client.ListDeliveryStreams(t.Context(), &sdk.ListDeliveryStreamsInput{ExclusiveStartDeliveryStreamName: aws.String("edge")})
	if err != nil || len(out.DeliveryStreamNames) != 0 {
		t.Errorf("have %+v, %v", out, err)
	}
}
