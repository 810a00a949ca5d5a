package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

func TestMembers(t *testing.T) {
	in := ` { "a" : 1 , "b":"x\"y", "c":{"d":[1,{}]} ,"e":[ ],"a":null,"f":true}  {"next":1}`
	members, n, err := jsonscan.Members(nil, []byte(in))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range members {
		got = append(got, string(m.Key)+" "+string(m.Value)+" "+m.Kind.String())
	}
	want := `a 1 a number; b "x\"y" a string; c {"d":[1,{}]} an object; e [ ] an array; a null null; f true a boolean`
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
	if rest := in[n:]; rest != `  {"next":1}` {
		t.Errorf("rest is %q", rest)
	}
}

func TestMembersRefuses(t *testing.T) {
	for in, want := range map[string]string{
		``:                                "found the end instead of a JSON object at byte 0",
		"\n\t":                            "found the end instead of a JSON object at byte 2",
		`[]`:                              "found '[' instead of a JSON object at byte 0",
		`{`:                               "found the end instead of a key at byte 1",
		`{"a"`:                            "found the end instead of a colon at byte 4",
		`{"a":`:                           "found the end instead of a value at byte 5",
		`{"a":1`:                          "found the end instead of a comma or a brace at byte 6",
		`{"a":1 "b":2}`:                   `found '"' instead of a comma or a brace at byte 7`,
		`{"a":1,}`:                        `found '}' instead of a key at byte 7`,
		`{a:1}`:                           `found 'a' instead of a key at byte 1`,
		`{"a":tru}`:                       `found 't' instead of a value at byte 5`,
		`{"a":NaN}`:                       `found 'N' instead of a value at byte 5`,
		`{"a":-}`:                         `found '-' instead of a value at byte 5`,
		`{"a":1.}`:                        "a number without digits after its point at byte 5",
		`{"a":1e}`:                        "a number without digits in its exponent at byte 5",
		`{"a":00}`:                        "a number with a leading zero at byte 5",
		`{"a":"\x"}`:                      "an escape that JSON does not know at byte 6",
		`{"a":"\u12g4"}`:                  "an escape that JSON does not know at byte 6",
		`{"a":"` + "\n" + `"}`:            "an unescaped control character in a string at byte 6",
		`{"a":"b`:                         "a string without its closing quote at byte 5",
		`{"a":[1,2}`:                      "found '}' instead of a comma or a bracket at byte 9",
		`{"a":{"b"}}`:                     "found '}' instead of a colon at byte 9",
		`{"a":` + strings.Repeat("[", 70): "more than 64 levels of objects and arrays at byte 68",
	} {
		_, _, err := jsonscan.Members(nil, []byte(in))
		if err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %q", in, err, want)
		}
	}
}

// Members accepts exactly the objects that encoding/json accepts, except for its bound on levels. It finds the same members with
// the same values.
func FuzzMembers(f *testing.F) {
	for line := range bytes.Lines(recordtest.GoldenLines) {
		f.Add(line)
	}
	for _, s := range []string{`{}`, `{"a":[1,2,{"b":null}],"\u0061":-1.5e+3}`, `{"a":"\ud800\udc00\ud800x\/\b\f\n\r\t"}`, `{"a":0.1E-7}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		members, n, err := jsonscan.Members(nil, data)
		if err != nil {
			trimmed := bytes.TrimLeft(data, " \t\r\n")
			if json.Valid(data) && bytes.HasPrefix(trimmed, []byte("{")) && !strings.Contains(err.Error(), "levels of objects") {
				t.Fatalf("refused %q: %v", data, err)
			}
			return
		}
		want := map[string]json.RawMessage{}
		if err := json.Unmarshal(data[:n], &want); err != nil {
			t.Fatalf("accepted %q: %v", data[:n], err)
		}
		got := map[string]string{}
		for _, m := range members {
			got[strings.ToValidUTF8(string(jsonscan.AppendUnescaped(nil, m.Key)), "\uFFFD")] = string(m.Value)
			if m.Kind == jsonscan.String {
				var s string
				if err := json.Unmarshal(m.Value, &s); err != nil {
					t.Fatal(err)
				}
				if u := string(jsonscan.AppendUnquoted(nil, m.Value)); json.Valid(m.Value) && s != u && strings.ToValidUTF8(u, "") == u {
					t.Fatalf("string %s is %q, want %q", m.Value, u, s)
				}
			}
		}
		if len(got) > len(want) {
			t.Fatalf("%q: %d members, want %d", data[:n], len(got), len(want))
		}
		for k, v := range want {
			if g, ok := got[k]; strings.ToValidUTF8(k, "") == k && !strings.Contains(k, "\uFFFD") && (!ok || g != string(v)) {
				t.Fatalf("%q: member %q is %s, want %s", data[:n], k, g, v)
			}
		}
	})
}

func BenchmarkMembers(b *testing.B) {
	s := recordtest.New(1).Sample(time.UnixMilli(1770094800123))
	line := s.AppendJSON(nil)
	var members []jsonscan.Member
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		var err error
		if members, _, err = jsonscan.Members(members[:0], line); err != nil {
			b.Fatal(err)
		}
	}
}
