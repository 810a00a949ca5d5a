package failed_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed"
)

// bucket is a bucket in memory with the conditional writes of S3.
type bucket struct {
	mu      sync.Mutex // guards objects
	objects map[string][]byte
}

func tagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func (*bucket) Lock() (release func() error, exclusive bool, err error) {
	return func() error { return nil }, false, nil
}

func (b *bucket) List(_ context.Context, folder string, each func(failed.Object) error) error {
	b.mu.Lock()
	var found []failed.Object
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		if strings.HasPrefix(key, folder) {
			found = append(found, failed.Object{Key: key, Size: int64(len(b.objects[key])), Modified: time.Unix(1.8e9, 0), Tag: tagOf(b.objects[key])})
		}
	}
	b.mu.Unlock()
	for _, o := range found {
		if err := each(o); err != nil {
			return err
		}
	}
	return nil
}

func (b *bucket) Open(_ context.Context, o failed.Object) (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	content, ok := b.objects[o.Key]
	if !ok {
		return nil, failed.ErrGone
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

func (*bucket) Content(_ context.Context, o failed.Object) (string, error) { return o.Tag, nil }

func (b *bucket) Move(_ context.Context, o failed.Object, to string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	content, ok := b.objects[o.Key]
	if !ok {
		return failed.ErrGone
	}
	b.objects[to] = content
	delete(b.objects, o.Key)
	return nil
}

func (b *bucket) Get(_ context.Context, key string) ([]byte, string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	content, ok := b.objects[key]
	if !ok {
		return nil, "", errors.New("access denied")
	}
	return content, tagOf(content), nil
}

func (b *bucket) Put(_ context.Context, key string, content []byte, version string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, there := b.objects[key]
	if there != (version != "") || there && tagOf(old) != version {
		return "", failed.ErrConflict
	}
	b.objects[key] = content
	return tagOf(content), nil
}

// firehose counts how often it accepted each record. It refuses each seventh record the first time, as if it were throttled.
type firehose struct {
	mu       sync.Mutex // guards the rest
	accepted map[string]int
	seen     int
	refused  map[string]bool
	batches  []int
}

func newFirehose() *firehose {
	return &firehose{accepted: map[string]int{}, refused: map[string]bool{}}
}

func (f *firehose) Put(_ context.Context, records [][]byte) ([]error, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.batches = append(f.batches, len(records))
	results := make([]error, len(records))
	for i, r := range records {
		if f.seen++; f.seen%7 == 0 && !f.refused[string(r)] {
			f.refused[string(r)] = true
			results[i] = errors.New("ServiceUnavailableException: slow down")
			continue
		}
		f.accepted[string(r)]++
	}
	return results, nil
}

// errDead says that the process is dead: it does nothing any more.
var errDead = errors.New("dead")

// process dies at one of its steps: before the step has its effect, or after it.
type process struct {
	failed.Storage
	stream failed.Stream
	at     int
	after  bool
	step   int
	dead   bool
	where  string
}

func (p *process) do(name string, effect func() error) error {
	if p.dead {
		return errDead
	}
	p.step++
	if p.step == p.at {
		p.dead, p.where = true, name
		if p.after {
			_ = effect() // the caller does not learn the outcome
		}
		return errDead
	}
	return effect()
}

func (p *process) List(ctx context.Context, folder string, each func(failed.Object) error) error {
	var found []failed.Object
	err := p.do("list "+folder, func() error {
		return p.Storage.List(ctx, folder, func(o failed.Object) error { found = append(found, o); return nil })
	})
	if err != nil {
		return err
	}
	for _, o := range found {
		if err := each(o); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) Open(ctx context.Context, o failed.Object) (content io.ReadCloser, err error) {
	err = errors.Join(p.do("open", func() error { content, err = p.Storage.Open(ctx, o); return err }))
	return content, err
}

func (p *process) Content(ctx context.Context, o failed.Object) (tag string, err error) {
	err = p.do("content", func() error { tag, err = p.Storage.Content(ctx, o); return err })
	return tag, err
}

// Move has two steps where the storage is like S3.
func (p *process) Move(ctx context.Context, o failed.Object, to string) error {
	if b, ok := p.Storage.(*bucket); ok {
		err := p.do("copy", func() error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.objects[to] = b.objects[o.Key]
			return nil
		})
		if err != nil {
			return err
		}
	}
	return p.do("move", func() error { return p.Storage.Move(ctx, o, to) })
}

func (p *process) Get(ctx context.Context, key string) (content []byte, version string, err error) {
	err = p.do("get", func() error { content, version, err = p.Storage.Get(ctx, key); return err })
	return content, version, err
}

func (p *process) Put(ctx context.Context, key string, content []byte, version string) (v string, err error) {
	err = p.do("note", func() error { v, err = p.Storage.Put(ctx, key, content, version); return err })
	return v, err
}

type processStream struct{ p *process }

func (s processStream) Put(ctx context.Context, records [][]byte) (results []error, err error) {
	err = s.p.do("put", func() error { results, err = s.p.stream.Put(ctx, records); return err })
	return results, err
}

// replay returns a replay that takes no time.
func replay(storage failed.Storage, stream failed.Stream) *failed.Replay {
	return &failed.Replay{Storage: storage, Stream: stream, Pace: failed.Pace{
		BytesPerSecond: 1 << 20, Now: time.Now, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}}
}

// arrived is when the records of the tests arrived at Firehose.
var arrived = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

func sample(host string, seq int) string {
	return fmt.Sprintf(`{"ts":%d,"session_id":"s-%s","seq":%d,"hostname":%q}`, arrived.Unix()+int64(seq%600), host, seq, host)
}

// line returns a line of an error object.
func line(data string, code string, arrival time.Time) string {
	text, err := json.Marshal(map[string]any{
		"attemptsMade": 1, "arrivalTimestamp": arrival.UnixMilli(), "errorCode": code, "errorMessage": "why",
		"attemptEndingTimestamp": arrival.UnixMilli(), "rawData": base64.StdEncoding.EncodeToString([]byte(data)), "lambdaARN": "arn",
	})
	if err != nil {
		panic(err)
	}
	return string(text) + "\n"
}

const status = "Lambda.ProcessingFailedStatus"

// storages are the storages that the tests run over: one in memory, like S3, and a directory.
func storages(t *testing.T, objects map[string]string, test func(t *testing.T, storage failed.Storage)) {
	t.Run("bucket", func(t *testing.T) { test(t, newBucket(objects)) })
	t.Run("folder", func(t *testing.T) { test(t, newFolder(t, objects)) })
}

func newBucket(objects map[string]string) *bucket {
	b := &bucket{objects: map[string][]byte{}}
	for key, content := range objects {
		b.objects[key] = []byte(content)
	}
	return b
}

func newFolder(t *testing.T, objects map[string]string) *failed.Folder {
	t.Helper()
	dir := t.TempDir()
	for key, content := range objects {
		path := filepath.Join(dir, "lake-bucket", filepath.FromSlash(key))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	f, err := failed.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func keys(t *testing.T, storage failed.Storage, folder string) (found []string) {
	t.Helper()
	if err := storage.List(t.Context(), folder, func(o failed.Object) error { found = append(found, o.Key); return nil }); err != nil {
		t.Fatal(err)
	}
	return found
}
