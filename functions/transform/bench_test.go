package transform_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"testing"
	"time"

	kgzip "github.com/klauspost/compress/gzip"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

const (
	benchPacks = 40 // packs of 3 kB fill more than half of the processor's buffer of 0.2 MB
	benchRows  = 20 // samples in a pack: those of a minute at the default interval, half of a pack by default
)

// benchEvents returns an event with packs, and one with the same samples as plain lines.
func benchEvents(b *testing.B) (packed, plain transform.Event, rows int) {
	b.Helper()
	packed.DeliveryStreamARN, plain.DeliveryStreamARN = arn, arn
	var reader record.PackReader
	for i := range benchPacks {
		pack, err := recordtest.New(uint64(i)).Pack(now.Truncate(time.Hour), benchRows)
		if err != nil {
			b.Fatal(err)
		}
		lines, err := reader.AppendLines(nil, pack)
		if err != nil {
			b.Fatal(err)
		}
		packed.Records = append(packed.Records, transform.Record{RecordID: "id", Data: pack})
		plain.Records = append(plain.Records, transform.Record{RecordID: "id", Data: lines})
	}
	return packed, plain, benchPacks * benchRows
}

// naive does the same enrichment in the simplest way: it decodes each sample into a map with encoding/json.
func naive(data []byte, now time.Time) ([]byte, map[string]string, error) {
	if record.IsPack(data) {
		gz, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, nil, err
		}
		if data, err = io.ReadAll(gz); err != nil {
			return nil, nil, err
		}
	}
	var out bytes.Buffer
	var keys map[string]string
	dec, enc := json.NewDecoder(bytes.NewReader(data)), json.NewEncoder(&out)
	for dec.More() {
		var m map[string]any
		if err := dec.Decode(&m); err != nil {
			return nil, nil, err
		}
		ts := m["ts"].(float64)
		at := time.UnixMilli(int64(math.Round(ts * 1000))).UTC()
		m["event_time"] = at.Format("2006-01-02T15:04:05.000Z")
		m["timestamp"], m["datetime"] = at.Format(time.DateTime), at.Format(time.DateTime)
		m["epoch_timestamp"], m["date"], m["minute"] = ts, at.Format(time.DateOnly), at.Format("04")
		m["day_of_week"] = at.Weekday().String()
		m["_processed_at"], m["_processed_timestamp"] = now.UTC().Format(time.RFC3339), now.Unix()
		keys = map[string]string{"year": at.Format("2006"), "month": at.Format("01"), "day": at.Format("02"), "hour": at.Format("15")}
		if err := enc.Encode(m); err != nil {
			return nil, nil, err
		}
	}
	return out.Bytes(), keys, nil
}

func BenchmarkTransform(b *testing.B) {
	packed, plain, rows := benchEvents(b)
	tr := transform.New(transform.Options{Stream: &stream{}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)})
	for name, ev := range map[string]transform.Event{"packed": packed, "plain": plain} {
		b.Run(name+"/this", func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				r, err := tr.Handle(b.Context(), ev)
				if err != nil || r.Records[0].Result != transform.OK {
					b.Fatal(err, r.Records[0].Result)
				}
				out, err := r.MarshalJSON()
				if err != nil {
					b.Fatal(err)
				}
				size = len(out)
			}
			b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(size)/float64(rows), "B_out/row")
		})
		b.Run(name+"/naive", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var r transform.Response
				for _, rec := range ev.Records {
					data, keys, err := naive(rec.Data, now)
					if err != nil {
						b.Fatal(err)
					}
					r.Records = append(r.Records, transform.Result{
						RecordID: rec.RecordID, Result: transform.OK, Data: data, Metadata: &transform.Metadata{PartitionKeys: keys},
					})
				}
				if _, err := r.MarshalJSON(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkInflate compares the gzip that the transform uses with that of the standard library.
func BenchmarkInflate(b *testing.B) {
	pack, err := recordtest.New(1).Pack(now.Truncate(time.Hour), benchRows)
	if err != nil {
		b.Fatal(err)
	}
	for name, inflater := range map[string]record.Inflater{"klauspost": new(kgzip.Reader), "standard": new(gzip.Reader)} {
		b.Run(name, func(b *testing.B) {
			reader := record.PackReader{Gzip: inflater}
			var lines []byte
			for b.Loop() {
				if lines, err = reader.AppendLines(lines[:0], pack); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(lines)))
		})
	}
}
