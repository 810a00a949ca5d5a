package delivery

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
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

// openFailures returns an engine whose journal has one record of each day.
func openFailures(t *testing.T, days ...time.Time) *Engine {
	t.Helper()
	dir := t.TempDir()
	prefix, err := template.ParsePrefix("errors/!{timestamp:yyyy-MM-dd}/!{firehose:error-output-type}/")
	if err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(filepath.Join(dir, "journal"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	e := &Engine{staging: filepath.Join(dir, "staging"), errorPrefix: prefix, journal: j}
	err = os.Mkdir(e.staging, 0o755)
	for _, day := range days {
		err = errors.Join(err, j.Append(day, [][]byte{[]byte("x")}))
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The folder and the name of an error object have the time of its oldest record, in whatever order the records failed. A record counts even
// if it turns out to be damaged and is not in the object.
func TestErrorObjectHasTheOldestTime(t *testing.T) {
	old, recent := time.Date(2026, 2, 3, 23, 59, 0, 0, time.UTC), time.Date(2026, 2, 4, 0, 1, 0, 0, time.UTC)
	f := failure{errorType: typeProcessing, at: recent}
	w := &objectWriter{engine: openFailures(t, old, recent), failures: []failedRecord{{2, recent, f}, {1, old, f}}}
	if err := w.stageErrorObjects(); err != nil {
		t.Fatal(err)
	}
	const begin = "errors/2026-02-03/processing-failed/-1-2026-02-03-23-59-00-"
	if len(w.moves) != 1 || !strings.HasPrefix(w.moves[0].Final, begin) {
		t.Errorf("moves %+v, want one to %s…", w.moves, begin)
	}
}

// Failed records that are damaged in the journal are lost. If an error type has only such records, it does not get an object.
func TestErrorObjectWithoutRecords(t *testing.T) {
	day := time.Date(2026, 2, 3, 23, 59, 0, 0, time.UTC)
	f := failure{errorType: typeProcessing, at: day}
	w := &objectWriter{engine: openFailures(t, day), failures: []failedRecord{
		{1, day, f}, {8, day, f}, {9, day, failure{errorType: typePartitions, at: day}},
	}}
	if err := w.stageErrorObjects(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(w.lost)
	staged, err := os.ReadDir(w.engine.staging)
	if err != nil || len(staged) != 1 || len(w.moves) != 1 || !strings.Contains(w.moves[0].Final, typeProcessing) ||
		!slices.Equal(w.lost, []uint64{8, 9}) {
		t.Errorf("moves %+v, %d staged files, %v; lost %v", w.moves, len(staged), err, w.lost)
	}
}
