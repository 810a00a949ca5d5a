package transform

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// MaxAgeVariable is the environment variable for the stack's setting maxSampleAgeDays.
const MaxAgeVariable = "MAX_SAMPLE_AGE_DAYS"

// MaxAge returns the value of [MaxAgeVariable], or [record.DefaultMaxAge] if the variable is not set. lookup returns the value of a
// variable, as os.Getenv does.
func MaxAge(lookup func(name string) string) (time.Duration, error) {
	const day = 24 * time.Hour
	value := lookup(MaxAgeVariable)
	if value == "" {
		return record.DefaultMaxAge, nil
	}
	days, err := strconv.Atoi(value)
	if err != nil || days < 1 || days > 36500 {
		return 0, fmt.Errorf("%s=%q: want a whole number of days from 1 to 36500", MaxAgeVariable, value)
	}
	return time.Duration(days) * day, nil
}

// maxHours is how many different UTC hours the samples of one record may have. A collector packs samples of one hour into a record.
// A record with samples of thousands of hours would become thousands of records on the stream. These would fill the 500 partitions of
// the delivery buffer, which all collectors share.
const maxHours = 24

var errManyHours = fmt.Errorf("the record has samples of more than %d different hours", maxHours)

// errOld is the reason to refuse a sample that is older than the stack's setting allows.
var errOld = errors.New("the sample is older than the stack accepts; raise maxSampleAgeDays to accept it")

// checkAge returns an error if a sample is too old. Old samples of many hours would fill the partitions of the delivery buffer; see
// [record.DefaultMaxAge].
func (v *invocation) checkAge(ts float64) error {
	if oldest := v.now.Add(-v.maxAge); ts < record.TS(oldest) {
		return fmt.Errorf("ts %s: %w", time.UnixMilli(record.Millis(ts)).UTC().Format(time.RFC3339), errOld)
	}
	return nil
}

// hourSet holds the different hours of one record.
type hourSet []record.Hour

// add adds an hour. It reports whether the set still has at most maxHours. Consecutive samples mostly have the same hour, so it
// looks at the last hour first.
func (s *hourSet) add(h record.Hour) bool {
	for i := len(*s) - 1; i >= 0; i-- {
		if (*s)[i] == h {
			return true
		}
	}
	*s = append(*s, h)
	return len(*s) <= maxHours
}
