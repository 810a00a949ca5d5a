package record

import (
	"strconv"
	"time"
)

// Enrichment holds the columns that the transform adds to a sample: the sample's time in several forms, and the time of
// processing. As in [Sample], tags define the columns.
type Enrichment struct {
	EventTime          time.Time `column:"event_time" comment:"ts as a timestamp, UTC"`
	Timestamp          string    `column:"timestamp" comment:"ts as yyyy-mm-dd hh:mm:ss, UTC"`
	Datetime           string    `column:"datetime" comment:"The same as timestamp"`
	EpochTimestamp     float64   `column:"epoch_timestamp" unit:"s" comment:"The same as ts"`
	Date               string    `column:"date" comment:"Day of ts as yyyy-mm-dd, UTC"`
	Minute             string    `column:"minute" comment:"Minute of the hour of ts, 00..59"`
	DayOfWeek          string    `column:"day_of_week" comment:"Day of the week of ts, UTC, in English"`
	ProcessedAt        string    `column:"_processed_at" comment:"When the transform ran, RFC 3339, UTC"`
	ProcessedTimestamp int64     `column:"_processed_timestamp" unit:"s" comment:"When the transform ran, Unix seconds"`
}

// Enricher appends enrichments as JSON. It is fast, because it keeps the parts that consecutive samples share. It is not safe for
// concurrent use.
type Enricher struct {
	processed []byte // `,"_processed_at":…,"_processed_timestamp":…`
	day       int64  // the day of date and weekday, in days since 1970
	date      []byte
	weekday   string
}

// NewEnricher returns an enricher for samples that are processed at the given time.
func NewEnricher(processed time.Time) *Enricher {
	b := processed.UTC().AppendFormat([]byte(`,"_processed_at":"`), time.RFC3339)
	b = append(b, `","_processed_timestamp":`...)
	b = strconv.AppendInt(b, processed.Unix(), 10)
	return &Enricher{processed: b, day: -1}
}

// AppendMembers appends the enrichment of ts as JSON members in column order, without a comma before the first one. rawTS is
// ts as the producer wrote it; it becomes epoch_timestamp.
func (e *Enricher) AppendMembers(dst []byte, ts float64, rawTS []byte) []byte {
	ms := Millis(ts)
	if day := ms / 86_400_000; day != e.day {
		t := time.UnixMilli(ms).UTC()
		e.day, e.date, e.weekday = day, t.AppendFormat(e.date[:0], time.DateOnly), t.Weekday().String()
	}
	ofDay := ms % 86_400_000
	var clock [12]byte // hh:mm:ss.mmm
	putTwoDigits(clock[0:], ofDay/3_600_000)
	clock[2] = ':'
	putTwoDigits(clock[3:], ofDay/60_000%60)
	clock[5] = ':'
	putTwoDigits(clock[6:], ofDay/1000%60)
	clock[8] = '.'
	clock[9] = byte('0' + ofDay%1000/100)
	putTwoDigits(clock[10:], ofDay%100)

	dst = append(dst, `"event_time":"`...)
	dst = append(dst, e.date...)
	dst = append(dst, 'T')
	dst = append(dst, clock[:]...)
	dst = append(dst, `Z","timestamp":"`...)
	dst = e.appendDateTime(dst, clock)
	dst = append(dst, `","datetime":"`...)
	dst = e.appendDateTime(dst, clock)
	dst = append(dst, `","epoch_timestamp":`...)
	dst = append(dst, rawTS...)
	dst = append(dst, `,"date":"`...)
	dst = append(dst, e.date...)
	dst = append(dst, `","minute":"`...)
	dst = append(dst, clock[3:5]...)
	dst = append(dst, `","day_of_week":"`...)
	dst = append(dst, e.weekday...)
	dst = append(dst, '"')
	return append(dst, e.processed...)
}

func (e *Enricher) appendDateTime(dst []byte, clock [12]byte) []byte {
	dst = append(dst, e.date...)
	dst = append(dst, ' ')
	return append(dst, clock[:8]...)
}

// putTwoDigits writes n, 0..99, into b[0] and b[1].
func putTwoDigits(b []byte, n int64) {
	b[0], b[1] = byte('0'+n/10), byte('0'+n%10)
}
