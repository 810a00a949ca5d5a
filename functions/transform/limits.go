package transform

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// MaxAgeVariable is the environment variable that holds the stack's setting maxSampleAgeDays.
const MaxAgeVariable = "MAX_SAMPLE_AGE_DAYS"

// MaxAge returns what [MaxAgeVariable] says, by a lookup such as os.Getenv. It is [record.DefaultMaxAge] if the variable is
// not set.
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

// maxHours is how many different UTC hours the samples of one record may have. A collector packs one hour into a record. A
// record of thousands of hours would come back onto the stream as thousands of records, and would fill the 500 partitions of
// the delivery buffer that all collectors share.
const maxHours = 24

var errManyHours = fmt.Errorf("the samples have more than %d different hours", maxHours)

// errOld is the reason to refuse a sample that is older than the stack's setting.
var errOld = errors.New("older than the stack accepts; raise maxSampleAgeDays to accept it")

// checkAge says whether a sample's ts is young enough. Old samples of many hours would fill the delivery buffer's
// partitions; see [record.DefaultMaxAge].
func (v *invocation) checkAge(ts float64) error {
	if oldest := v.now.Add(-v.maxAge); ts < record.TS(oldest) {
		return fmt.Errorf("ts %s: %w", time.UnixMilli(record.Millis(ts)).UTC().Format(time.RFC3339), errOld)
	}
	return nil
}

// hourSet counts the different hours of one record.
type hourSet []record.Hour

// add reports whether the set may have this hour too. Neighbours mostly share an hour, so it looks at the last one first.
func (s *hourSet) add(h record.Hour) bool {
	for i := len(*s) - 1; i >= 0; i-- {
		if (*s)[i] == h {
			return true
		}
	}
	*s = append(*s, h)
	return len(*s) <= maxHours
}
