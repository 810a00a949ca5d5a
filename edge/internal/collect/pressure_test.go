package collect

import "testing"

func TestSomeAvg10(t *testing.T) {
	for text, want := range map[string]float64{
		"some avg10=1.03 avg60=1.30 avg300=4.29 total=116373083\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n": 1.03,
		"full avg10=9.00 avg60=0.00 avg300=0.00 total=0\nsome avg10=0.00 avg60=0 avg300=0 total=0\n":               0,
		"some avg10=100.00": 100,
	} {
		if got, err := someAvg10(text); err != nil || got != want {
			t.Errorf("someAvg10(%q) is %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "full avg10=0.00 avg60=0.00 avg300=0.00 total=0", "some avg10=", "some avg10=x avg60=1", "some avg10=-1 avg60=1",
		"some avg10=100.01 avg60=1", "some avg10=NaN avg60=1",
	} {
		if got, err := someAvg10(text); err == nil {
			t.Errorf("someAvg10(%q) is %v, want an error", text, got)
		}
	}
}
