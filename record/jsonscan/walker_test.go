package jsonscan_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// walker is a Walker whose meanings are the numbers of keys in the order in which they were first seen.
type walker struct {
	*jsonscan.Walker
	keys []string
}

func newWalker() *walker {
	w := &walker{}
	w.Walker = jsonscan.NewWalker(func(key []byte) int {
		w.keys = append(w.keys, string(key))
		return len(w.keys) - 1
	})
	return w
}

// walk returns the members of the document that data begins with, as far as the walker takes it.
func (w *walker) walk(data []byte) (members []jsonscan.Member, end int, odd bool) {
	w.Begin()
	for i := 0; ; {
		key, value := w.Next(data, i)
		switch key {
		case jsonscan.End:
			return members, value, false
		case jsonscan.Odd:
			return members, value, true
		}
		end, kind, err := jsonscan.Value(data, value)
		if err != nil {
			return members, value, true
		}
		members = append(members, jsonscan.Member{Key: []byte(w.keys[key]), Value: data[value:end], Kind: kind})
		i = end
	}
}

func show(members []jsonscan.Member) string {
	var s strings.Builder
	for _, m := range members {
		fmt.Fprintf(&s, "%s=%s(%v) ", m.Key, m.Value, m.Kind)
	}
	return s.String()
}

// Whatever a walker saw before, it finds the members that Members finds.
func TestWalker(t *testing.T) {
	documents := []string{
		`{"a":1,"b":"x","c":{"d":[1]}}`, `{"a":1,"b":"x","c":{"d":[1]}}`, `{"a":2,"c":null}`, `{"b":true,"a":3,"c":4}`,
		`{"a":1,"b":"x"}`, `{"a":1,"b":"x","c":2,"d":3}`, `{"a":1,"a":2}`, `{}`, `{ }`, `{"\u0061":1}`, `{"":0}`,
		`{"a": 1, "b": 2}`, `{"a": 1, "b": 2}`, "{\n  \"a\" : 1 ,\n\t\"b\":2\n}", `{"a":1,"b":2}`, `{"a":  1,"b":2 }`,
	}
	for line := range bytes.Lines(recordtest.GoldenLines) {
		documents = append(documents, string(line), string(bytes.ReplaceAll(line, []byte(`,"`), []byte(`, "`))))
	}
	w := newWalker()
	for _, d := range slices.Concat(documents, documents) {
		want, n, err := jsonscan.Members(nil, []byte(d))
		if err != nil {
			t.Fatal(err)
		}
		got, end, odd := w.walk([]byte(d + `,{"next":1}`))
		if odd || end != n || show(got) != show(want) {
			t.Errorf("%s: odd %v, end %d, %s\nwant end %d, %s", d, odd, end, show(got), n, show(want))
		}
	}
}

func TestWalkerFindsOdd(t *testing.T) {
	w := newWalker()
	if _, _, odd := w.walk([]byte(`{"a":1,"b":2}`)); odd {
		t.Fatal("odd")
	}
	for _, d := range []string{
		``, ` `, `[]`, `1`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":1 "b":2}`, `{"a":1]`, `,"a":1}`, `{,"a":1}`,
		`{a:1}`, `{"a",1}`, `{"a":1,"b"}`, `{"a":1,"b":}`, `{"a":01,"b":2}`, `{"a":1,"\x":2}`, `{"a":1,"b":2`, "{\"a\x01\":1}",
		`{"` + strings.Repeat("k", 1000) + `":1}`,
	} {
		if members, _, odd := w.walk([]byte(d)); !odd {
			t.Errorf("%s is not odd: %s", d, show(members))
		}
	}
}

// A producer of ever new keys costs a bounded amount of memory and does not spoil the walker for others.
func TestWalkerForgets(t *testing.T) {
	w := newWalker()
	odd := 0
	for i := range 10_000 {
		if _, _, o := w.walk(fmt.Appendf(nil, `{"ts":1,"key%d":2}`, i)); o {
			odd++
		}
	}
	if asked := len(w.keys); odd > 10 || asked < 10_000 || asked > 10_100 {
		t.Errorf("%d of 10,000 documents were odd, and the meaning of %d keys was asked for", odd, asked)
	}
	var many strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&many, `,"k%d":1`, i)
	}
	if _, _, odd := w.walk([]byte(`{` + many.String()[1:] + `}`)); !odd {
		t.Error("a document of 2000 keys was taken")
	}
	if _, _, odd := w.walk([]byte(`{"ts":1}`)); odd {
		t.Error("a document is odd after one of 2000 keys")
	}
}

// What a walker takes, Members takes the same way, whatever the walker saw before.
func FuzzWalker(f *testing.F) {
	for line := range bytes.Lines(recordtest.GoldenLines) {
		f.Add([]byte(`{"a":1}`), line)
	}
	f.Add([]byte(`{"a":1,"b":2}`), []byte(`{"a":1 ,"b": 2}`))
	f.Add([]byte(`{"a":1,"b":2}`), []byte(`{"a":1,"b":2,"\u0061":{"x":[]}}`))
	f.Add([]byte(`{"a":1}`), []byte("{\"a\":1}}"))
	f.Fuzz(func(t *testing.T, before, data []byte) {
		w := newWalker()
		for _, d := range [][]byte{before, data, before, data} {
			got, end, odd := w.walk(d)
			want, n, err := jsonscan.Members(nil, d[jsonscan.SkipSpace(d, 0):])
			n += jsonscan.SkipSpace(d, 0)
			if !odd && (err != nil || end != n || show(got) != show(want)) {
				t.Fatalf("%q: end %d, %s\nwant end %d, %s, %v", d, end, show(got), n, show(want), err)
			}
		}
	})
}
