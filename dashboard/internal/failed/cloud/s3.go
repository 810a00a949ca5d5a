// Package cloud has what package failed needs of AWS: the bucket of a deployed stack, and its delivery stream.
package cloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/objects"
)

// Bucket is the bucket of a deployed stack.
type Bucket struct {
	client *s3.Client
	name   string
	states *objects.Bucket
}

// NewBucket returns the bucket of that name.
func NewBucket(cfg aws.Config, name string) *Bucket {
	return &Bucket{objects.NewClient(cfg), name, objects.New(cfg, name)}
}

// Lock implements [failed.Storage]. S3 has no locks: conditional writes keep runs apart.
func (*Bucket) Lock() (release func() error, exclusive bool, err error) {
	return func() error { return nil }, false, nil
}

// List implements [failed.Storage].
func (b *Bucket) List(ctx context.Context, folder string, each func(failed.Object) error) error {
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &folder})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return b.explain("list", folder, err)
		}
		for _, o := range page.Contents {
			key := aws.ToString(o.Key)
			if strings.HasSuffix(key, "/") { // the console writes such an object for a folder
				continue
			}
			object := failed.Object{Key: key, Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified), Tag: aws.ToString(o.ETag)}
			if err := each(object); err != nil {
				return err
			}
		}
	}
	return nil
}

// keepUpTo is the size of an object that is read at once. Reading may pause for long between batches, and S3 ends idle connections.
const keepUpTo = 32 << 20

// Open implements [failed.Storage].
func (b *Bucket) Open(ctx context.Context, o failed.Object) (io.ReadCloser, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &o.Key, IfMatch: aws.String(o.Tag)})
	if err != nil {
		return nil, b.gone(ctx, o, "read", err)
	}
	if o.Size > keepUpTo {
		return out.Body, nil
	}
	content, err := io.ReadAll(io.LimitReader(out.Body, keepUpTo+1))
	if err := errors.Join(err, out.Body.Close()); err != nil {
		return nil, b.explain("read", o.Key, err)
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// gone turns the error of a request into [failed.ErrGone] if the object is not there any more. S3 answers so with 404 only to those who
// may list the whole bucket, and with 403 to others (S3 API reference, GetObject), so the error does not tell.
func (b *Bucket) gone(ctx context.Context, o failed.Object, what string, err error) error {
	status := objects.StatusOf(err)
	if status != http.StatusNotFound && status != http.StatusForbidden && status != http.StatusPreconditionFailed {
		return b.explain(what, o.Key, err)
	}
	there := false
	listed := b.List(ctx, o.Key, func(found failed.Object) error {
		there = there || found.Key == o.Key
		return nil
	})
	if listed == nil && !there {
		return fmt.Errorf("s3://%s/%s: %w", b.name, o.Key, failed.ErrGone)
	}
	return b.explain(what, o.Key, err)
}

// Content implements [failed.Storage].
func (*Bucket) Content(_ context.Context, o failed.Object) (string, error) { return o.Tag, nil }

// Move implements [failed.Storage]. S3 cannot move: it copies the object, then deletes it. After a crash in between the next run copies
// it again.
func (b *Bucket) Move(ctx context.Context, o failed.Object, to string) error {
	source := (&url.URL{Path: b.name + "/" + o.Key}).EscapedPath()
	_, err := b.client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &b.name, Key: &to, CopySource: &source, CopySourceIfMatch: aws.String(o.Tag)})
	if err != nil {
		return b.gone(ctx, o, "copy", err)
	}
	if _, err = b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &o.Key}); err != nil {
		return b.explain("delete", o.Key, err)
	}
	return nil
}

// Get implements [failed.Storage].
func (b *Bucket) Get(ctx context.Context, key string) ([]byte, string, error) {
	content, version, err := b.states.Get(ctx, key, failed.MaxState)
	if err != nil {
		return nil, "", b.explain("read", key, errors.Unwrap(err))
	}
	return content, version, nil
}

// Put implements [failed.Storage].
func (b *Bucket) Put(ctx context.Context, key string, content []byte, version string) (string, error) {
	version, err := b.states.Put(ctx, key, content, version)
	if err != nil {
		return "", b.explain("write", key, errors.Unwrap(err))
	}
	return version, nil
}

func (b *Bucket) explain(what, key string, err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		hint := ""
		if api.ErrorCode() == "AccessDenied" {
			hint = "; attach the policy in the stack's output ReplayPolicyArn to who runs this"
		}
		return fmt.Errorf("%s s3://%s/%s: %s: %s%s", what, b.name, key, api.ErrorCode(), api.ErrorMessage(), hint)
	}
	return fmt.Errorf("%s s3://%s/%s: %w", what, b.name, key, err)
}
