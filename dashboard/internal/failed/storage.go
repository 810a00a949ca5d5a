package failed

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/versioned"
)

// Folders of the bucket.
const (
	// Errors is where Firehose writes the records that it gave up.
	Errors = "errors/"
	// Replayed is where an object goes when each of its records was accepted.
	Replayed = "replayed/"
	// states holds what is known about the objects of which records were sent.
	states = Replayed + "_state/"
)

// Object is an object of the bucket. Firehose never changes an object.
type Object struct {
	Key      string // in the bucket, with slashes
	Size     int64
	Modified time.Time
	// Tag identifies the content if the storage knows it without reading it; else it is empty.
	Tag string
}

// errorType is what Firehose calls the kind of failure: the first folder below errors/.
func (o Object) errorType() string {
	kind, _, found := strings.Cut(strings.TrimPrefix(o.Key, Errors), "/")
	if !found {
		return ""
	}
	return kind
}

func (o Object) stateKey() string { return states + strings.TrimPrefix(o.Key, Errors) + ".json" }

func (o Object) replayedKey() string { return path.Join(Replayed, strings.TrimPrefix(o.Key, Errors)) }

// Storage is the bucket of a lake. Errors of its methods name the object.
type Storage interface {
	// Lock makes this process the only one that sends, if the storage can. Then exclusive is true.
	Lock() (release func() error, exclusive bool, err error)
	// List calls each for the objects below a folder, in the order of their keys.
	List(ctx context.Context, folder string, each func(Object) error) error
	// Open opens the content of an object. It returns [ErrGone] if the object is not there any more.
	Open(ctx context.Context, o Object) (io.ReadCloser, error)
	// Content identifies the content of an object.
	Content(ctx context.Context, o Object) (string, error)
	// Move moves an object. It can be repeated after a crash.
	Move(ctx context.Context, o Object, to string) error
	// Get returns a small object and its version. The object is there.
	Get(ctx context.Context, key string) (content []byte, version string, err error)
	// Put writes a small object if its version is still the given one, or if version is empty and there is no object. Otherwise it
	// returns [ErrConflict]. It returns the new version. The object is durable then.
	Put(ctx context.Context, key string, content []byte, version string) (string, error)
}

var (
	// ErrGone says that an object is not there any more.
	ErrGone = errors.New("the object is gone")
	// ErrConflict says that an object was written by somebody else.
	ErrConflict = versioned.ErrConflict
)

// MaxState is how large the state of an object may be. It has ranges of entries, so it is usually less than a kilobyte.
const MaxState = 16 << 20
