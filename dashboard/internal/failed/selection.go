package failed

import "time"

// Selection chooses records. The zero value chooses all.
type Selection struct {
	// Reason is the type of the failure, which is a folder below errors/, or its code.
	Reason string
	// From and To limit the time when Firehose received the record. From is included, To is not.
	From, To time.Time
	// Host is the host that the record names.
	Host string
}

func (s Selection) has(o Object, e Entry, host string) bool {
	arrival := arrivalOf(o, e)
	return (s.Reason == "" || s.Reason == o.errorType() || s.Reason == e.Code) &&
		(s.From.IsZero() || !arrival.Before(s.From)) && (s.To.IsZero() || arrival.Before(s.To)) &&
		(s.Host == "" || s.Host == host)
}

// arrivalOf is when Firehose received a record. If the entry does not say it, it is when the object was written.
func arrivalOf(o Object, e Entry) time.Time {
	if e.Arrival.IsZero() {
		return o.Modified.UTC()
	}
	return e.Arrival
}
