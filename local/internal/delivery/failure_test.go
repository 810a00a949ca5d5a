package delivery

import (
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

// A line of an error object has the fields that Firehose was seen to write.
func TestFailureLines(t *testing.T) {
	e := &Engine{region: "us-east-1", stream: spec.Stream{
		ARN: "arn:aws:firehose:us-east-1:123456789012:deliverystream/metrics", RoleARN: "arn:aws:iam::123456789012:role/delivery",
		Lambda: &spec.Processor{FunctionARN: "arn:aws:lambda:us-east-1:123456789012:function:transform"},
		Table:  &spec.Table{Database: "metrics", Name: "samples"},
	}}
	entry := journal.Entry{Seq: 42, Arrival: time.UnixMilli(1789014240448), Data: []byte("FAIL this one\n")}
	f := failure{errorType: typeConversion, code: "DataFormatConversion.MalformedData", message: "m", attempts: 1, at: time.UnixMilli(1789014301529)}
	const conversion = `{"attemptsMade":1,"arrivalTimestamp":1789014240448,"lastErrorCode":"DataFormatConversion.MalformedData",` +
		`"lastErrorMessage":"m","attemptEndingTimestamp":1789014301529,"rawData":"RkFJTCB0aGlzIG9uZQo=","sequenceNumber":"42",` +
		`"subSequenceNumber":0,"dataCatalogTable":{"catalogId":"123456789012","databaseName":"metrics","tableName":"samples",` +
		`"region":"us-east-1","versionId":"LATEST","roleArn":"arn:aws:iam::123456789012:role/delivery"}}` + "\n"
	if line, err := e.line(entry, f); err != nil || string(line) != conversion {
		t.Errorf("%v: %s, want %s", err, line, conversion)
	}
	f.errorType, f.code, f.message = typeProcessing, codeStatus, "ProcessingFailed status set for record"
	// This object was published with floci-io/floci#3393. Its fields had another order there.
	const processing = `{"attemptsMade":1,"arrivalTimestamp":1789014240448,"errorCode":"Lambda.ProcessingFailedStatus",` +
		`"errorMessage":"ProcessingFailed status set for record","attemptEndingTimestamp":1789014301529,"rawData":"RkFJTCB0aGlzIG9uZQo=",` +
		`"lambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:transform"}` + "\n"
	if line, err := e.line(entry, f); err != nil || string(line) != processing {
		t.Errorf("%v: %s, want %s", err, line, processing)
	}
}
