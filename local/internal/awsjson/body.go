package awsjson

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// MaxBody is how large a request may be. The largest that Firehose takes is 4 MiB in base64, about 5.6 MB.
const MaxBody = 12 << 20

// maxBodies bounds the memory of all bodies together.
const maxBodies = 4 * MaxBody

const (
	// firstBytes is the memory that a body gets before anything of it has arrived.
	firstBytes = 4 << 10
	// growth is how much larger a full buffer becomes.
	growth = 8
	// memoryWait is how long a body waits for more memory. Bodies that hold memory and wait for each other end by it.
	memoryWait = 2 * time.Second
)

// readBody reads a request's body. It takes memory as the body arrives: a client that announces a large body and sends it
// slowly holds no more than it has sent. The body is valid until release, which is never nil.
func (h *Handler) readBody(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	held := int64(0)
	release = func() { h.bodies.Release(held) }
	limit := int64(MaxBody) + 1 // a byte more, to see the end
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

// takeMemory takes memory of all bodies' share, and waits a while if there is none.
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
		"ServiceUnavailableException", // clients put again
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
		return Errorf("SerializationException", "the request ended early")
	}
	return fmt.Errorf("read request: %w", err)
}
