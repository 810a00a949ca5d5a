package transform

import (
	"context"
	"encoding/base64"
	"log/slog"
	"strconv"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// MaxResponse is how large a response may be, in bytes. Lambda allows 6 MiB = 6,291,456 for a synchronous response. AWS's own
// blueprints for Firehose stop at 6,000,000 to be safe.
const MaxResponse = 6_000_000

// maxRecordOutput is about how many bytes the enriched documents of a record may have. A larger record is split. In the response, base64
// makes them a third longer, which is still well below [MaxResponse]. So a record that is put back because a response was full fits into
// a response of its own.
const maxRecordOutput = 2_000_000

// Response answers an [Event] with exactly one result for each of its records. The caller owns its data.
type Response struct {
	Records []Result `json:"records"`
}

// Status is the result for a record.
type Status string

// The statuses that Firehose knows.
const (
	OK               Status = "Ok"
	Dropped          Status = "Dropped"
	ProcessingFailed Status = "ProcessingFailed"
)

// Result is the answer for one record. Firehose refuses an answer whose data are null. Data is therefore empty and not nil if there
// is nothing to deliver.
type Result struct {
	RecordID string    `json:"recordId"`
	Result   Status    `json:"result"`
	Data     []byte    `json:"data"`
	Metadata *Metadata `json:"metadata,omitempty"`
}

// Metadata carries the partition keys of an [OK] record.
type Metadata struct {
	PartitionKeys map[string]string `json:"partitionKeys"`
}

// MarshalJSON encodes the response. The types of aws-lambda-go would add about 86 bytes of empty Iceberg metadata to each record, and
// these count against the limit of the response.
func (r Response) MarshalJSON() ([]byte, error) {
	size := len(`{"records":[]}`)
	for i := range r.Records {
		size += encodedLen(&r.Records[i])
	}
	b := append(make([]byte, 0, size), `{"records":[`...)
	for i := range r.Records {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendResult(b, &r.Records[i])
	}
	return append(b, "]}"...), nil
}

func appendResult(b []byte, r *Result) []byte {
	b = append(b, `{"recordId":`...)
	b = record.AppendString(b, r.RecordID)
	b = append(b, `,"result":"`...)
	b = append(b, r.Result...)
	b = append(b, `","data":"`...)
	b = base64.StdEncoding.AppendEncode(b, r.Data)
	b = append(b, '"')
	if r.Metadata != nil {
		b = append(b, `,"metadata":{"partitionKeys":{`...)
		separator := false
		for _, key := range record.PartitionKeys() {
			value, ok := r.Metadata.PartitionKeys[key]
			if !ok {
				continue
			}
			if separator {
				b = append(b, ',')
			}
			separator = true
			b = strconv.AppendQuote(b, key)
			b = append(b, ':')
			b = record.AppendString(b, value)
		}
		b = append(b, "}}"...)
	}
	return append(b, '}')
}

// emptyAnswerLen is the length of the longest answer without data, not counting its record id.
const emptyAnswerLen = len(`{"recordId":"","result":"ProcessingFailed","data":""},`)

// encodedLen returns the length of a result in the response, or a little more. It includes the separator.
func encodedLen(r *Result) int {
	n := emptyAnswerLen + idLen(r.RecordID) + base64.StdEncoding.EncodedLen(len(r.Data))
	if r.Metadata != nil {
		n += metadataLen
	}
	return n
}

const metadataLen = len(`,"metadata":{"partitionKeys":{"year":"2026","month":"01","day":"01","hour":"01"}}`)

// idLen returns the length of a record id in JSON, or a little more. Record ids are opaque: a byte that is not plain ASCII may need
// an escape.
func idLen(id string) int {
	n := len(id)
	for i := range len(id) {
		if c := id[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			n += 5
		}
	}
	return n
}

// answer is the answer for a record. data and hour are set if the status is [OK].
type answer struct {
	status Status
	data   []byte
	hour   record.Hour
}

// fail answers a record with [ProcessingFailed] and logs the reason.
func (v *invocation) fail(ctx context.Context, i int, err error) {
	v.failedRecords++
	v.answers[i] = answer{status: ProcessingFailed}
	v.log.LogAttrs(ctx, slog.LevelError, record.RefusedMessage,
		slog.String("record_id", v.event.Records[i].RecordID), slog.Int("bytes", len(v.event.Records[i].Data)),
		slog.String("reason", err.Error()))
}

// logLeftOut logs that values of a record were left out.
func (v *invocation) logLeftOut(ctx context.Context, i int, l leftOut) {
	if l.reasons == 0 {
		return
	}
	v.log.LogAttrs(ctx, slog.LevelWarn, "values left out", slog.String("record_id", v.event.Records[i].RecordID),
		slog.Int("reasons", l.reasons), slog.String("first", l.first.Error()))
}

// response returns the answers as the response.
func (v *invocation) response() Response {
	results := make([]Result, len(v.answers))
	var metadata *Metadata
	var hour record.Hour
	for i, a := range v.answers {
		results[i] = Result{RecordID: v.event.Records[i].RecordID, Result: a.status, Data: a.data}
		if a.status != OK {
			results[i].Data = []byte{}
			continue
		}
		if metadata == nil || a.hour != hour { // consecutive answers of the same hour share the map
			metadata, hour = &Metadata{PartitionKeys: a.hour.Partition().Map()}, a.hour
		}
		results[i].Metadata = metadata
	}
	return Response{Records: results}
}

// emptyResponseLen returns the length of a response to an event if all answers are without data.
func emptyResponseLen(ev Event) int {
	n := len(`{"records":[]}`)
	for i := range ev.Records {
		n += emptyAnswerLen + idLen(ev.Records[i].RecordID)
	}
	return n
}
