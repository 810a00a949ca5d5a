package awsjson

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// MaxBody is how large a request may be, in bytes. The largest one that Firehose accepts is 4 MiB in base64, about 5.6 MB.
const MaxBody = 12 << 20

// maxBodies bounds the memory of all bodies together.
const maxBodies = 4 * MaxBody

const (
	// firstBytes is the memory that a body gets before its first byte arrives.
	firstBytes = 4 << 10
	// growth is the factor by which a full buffer grows.
	growth = 8
	// memoryWait is how long a body waits for more memory. It ends bodies that hold memory and wait for each other.
	memoryWait = 2 * time.Second
)

// readBody reads the body of a request. It takes memory as the body arrives: a client that announces a large body and sends it slowly
// holds about as much memory as it has sent. The body is valid until the caller calls release, which is never nil.
func (h *Handler) readBody(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	held := int64(0)
	release = func() { h.bodies.Release(held) }
	limit := int64(MaxBody) + 1 // one byte more, so that the loop reads the end of the body
	if r.ContentLength >= 0 {
		limit = min(limit, r.ContentLength+1)
	}
	source := http.MaxBytesReader(w, r.Body, MaxBody)
	for size := min(firstBytes, limit); ; size = min(growth*size, limit) {
		if err := h.takeMemory(r.Context(), size-held); err != nil {
			return nil, release, err
		}
		held = size
		larger := make([]byte, len(body), size)
		copy(larger, body)
		body = larger
		for err == nil && len(body) < cap(body) {
			var n int
			n, err = source.Read(body[len(body):cap(body)])
			body = body[:len(body)+n]
		}
		if errors.Is(err, io.EOF) {
			return body, release, nil
		}
		if err != nil {
			return nil, release, bodyError(err)
		}
	}
}

// takeMemory takes some of the memory that all bodies share. It waits up to [memoryWait] for it.
func (h *Handler) takeMemory(ctx context.Context, size int64) error {
	waiting, cancel := context.WithTimeout(ctx, memoryWait)
	defer cancel()
	err := h.bodies.Acquire(waiting, size)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("wait for memory: %w", ctx.Err())
	}
	return &Error{
		"ServiceUnavailableException", // clients retry it
		"Slow down. The local stack has no memory for another request body.", http.StatusServiceUnavailable,
	}
}

func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &Error{
			"RequestEntityTooLargeException",
			fmt.Sprintf("the request is larger than %d bytes", MaxBody), http.StatusRequestEntityTooLarge,
		}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Errorf("SerializationException", "the request ended before the length that its Content-Length gives")
	}
	return fmt.Errorf("read request: %w", err)
}
