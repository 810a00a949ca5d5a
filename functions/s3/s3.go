// Package s3 lists and deletes objects of one bucket through the AWS SDK, for Lambda functions.
package s3

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/objects"
	"github.com/metrics-dashboard/metrics-dashboard/functions/rollup"
)

// Bucket is a bucket.
type Bucket struct {
	api  *s3.Client
	name string
}

// New returns the bucket of this name.
func New(cfg aws.Config, name string) *Bucket { return &Bucket{objects.NewClient(cfg), name} }

// List returns the objects whose keys begin with prefix. A request returns at most 1,000.
func (b *Bucket) List(ctx context.Context, prefix string) (list []rollup.Object, err error) {
	pages := s3.NewListObjectsV2Paginator(b.api, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list s3://%s/%s: %w", b.name, prefix, err)
		}
		for _, o := range page.Contents {
			list = append(list, rollup.Object{Key: aws.ToString(o.Key), Bytes: aws.ToInt64(o.Size), Written: aws.ToTime(o.LastModified)})
		}
	}
	return list, nil
}

// atOnce is how many objects a request can delete (S3 API, DeleteObjects).
const atOnce = 1000

// Delete removes objects. It does not fail if one is not there.
func (b *Bucket) Delete(ctx context.Context, keys []string) error {
	for len(keys) > 0 {
		some := keys[:min(atOnce, len(keys))]
		keys = keys[len(some):]
		identifiers := make([]types.ObjectIdentifier, len(some))
		for i := range some {
			identifiers[i].Key = &some[i]
		}
		out, err := b.api.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &b.name, Delete: &types.Delete{Objects: identifiers, Quiet: aws.Bool(true)}})
		if err == nil && len(out.Errors) > 0 {
			err = errors.New(aws.ToString(out.Errors[0].Code) + " for " + aws.ToString(out.Errors[0].Key))
		}
		if err != nil {
			return fmt.Errorf("delete %d objects of %s: %w", len(some), b.name, err)
		}
	}
	return nil
}
