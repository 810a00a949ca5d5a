package failed

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Sample is what the first sample of a record says about itself, as far as it can be read. The transform may have refused the record,
// so nothing of it is sure.
type Sample struct {
	Host    string
	Time    time.Time
	Session string
	Seq     int64
	// Known says that Session and Seq are there. They identify the sample in the lake.
	Known bool
}

// peekBytes is how many bytes of a record are expanded to read its first sample.
const peekBytes = 64 << 10

// first reads the first sample of a record.
func first(data []byte) (s Sample) {
	text := data[:min(len(data), peekBytes)]
	if record.IsPack(data) {
		expanded, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return s
		}
		text, _ = io.ReadAll(io.LimitReader(expanded, peekBytes)) // a record that is cut off has a beginning
	}
	var members map[string]json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&members); err != nil {
		return s
	}
	_ = json.Unmarshal(members["hostname"], &s.Host) // each member may be of another type, which leaves the field empty
	var ts float64
	if json.Unmarshal(members["ts"], &ts) == nil && ts > 0 && ts < secondsUpTo {
		s.Time = time.UnixMilli(record.Millis(ts)).UTC()
	}
	session := json.Unmarshal(members["session_id"], &s.Session)
	seq := json.Unmarshal(members["seq"], &s.Seq)
	s.Known = session == nil && seq == nil && s.Session != "" && !s.Time.IsZero()
	return s
}
