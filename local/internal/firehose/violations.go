package firehose

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
)

// violations are the findings of AWS's request validation, in its words.
type violations []string

var namePattern = regexp.MustCompile(`^[a-zA-Z0-9_.-]*$`)

func (v *violations) add(value, at, constraint string) {
	*v = append(*v, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: Member must %s", value, at, constraint))
}

func (v *violations) null(at string) { v.add("null", at, "not be null") }

func (v *violations) streamName(name string) {
	const at = "deliveryStreamName"
	quoted := "'" + name + "'"
	if len(name) > 2*maxNameLength {
		quoted = "'" + name[:2*maxNameLength] + "…'"
	}
	switch {
	case name == "":
		v.null(at)
	case len(name) > maxNameLength:
		v.add(quoted, at, fmt.Sprintf("have length less than or equal to %d", maxNameLength))
	case !namePattern.MatchString(name):
		v.add(quoted, at, "satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
	}
}

// data checks the data of a record; nil means that they are missing.
func (v *violations) data(at string, data []byte) {
	switch n := len(data); {
	case data == nil:
		v.null(at)
	case n > MaxRecordBytes:
		v.add(fmt.Sprintf("'java.nio.HeapByteBuffer[pos=0 lim=%d cap=%d]'", n, n), at,
			fmt.Sprintf("have length less than or equal to %d", MaxRecordBytes))
	}
}

func (v *violations) batch(records []putEntry) {
	switch n := len(records); {
	case records == nil:
		v.null("records")
	case n == 0:
		v.add("'[]'", "records", "have length greater than or equal to 1")
	case n > MaxBatchRecords:
		v.add(fmt.Sprintf("'[%d records]'", n), "records", fmt.Sprintf("have length less than or equal to %d", MaxBatchRecords))
	}
	for i, r := range records {
		// AWS counts members from 1.
		v.data(fmt.Sprintf("records.%d.member.data", i+1), r.Data)
	}
}

func (v *violations) between(at string, n, low, high int) {
	switch {
	case n < low:
		v.add(fmt.Sprintf("'%d'", n), at, fmt.Sprintf("have value greater than or equal to %d", low))
	case n > high:
		v.add(fmt.Sprintf("'%d'", n), at, fmt.Sprintf("have value less than or equal to %d", high))
	}
}

// maxListed is how many violations a message lists.
const maxListed = 10

func (v violations) err() error {
	switch len(v) {
	case 0:
		return nil
	case 1:
		return awsjson.Errorf("ValidationException", "1 validation error detected: %s", v[0])
	}
	return awsjson.Errorf("ValidationException", "%d validation errors detected: %s",
		len(v), strings.Join(v[:min(maxListed, len(v))], "; "))
}
