package jsonscan_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// A number has the value that strconv gives it, to the last bit. It is refused if strconv refuses it.
func TestNumbers(t *testing.T) {
	check := func(text string) {
		t.Helper()
		f, err := jsonscan.ParseFloat([]byte(text))
		if want, wantErr := strconv.ParseFloat(text, 64); math.Float64bits(f) != math.Float64bits(want) || (err == nil) != (wantErr == nil) {
			t.Fatalf("%s is %v, %v; want %v, %v", text, f, err, want, wantErr)
		}
		for _, bits := range []int{32, 64} {
			i, err := jsonscan.ParseInt([]byte(text), bits)
			if want, wantErr := strconv.ParseInt(text, 10, bits); i != want || (err == nil) != (wantErr == nil) {
				t.Fatalf("%s in %d bits is %d, %v; want %d, %v", text, bits, i, err, want, wantErr)
			}
		}
	}
	for _, text := range []string{
		"0", "-0", "0.0", "-0.0", "1e3", "1E3", "1.5e-3", "12e1", "1e999", "9007199254740992", "9007199254740993", "900719925474099.3",
		"123456789012345678", "1234567890123456789", "12345678901234567890", "18446744073709551617", "0.000000000000000001",
		"0.0000000000000000001", "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807",
		"-9223372036854775808", "9223372036854775808", "1.0",
	} {
		check(text)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		text := strconv.FormatUint(rng.Uint64()>>rng.IntN(64), 10)
		if places := rng.IntN(21); places > 0 {
			if len(text) <= places {
				text = strings.Repeat("0", places-len(text)+1) + text
			}
			text = text[:len(text)-places] + "." + text[len(text)-places:]
		}
		if rng.IntN(2) == 0 {
			text = "-" + text
		}
		check(text)
	}
}

// Text that is not a JSON number is refused, also if strconv reads it.
func TestNotNumbers(t *testing.T) {
	for _, text := range []string{
		"", "-", ".", "1.", ".5", "-.5", "+1", "01", "-01", "00", "00.5", "1_0", "1_000", "0x10", "0x1p4", "1e", "1e+", "1.5.5", "--1", " 1", "1 ", "inf", "NaN",
		"Infinity", "1a", "\u0661", "12345678901234567890_1",
	} {
		if v, err := jsonscan.ParseFloat([]byte(text)); err == nil {
			t.Errorf("%q is %v as a double", text, v)
		}
		if v, err := jsonscan.ParseInt([]byte(text), 64); err == nil {
			t.Errorf("%q is %v as an integer", text, v)
		}
	}
}
