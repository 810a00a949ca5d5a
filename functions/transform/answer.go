package transform

import (
	"context"
	"encoding/base64"
	"log/slog"
	"strconv"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// MaxResponse bounds the response in bytes. Lambda allows 6 MiB = 6,291,456 for a synchronous answer; AWS's own Firehose
// blueprints stop at 6,000,000 for headroom, and so does this.
const MaxResponse = 6_000_000

// maxRecordOutput bounds what one record may expand to in the response. A larger record is split. It is well below
// [MaxResponse], so that a record put back because a response was full fits into the next one: nothing circles forever.
const maxRecordOutput = 2_000_000

// Response answers an [Event]: exactly one result for each of its records. Its data belongs to the caller.
type Response struct {
	Records []Result `json:"records"`
}

// Status is what became of a record.
type Status string

// The statuses that Firehose knows.
const (
	OK               Status = "Ok"
	Dropped          Status = "Dropped"
	ProcessingFailed Status = "ProcessingFailed"
)

// Result is the answer for one record. Firehose refuses an answer without data, so that Data is empty, not nil, where there
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

// MarshalJSON writes the response without the empty fields that aws-lambda-go's types add to each record (about 86 bytes of
// Iceberg metadata), as they would count against the limit of the response.
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

// emptyAnswerLen is the length of the longest answer that delivers nothing, without its record id.
const emptyAnswerLen = len(`{"recordId":"","result":"ProcessingFailed","data":""},`)

// encodedLen is at least the length of a result in the response, its separator included. Record ids are opaque; one that
// needs escapes takes more than its own length.
func encodedLen(r *Result) int {
	n := emptyAnswerLen + idLen(r.RecordID) + base64.StdEncoding.EncodedLen(len(r.Data))
	if r.Metadata != nil {
		n += metadataLen
	}
	return n
}

const metadataLen = len(`,"metadata":{"partitionKeys":{"year":"2026","month":"01","day":"01","hour":"01"}}`)

// idLen is the length of a record id as JSON, at most: plain ASCII as it is, anything else as escapes.
func idLen(id string) int {
	n := len(id)
	for i := range len(id) {
		if c := id[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			n += 5
		}
	}
	return n
}

// answer is what a record is answered with; data and hour are of [OK] ones.
type answer struct {
	status Status
	data   []byte
	hour   record.Hour
}

// fail answers a record as failed and logs the reason.
func (v *invocation) fail(ctx context.Context, i int, err error) {
	v.failed++
	v.answers[i] = answer{status: ProcessingFailed}
	v.log.LogAttrs(ctx, slog.LevelWarn, record.RefusedMessage,
		slog.String("record_id", v.event.Records[i].RecordID), slog.Int("bytes", len(v.event.Records[i].Data)),
		slog.String("reason", err.Error()))
}

// leftOut logs that numbers of a record were left out.
func (v *invocation) leftOut(ctx context.Context, i int, c contents) {
	if c.implausible == 0 {
		return
	}
	v.log.LogAttrs(ctx, slog.LevelWarn, "values left out", slog.String("record_id", v.event.Records[i].RecordID),
		slog.Int("values", c.implausible), slog.String("first", c.first.Error()))
}

// response puts the answers together.
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
		if metadata == nil || a.hour != hour { // neighbours share an hour, and so the map
			metadata, hour = &Metadata{PartitionKeys: a.hour.Partition().Map()}, a.hour
		}
		results[i].Metadata = metadata
	}
	return Response{Records: results}
}

// emptyResponseLen is the length of a response that delivers nothing.
func emptyResponseLen(ev Event) int {
	n := len(`{"records":[]}`)
	for i := range ev.Records {
		n += emptyAnswerLen + idLen(ev.Records[i].RecordID)
	}
	return n
}
