// Package status is what a running collector says of itself: a report, served as JSON, as Prometheus metrics and as the answer
// of a health check, over the socket in its spool's directory and, where that is asked for, over an address. It only shows;
// what is counted, and what is healthy, its owner knows.
package status

import (
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
)

// Report is the state of a collector at one moment. Counters count from the start of the process.
type Report struct {
	Version   string    `json:"version"`
	PID       int       `json:"pid"`
	StartedAt time.Time `json:"started_at"`
	SessionID string    `json:"session_id"`

	// Healthy says that samples are taken on time. Trouble of delivery does not end it: a restart would not help.
	Healthy bool `json:"healthy"`
	// OverdueS is how many seconds ago a sample should have been taken; 0 while they are on time.
	OverdueS float64 `json:"overdue_s"`

	IntervalS   float64 `json:"interval_s"`
	MaxLatencyS float64 `json:"max_latency_s"`
	Stack       string  `json:"stack"`
	Stream      string  `json:"stream"` // empty while it is not known
	Region      string  `json:"region"`
	EdgeConfig  string  `json:"edge_config,omitempty"` // the stack's, as far as it is in force

	Samples  Samples  `json:"samples"`
	Delivery Delivery `json:"delivery"`
	Spool    Spool    `json:"spool"`

	CollectorFailures int64           `json:"collector_failures"`
	Problems          []retry.Problem `json:"problems"` // what fails now, the oldest first
	LastError         *retry.Failure  `json:"last_error,omitempty"`
}

// Samples are counts of samples.
type Samples struct {
	Taken     int64            `json:"taken"`
	Delivered int64            `json:"delivered"`
	Waiting   int64            `json:"waiting"`
	Dropped   map[string]int64 `json:"dropped"` // by reason
}

// Why samples are dropped.
const (
	SpoolFull = "spool_full" // pushed out by newer ones
	Damaged   = "damaged"    // unreadable in the spool's files
	Refused   = "refused"    // Firehose will never take them; they are in rejected.jsonl
	NotStored = "not_stored" // the spool would not take them
)

// Reasons are all of them.
var Reasons = []string{SpoolFull, Damaged, Refused, NotStored}

// Delivery are counts of what was sent.
type Delivery struct {
	Records  int64      `json:"records"`
	Requests int64      `json:"requests"`
	Retries  int64      `json:"retries"`
	LastAt   *time.Time `json:"last_at,omitempty"`
}

// Spool is where samples wait.
type Spool struct {
	Dir         string   `json:"dir"`
	Bytes       int64    `json:"bytes"`
	MaxBytes    int64    `json:"max_bytes"`
	Segments    int64    `json:"segments"`
	MemoryLines int64    `json:"in_memory"` // samples that are not on disk
	OldestAgeS  *float64 `json:"oldest_age_s,omitempty"`
	SetAside    int64    `json:"set_aside"` // damaged segments set aside by this process
	Lost        int64    `json:"lost"`      // samples dropped or damaged since the directory was made
}
