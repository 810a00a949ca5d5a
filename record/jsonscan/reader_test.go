package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// A reader finds the column of a key in any case, with any escapes, and after any other documents.
func TestReaderFindsColumns(t *testing.T) {
	r := jsonscan.NewReader("ts", "host", "")
	for range 3 {
		for document, want := range map[string]string{
			`{"ts":1,"host":"h","x":2}`:      "0 1 -1",
			`{"host":"h","ts":1}`:            "1 0",
			`{"TS":1,"x":2,"Host":3,"":4}`:   "0 -1 1 2",
			`{"\u0074s":1,"h\u004fst":{}}`:   "0 1",
			`{"tS":1,"ho\u017ft":1,"hos":1}`: "0 -1 -1",
			`{}`:                             "",
		} {
			members, n, err := r.Read([]byte(document + `{"ts":`))
			var got []string
			for _, m := range members {
				got = append(got, fmt.Sprint(m.Column))
			}
			if s := strings.Join(got, " "); s != want || n != len(document) || err != nil {
				t.Errorf("%s: columns %s, want %s; %d bytes, %v", document, s, want, n, err)
			}
		}
	}
}

func TestReaderRefusesRepeatedKeys(t *testing.T) {
	r := jsonscan.NewReader("ts", "tags")
	for document, key := range map[string]string{
		`{"ts":1,"ts":2}`:                                      "ts",
		`{"ts":1,"TS":2}`:                                      "ts",
		`{"t\u0053":1,"ts":2}`:                                 "ts",
		`{"ts":1,"foo":1,"foo":2}`:                             "foo",
		`{"ts":1,"":1,"":2}`:                                   "",
		`{"ts":1,"tags":{"Name":"a","name":"b"}}`:              "name",
		`{"ts":1,"x":{"y":{"a":1,"b":{},"A":2}}}`:              "a",
		`{"ts":1,"x":[1,[{"a":1},{"b":1,"c":[],"\u0062":2}]]}`: "b",
		`{"ts":1,"É":1,"é":2}`:                                 "é",
		`{"ts":1,"İ":1,"i̇":2}`:                                "i̇",
		`{"ts":1,"Kb":1,"kb":2}`:                               "kb", // the first letter is a Kelvin sign
	} {
		for range 2 {
			members, _, err := r.Read([]byte(document))
			var repeated *jsonscan.RepeatedKeyError
			if !errors.As(err, &repeated) || repeated.Key != key || members != nil {
				t.Errorf("%s: error %v, want one about %q", document, err, key)
			}
		}
	}
	for _, document := range []string{
		`{"a":{"a":{"a":[{"a":1},{"a":2}]}},"b":{"a":1}}`, `{"i":1,"ı":2,"İ":3}`, `{"ts":1,"tags":{"ts":2,"tags":3}}`, `{"a":"a","b":"a"}`,
	} {
		if _, _, err := r.Read([]byte(document)); err != nil {
			t.Errorf("%s: %v", document, err)
		}
	}
}

// A producer that sends new keys all the time takes a bounded amount of memory, and the reader still reads others' documents.
func TestReaderForgets(t *testing.T) {
	r := jsonscan.NewReader("ts")
	read := func(document []byte) {
		t.Helper()
		members, _, err := r.Read(document)
		if err != nil || members[0].Column != 0 {
			t.Fatalf("%.100s: %v, %v", document, members[0], err)
		}
	}
	var many strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&many, `,"k%d":1`, i)
	}
	read([]byte(`{"ts":1` + many.String() + `}`))
	if _, _, err := r.Read([]byte(`{"ts":1` + many.String() + `,"K3":1}`)); err == nil {
		t.Error("a repeated key among 2000 was taken")
	}
	perDocument := testing.AllocsPerRun(1, func() {
		for i := range 20_000 {
			read(fmt.Appendf(nil, `{"ts":1,"key%d":2}`, i))
		}
	}) / 20_000
	if perDocument > 10 {
		t.Errorf("%.1f allocations a document of new keys", perDocument)
	}
}

// Read accepts a document if Members accepts it and encoding/json does not find a key twice. It returns the same members as
// Members, no matter what it read before.
func FuzzReader(f *testing.F) {
	for line := range bytes.Lines(recordtest.GoldenLines) {
		f.Add([]byte(`{"a":1}`), line)
	}
	f.Add([]byte(`{"a":1,"b":2}`), []byte(`{"a":1 ,"b": {"c":1,"C":2}}`))
	f.Add([]byte(`{"a":1,"b":2}`), []byte(`{"a":1,"b":2,"\u0061":{"x":[{"y":1,"\u0059":2}]}}`))
	f.Fuzz(func(t *testing.T, before, data []byte) {
		r := jsonscan.NewReader("ts", "hostname")
		for _, d := range [][]byte{before, data, before, data} {
			want, wantN, err := jsonscan.Members(nil, d)
			got, n, gotErr := r.Read(d)
			if err != nil {
				if gotErr == nil || gotErr.Error() != err.Error() {
					t.Fatalf("%q: error %v, want %v", d, gotErr, err)
				}
				continue
			}
			repeated, known := hasRepeatedKey(d[:n])
			if known && repeated != (gotErr != nil) || n != wantN {
				t.Fatalf("%q: error %v, a key is repeated: %v; %d bytes, want %d", d, gotErr, repeated, n, wantN)
			}
			if gotErr == nil && show(got) != show(want) {
				t.Fatalf("%q: %s, want %s", d, show(got), show(want))
			}
		}
	})
}

// hasRepeatedKey looks for keys that are equal, or differ only in the case of ASCII letters. known is false if a key has other
// letters.
func hasRepeatedKey(data []byte) (repeated, known bool) {
	type object struct {
		keys  map[string]bool // nil in an array
		value bool            // whether a value is next, not a key
	}
	var stack []object
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return false, errors.Is(err, io.EOF)
		}
		at := len(stack) - 1
		if at >= 0 && stack[at].keys != nil && !stack[at].value {
			if key, ok := token.(string); ok {
				for _, c := range key {
					if c >= 0x80 {
						return false, false
					}
				}
				if stack[at].keys[strings.ToLower(key)] {
					return true, true
				}
				stack[at].keys[strings.ToLower(key)], stack[at].value = true, true
				continue
			}
		}
		switch token {
		case json.Delim('{'):
			stack = append(stack, object{keys: map[string]bool{}})
			continue
		case json.Delim('['):
			stack = append(stack, object{})
			continue
		case json.Delim('}'), json.Delim(']'):
			if stack = stack[:at]; at == 0 {
				return false, true
			}
			at--
		}
		if stack[at].keys != nil {
			stack[at].value = false
		}
	}
}

func show(members []jsonscan.Member) string {
	var s strings.Builder
	for _, m := range members {
		fmt.Fprintf(&s, "%s=%s(%v) ", m.Key, m.Value, m.Kind)
	}
	return s.String()
}
