// Package firehose is the Firehose service of the local stack. It accepts records within Firehose's limits, answers with Firehose's
// errors, and passes the records to a [Putter].
//
// Package delivery delivers the records. Package awsjson serves the requests over HTTP.
// Sources of limits and errors: the Firehose API reference and developer guide, "Quota".
package firehose

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Limits of a put.
const (
	MaxRecordBytes  = record.MaxRecordBytes
	MaxBatchRecords = record.MaxBatchRecords
	MaxBatchBytes   = record.MaxBatchBytes
	maxNameLength   = 64
)

// ErrBusy means that a stream cannot accept more records at the moment.
var ErrBusy = errors.New("the stream cannot accept more records at the moment; try again later")

// Putter accepts the records of one stream. When Put returns, either all of them are durable or Put failed. It fails with [ErrBusy] if
// it does not have room.
type Putter interface {
	Put(ctx context.Context, records [][]byte) error
}

// Failures decides which of the n entries of a batch fail on purpose; nil means that all succeed.
type Failures interface {
	Entries(n int) []bool
}

// Target is a delivery stream and the Putter of its records.
type Target struct {
	Stream spec.Stream
	Putter Putter
}

// Service is Firehose. It is safe for concurrent use.
type Service struct {
	targets   map[string]Target
	accountID string
	created   time.Time
	failures  Failures
}

// New returns a service of the targets.
func New(accountID string, targets []Target, failures Failures) *Service {
	s := &Service{
		targets: make(map[string]Target, len(targets)), accountID: accountID, created: time.Now(), failures: failures,
	}
	for _, target := range targets {
		s.targets[target.Stream.Name] = target
	}
	return s
}

// Operations returns the operations of the service.
func (s *Service) Operations() awsjson.Operations {
	const target = "Firehose_20150804."
	return awsjson.Operations{
		target + "PutRecord":              s.putRecord,
		target + "PutRecordBatch":         s.putRecordBatch,
		target + "DescribeDeliveryStream": s.describe,
		target + "ListDeliveryStreams":    s.list,
	}
}

type putEntry struct{ Data []byte }

type putRecordRequest struct {
	DeliveryStreamName string
	Record             *putEntry
}

type putRecordResponse struct {
	Encrypted bool
	RecordID  string `json:"RecordId"`
}

func (s *Service) putRecord(ctx context.Context, body []byte) (any, error) {
	var request putRecordRequest
	if err := awsjson.Decode(body, &request); err != nil {
		return nil, err
	}
	var v violations
	v.streamName(request.DeliveryStreamName)
	if request.Record == nil {
		v.null("record")
	} else {
		v.data("record.data", request.Record.Data)
	}
	target, err := s.check(v, request.DeliveryStreamName)
	if err != nil {
		return nil, err
	}
	if err := s.put(ctx, target, [][]byte{request.Record.Data}); err != nil {
		return nil, err
	}
	return putRecordResponse{Encrypted: target.Stream.Encryption != nil, RecordID: newRecordID()}, nil
}

type putRecordBatchRequest struct {
	DeliveryStreamName string
	Records            []putEntry
}

type putRecordBatchResponse struct {
	Encrypted        bool
	FailedPutCount   int
	RequestResponses []entry
}

type entry struct {
	RecordID     string `json:"RecordId,omitzero"`
	ErrorCode    string `json:",omitzero"`
	ErrorMessage string `json:",omitzero"`
}

func (s *Service) putRecordBatch(ctx context.Context, body []byte) (any, error) {
	var request putRecordBatchRequest
	if err := awsjson.Decode(body, &request); err != nil {
		return nil, err
	}
	size, v := 0, violations(nil)
	v.streamName(request.DeliveryStreamName)
	v.batch(request.Records)
	for _, r := range request.Records {
		size += len(r.Data)
	}
	target, err := s.check(v, request.DeliveryStreamName)
	if err != nil {
		return nil, err
	}
	if size > MaxBatchBytes {
		return nil, awsjson.Errorf("InvalidArgumentException", "Records size exceeds 4 MB limit")
	}
	failed := s.failures.Entries(len(request.Records))
	records := make([][]byte, 0, len(request.Records))
	for i, r := range request.Records {
		if failed == nil || !failed[i] {
			records = append(records, r.Data)
		}
	}
	if len(records) > 0 {
		if err = s.put(ctx, target, records); err != nil {
			return nil, err
		}
	}
	response := putRecordBatchResponse{
		Encrypted:        target.Stream.Encryption != nil,
		FailedPutCount:   len(request.Records) - len(records),
		RequestResponses: make([]entry, len(request.Records)),
	}
	for i := range response.RequestResponses {
		if failed != nil && failed[i] {
			response.RequestResponses[i] = entry{ErrorCode: "ServiceUnavailableException", ErrorMessage: "Slow down."}
			continue
		}
		response.RequestResponses[i].RecordID = newRecordID()
	}
	return response, nil
}

// newRecordID returns an opaque id, as Firehose does. A record cannot be found by it.
func newRecordID() string {
	id := make([]byte, 0, 32)
	id = binary.BigEndian.AppendUint64(id, uint64(time.Now().UnixNano()))
	id = binary.BigEndian.AppendUint64(id, rand.Uint64())
	return hex.EncodeToString(id)
}

func (s *Service) put(ctx context.Context, target Target, records [][]byte) error {
	err := target.Putter.Put(ctx, records)
	switch {
	case errors.Is(err, ErrBusy):
		return &awsjson.Error{Code: "ServiceUnavailableException", Message: "Slow down.", Status: http.StatusServiceUnavailable}
	case err != nil:
		return fmt.Errorf("put %d records to %s: %w", len(records), target.Stream.Name, err)
	}
	return nil
}

// check returns the target of a request, or an error if the request has violations or the stream does not exist.
func (s *Service) check(v violations, name string) (Target, error) {
	if err := v.err(); err != nil {
		return Target{}, err
	}
	target, ok := s.targets[name]
	if !ok {
		return Target{}, awsjson.Errorf("ResourceNotFoundException", "Firehose %s under account %s not found.", name, s.accountID)
	}
	return target, nil
}

type listRequest struct {
	Limit                            *int
	DeliveryStreamType               string
	ExclusiveStartDeliveryStreamName string
}

type listResponse struct {
	DeliveryStreamNames    []string
	HasMoreDeliveryStreams bool
}

func (s *Service) list(_ context.Context, body []byte) (any, error) {
	var request listRequest
	if err := awsjson.Decode(body, &request); err != nil {
		return nil, err
	}
	limit := 10
	if request.Limit != nil {
		limit = *request.Limit
	}
	var v violations
	v.between("limit", limit, 1, 10000)
	if err := v.err(); err != nil {
		return nil, err
	}
	var names []string
	directPut := request.DeliveryStreamType == "" || request.DeliveryStreamType == "DirectPut" // the local stack has no other type
	for name := range s.targets {
		if name > request.ExclusiveStartDeliveryStreamName && directPut {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, strings.Compare)
	more := len(names) > limit
	return listResponse{DeliveryStreamNames: names[:min(limit, len(names))], HasMoreDeliveryStreams: more}, nil
}
