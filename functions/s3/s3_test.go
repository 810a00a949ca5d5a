package s3_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/metrics-dashboard/metrics-dashboard/functions/s3"
)

// serve is a bucket over S3's protocol. It lists two objects a page.
func serve(t *testing.T, keys []string, refused string) (*s3.Bucket, func() []string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		if r.Method == http.MethodPost {
			var in struct{ Object []struct{ Key string } }
			body, err := io.ReadAll(r.Body)
			if err == nil {
				err = xml.Unmarshal(body, &in)
			}
			if err != nil || len(in.Object) > 1000 {
				t.Errorf("%d objects: %v", len(in.Object), err)
			}
			answer := ""
			for _, o := range in.Object {
				if o.Key == refused {
					answer = "<Error><Key>" + o.Key + "</Key><Code>AccessDenied</Code></Error>"
					continue
				}
				keys = slices.DeleteFunc(keys, func(k string) bool { return k == o.Key })
			}
			fmt.Fprint(w, "<DeleteResult>"+answer+"</DeleteResult>")
			return
		}
		prefix, after := r.URL.Query().Get("prefix"), r.URL.Query().Get("continuation-token")
		page := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return !strings.HasPrefix(k, prefix) || k <= after })
		slices.Sort(page)
		more := len(page) > 2
		page = page[:min(2, len(page))]
		fmt.Fprintf(w, "<ListBucketResult><IsTruncated>%v</IsTruncated>", more)
		for _, k := range page {
			fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>%d</Size><LastModified>2026-02-28T01:02:03.000Z</LastModified></Contents>", k, len(k))
		}
		if more {
			fmt.Fprintf(w, "<NextContinuationToken>%s</NextContinuationToken>", page[1])
		}
		fmt.Fprint(w, "</ListBucketResult>")
	}))
	t.Cleanup(server.Close)
	return s3.New(aws.Config{
		Region: "eu-north-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}, "lake"), func() []string { return keys }
}

func TestList(t *testing.T) {
	b, _ := serve(t, []string{"a/1", "a/22", "a/333", "b/1"}, "")
	list, err := b.List(t.Context(), "a/")
	if err != nil || len(list) != 3 || list[1].Key != "a/22" || list[1].Bytes != 4 || list[2].Written.Format("15:04:05") != "01:02:03" {
		t.Errorf("%v, %v", list, err)
	}
}

func TestDelete(t *testing.T) {
	var keys []string
	for i := range 1500 {
		keys = append(keys, fmt.Sprintf("a/%d", i))
	}
	b, left := serve(t, slices.Clone(keys), "")
	if err := b.Delete(t.Context(), keys[:1400]); err != nil || len(left()) != 100 {
		t.Errorf("%v, %d left", err, len(left()))
	}
	b, _ = serve(t, keys, "a/7")
	if err := b.Delete(t.Context(), keys); err == nil || err.Error() != "delete 1000 objects of lake: AccessDenied for a/7" {
		t.Error(err)
	}
}
