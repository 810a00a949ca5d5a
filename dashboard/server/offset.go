package server

import (
	"fmt"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

const (
	maxOffset = 86400
	maxChange = 253402300799 // the end of the year 9999
)

// parseOffset reads the offset of the viewer's clock and its changes: see [Params].
func parseOffset(text string) (time.Duration, []panels.ClockChange, error) {
	bad := fmt.Errorf("offset must be the seconds that the clock is ahead of UTC, up to %d; if the clock changes, then up to %d times "+
		"a comma, the Unix time of the change, a colon and the new offset, such as 7200,1792890000:3600", maxOffset, panels.MaxChanges)
	first, rest, more := strings.Cut(text, ",")
	offset, ok := wholeNumber(first, -maxOffset, maxOffset)
	if !ok {
		return 0, nil, bad
	}
	var changes []panels.ClockChange
	for more {
		var change string
		change, rest, more = strings.Cut(rest, ",")
		at, then, _ := strings.Cut(change, ":")
		s, okTime := wholeNumber(at, 0, maxChange)
		to, okOffset := wholeNumber(then, -maxOffset, maxOffset)
		if !okTime || !okOffset || len(changes) == panels.MaxChanges {
			return 0, nil, bad
		}
		changes = append(changes, panels.ClockChange{At: time.Unix(int64(s), 0).UTC(), Offset: time.Duration(to) * time.Second})
	}
	return time.Duration(offset) * time.Second, changes, nil
}
