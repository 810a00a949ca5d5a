// Package objects reads and writes small objects of an S3 bucket that several processes change: a write says which version it replaces.
package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/versioned"
)

// Bucket is a bucket.
type Bucket struct {
	client *s3.Client
	name   string
}

// New returns the bucket of that name.
func New(cfg aws.Config, name string) *Bucket { return &Bucket{NewClient(cfg), name} }

// NewClient returns a client of S3. A bucket at an endpoint of its own is addressed by path: an emulator has no names of hosts.
func NewClient(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil || cfg.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true // an object without a checksum is nothing to report
	})
}

var (
	// ErrMissing says that there is no such object.
	ErrMissing = errors.New("there is no such object")
	// ErrConflict says that an object was written by somebody else.
	ErrConflict = versioned.ErrConflict
)

// Get returns an object of at most limit bytes, and its version. S3 tells that an object is missing only to those who may list the
// bucket (S3 API reference, GetObject).
func (b *Bucket) Get(ctx context.Context, key string, limit int64) (content []byte, version string, err error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if StatusOf(err) == http.StatusNotFound {
		return nil, "", fmt.Errorf("read s3://%s/%s: %w", b.name, key, ErrMissing)
	}
	if err != nil {
		return nil, "", fmt.Errorf("read s3://%s/%s: %w", b.name, key, err)
	}
	content, err = io.ReadAll(io.LimitReader(out.Body, limit+1))
	if err = errors.Join(err, out.Body.Close()); err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("it has more than %d bytes", limit)
	}
	if err != nil {
		return nil, "", fmt.Errorf("read s3://%s/%s: %w", b.name, key, err)
	}
	return content, aws.ToString(out.ETag), nil
}

// Put writes an object if its version is still the given one, or if version is empty and there is no object. Otherwise it fails with
// [ErrConflict]. It returns the new version. S3 answers 412 if the condition is false, and 409 if somebody else writes at the same time
// (S3 user guide, "How to prevent object overwrites with conditional writes").
//
// If the answer to a write is lost and the SDK repeats the request, Put fails with ErrConflict although the object was written.
func (b *Bucket) Put(ctx context.Context, key string, content []byte, version string) (string, error) {
	in := &s3.PutObjectInput{Bucket: &b.name, Key: &key, Body: bytes.NewReader(content), ContentType: aws.String("application/json")}
	if version == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = &version
	}
	out, err := b.client.PutObject(ctx, in)
	if status := StatusOf(err); status == http.StatusPreconditionFailed || status == http.StatusConflict {
		return "", fmt.Errorf("write s3://%s/%s: %w", b.name, key, ErrConflict)
	}
	if err != nil {
		return "", fmt.Errorf("write s3://%s/%s: %w", b.name, key, err)
	}
	return aws.ToString(out.ETag), nil
}

// StatusOf returns the HTTP status of an error of AWS, or 0.
func StatusOf(err error) int {
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) {
		return 0
	}
	return answer.HTTPStatusCode()
}
