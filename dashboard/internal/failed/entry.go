package failed

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Entry is what an object says about one record.
type Entry struct {
	Index int // in the object, from 0; an unreadable part counts as one entry
	// Arrival is when Firehose received the record. It is zero if the object does not say so.
	Arrival  time.Time
	Attempts int64
	Code     string
	Message  string
	Data     []byte // the record as it was put
	// Problem says why the record cannot be sent again; nil if it can.
	Problem error
}

var (
	errForeign   = errors.New("not a record that Firehose gave up: it has no rawData")
	errTruncated = errors.New("the JSON document is cut off or broken")
	errLong      = fmt.Errorf("a line has more than %d bytes", maxLine)
	errNoData    = errors.New("the record is empty")
	errTooLarge  = fmt.Errorf("the record has more than the %d bytes that Firehose takes", record.MaxRecordBytes)
	errBase64    = errors.New("rawData is not base64")
)

// document has the members of both shapes that Firehose writes, in both spellings. encoding/json takes a key in any case, so that
// lambdaArn and lambdaARN, errorCode and ErrorCode need no members of their own.
//
// Sources: Firehose developer guide, "Handle failure in data transformation" (errorCode, numbers as strings) and "Handling errors for
// data format conversion" (lastErrorCode).
type document struct {
	AttemptsMade     json.RawMessage `json:"attemptsMade"`
	ArrivalTimestamp json.RawMessage `json:"arrivalTimestamp"`
	ErrorCode        string          `json:"errorCode"`
	ErrorMessage     string          `json:"errorMessage"`
	LastErrorCode    string          `json:"lastErrorCode"`
	LastErrorMessage string          `json:"lastErrorMessage"`
	RawData          *string         `json:"rawData"`
}

// parse reads a document. If it is not usable, the entry says why.
func parse(text []byte) Entry {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		if json.Valid(text) { // of other types, such as an array or a number
			return Entry{Problem: errForeign}
		}
		return Entry{Problem: errTruncated}
	}
	e := Entry{Attempts: integer(d.AttemptsMade), Arrival: moment(d.ArrivalTimestamp), Code: d.ErrorCode, Message: d.ErrorMessage}
	if d.LastErrorCode != "" {
		e.Code = d.LastErrorCode
	}
	if d.LastErrorMessage != "" {
		e.Message = d.LastErrorMessage
	}
	if d.RawData == nil {
		e.Problem = errForeign
		return e
	}
	data, err := base64.StdEncoding.DecodeString(*d.RawData)
	switch {
	case err != nil:
		e.Problem = errBase64
	case len(data) == 0:
		e.Problem = errNoData
	case len(data) > record.MaxRecordBytes:
		e.Problem = errTooLarge
	default:
		e.Data = data
	}
	return e
}

// integer reads a number that may stand in quotes. It returns 0 for anything else.
func integer(value json.RawMessage) int64 {
	v, err := strconv.ParseFloat(string(bytes.Trim(value, `"`)), 64)
	if err != nil || v < 0 || v > 1e15 {
		return 0
	}
	return int64(v)
}

// secondsUpTo is the greatest number that is taken as Unix seconds, in the year 5138. A greater one is Unix milliseconds.
const secondsUpTo = 100_000_000_000

// moment reads a time: Unix milliseconds, as Firehose was seen to write them, Unix seconds, or RFC 3339.
func moment(value json.RawMessage) time.Time {
	switch n := integer(value); {
	case n > secondsUpTo:
		return time.UnixMilli(n).UTC()
	case n > 0:
		return time.Unix(n, 0).UTC()
	}
	t, err := time.Parse(time.RFC3339, string(bytes.Trim(value, `"`)))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
