// Package awsjson serves AWS services by the AWS JSON 1.1 protocol: there is one POST endpoint, and the header X-Amz-Target names the
// operation. It accepts any credentials and does not check signatures.
//
// It does not implement operations; packages firehose and ssm do.
// Source of the protocol: the Smithy specification, "AWS JSON 1.1 protocol".
package awsjson

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"golang.org/x/sync/semaphore"
)

// Operation answers one request. body is valid until the operation returns. The answer is encoded as JSON. An error that is not an
// [*Error] is answered as InternalFailure.
type Operation func(ctx context.Context, body []byte) (any, error)

// Operations maps targets, such as Firehose_20150804.PutRecord, to operations.
type Operations map[string]Operation

// Error is an error as the AWS service would answer it.
type Error struct {
	Code    string
	Message string
	Status  int // HTTP status, such as 400 for a mistake of the caller
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf returns an error for a mistake of the caller, with status 400.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Status: http.StatusBadRequest}
}

// ContentType of requests and answers.
const ContentType = "application/x-amz-json-1.1"

// Handler serves operations. It is safe for concurrent use.
type Handler struct {
	operations Operations
	bodies     *semaphore.Weighted
	log        *slog.Logger
}

// NewHandler returns a handler of the operations.
func NewHandler(operations Operations, log *slog.Logger) *Handler {
	return &Handler{operations: operations, bodies: semaphore.NewWeighted(maxBodies), log: log}
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := h.answer(w, r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	write(w, http.StatusOK, answer)
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		return nil, &Error{
			"UnknownOperationException",
			"the local stack serves only POST / with the header X-Amz-Target", http.StatusNotFound,
		}
	}
	target := r.Header.Get("X-Amz-Target")
	operation, ok := h.operations[target]
	if !ok {
		return nil, Errorf("UnknownOperationException", "the local stack does not know the operation %q", target)
	}
	body, release, err := h.readBody(w, r)
	defer release()
	if err != nil {
		return nil, err
	}
	v, err := operation(r.Context(), body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// fail answers with an error. An error that is not an *Error is a fault of the local stack; fail logs it.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	var e *Error
	if !errors.As(err, &e) {
		if r.Context().Err() != nil {
			return // the client has gone
		}
		h.log.Error("request failed", slog.String("target", r.Header.Get("X-Amz-Target")), slog.Any("error", err))
		e = &Error{"InternalFailure", "The request processing has failed because of an unknown error.", http.StatusInternalServerError}
	}
	body, err := json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{e.Code, e.Message})
	if err != nil {
		h.log.Error("encode an error", slog.Any("error", err))
		return
	}
	w.Header().Set("X-Amzn-Errortype", e.Code)
	write(w, e.Status, body)
}

func write(w http.ResponseWriter, status int, body []byte) {
	header := w.Header()
	header.Set("Content-Type", ContentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("X-Amzn-Requestid", uuid.NewString())
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // fails only if the client has gone; the content is JSON, not a page
}

// Decode decodes a request. Like AWS it ignores unknown members. It uses the library that becomes encoding/json/v2: for a
// PutRecordBatch of 500 records it takes a quarter of the time of encoding/json.
func Decode(body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return Errorf("SerializationException", "%v", err)
	}
	return nil
}

// Encode encodes an answer that is a type of AWS's SDK: what is not set is left out, and times are Unix seconds.
func Encode(v any) (jsontext.Value, error) {
	unixSeconds := func(t time.Time) ([]byte, error) {
		return strconv.AppendFloat(nil, float64(t.UnixMilli())/1000, 'f', -1, 64), nil
	}
	return json.Marshal(v, json.OmitZeroStructFields(true), json.WithMarshalers(json.MarshalFunc(unixSeconds)))
}
