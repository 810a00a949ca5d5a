// Package status is the report of a running collector. It serves the report as JSON, as Prometheus metrics and as a health check. It
// does so on the socket in the spool's directory, and on an address if one is configured. It also fetches and prints the report for edge status.
// Package run fills in the report and decides what is healthy.
package status

import (
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
)

// Report is the state of a collector at one moment. Counts begin at the start of the process unless they say otherwise.
type Report struct {
	Version   string    `json:"version"`
	PID       int       `json:"pid"`
	StartedAt time.Time `json:"started_at"`
	SessionID string    `json:"session_id"`

	// Healthy says that samples are taken on time. It stays true if only delivery fails, because a restart would not help then.
	Healthy bool `json:"healthy"`
	// OverdueS is how many seconds ago the next sample was due, or 0 while samples are on time.
	OverdueS float64 `json:"overdue_s"`

	IntervalS   float64 `json:"interval_s"`
	MaxLatencyS float64 `json:"max_latency_s"`
	Stack       string  `json:"stack"`
	Stream      string  `json:"stream"` // empty if it is not known yet
	Region      string  `json:"region"`
	EdgeConfig  string  `json:"edge_config,omitempty"` // the stack's; empty if it is not used

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

// Reasons why samples are dropped.
const (
	SpoolFull = "spool_full" // removed to make room for newer ones
	Damaged   = "damaged"    // unreadable in the spool's files
	Refused   = "refused"    // rejected by the shipper: Firehose refused them as invalid, or they are not samples
	NotStored = "not_stored" // the spool did not accept them
)

// Reasons are all reasons why samples are dropped.
var Reasons = []string{SpoolFull, Damaged, Refused, NotStored}

// Delivery are counts of records and requests.
type Delivery struct {
	Records  int64      `json:"records"`
	Requests int64      `json:"requests"`
	Retries  int64      `json:"retries"`
	LastAt   *time.Time `json:"last_at,omitempty"`
}

// Spool is the state of the spool.
type Spool struct {
	Dir         string   `json:"dir"`
	Bytes       int64    `json:"bytes"`
	MaxBytes    int64    `json:"max_bytes"`
	Segments    int64    `json:"segments"`
	MemoryLines int64    `json:"in_memory"` // samples that are not on disk
	OldestAgeS  *float64 `json:"oldest_age_s,omitempty"`
	SetAside    int64    `json:"set_aside"` // damaged segments set aside by this process
	Lost        int64    `json:"lost"`      // samples dropped or damaged since the spool was first used
}
