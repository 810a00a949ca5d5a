package cloud_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud"
)

func find(t *testing.T, status int, answer string) (cloud.Target, int, error) {
	t.Helper()
	cfg, calls := answering(t, status, answer)
	target, err := cloud.Find(t.Context(), cfg, "S")
	return target, *calls, err
}

const stream = `{"Name":"/metrics-dashboard/S/delivery-stream-name","Value":"x"}`

func TestFind(t *testing.T) {
	got, calls, err := find(t, 200, `{"Parameters":[`+stream+`,{"Name":"/metrics-dashboard/S/region","Value":"us-west-2"}]}`)
	if err != nil || got != (cloud.Target{Stream: "x", Region: "us-west-2"}) || calls != 1 {
		t.Errorf("target is %+v, %v, after %d requests", got, err, calls)
	}
	got, _, err = find(t, 200, `{"Parameters":[`+stream+`]}`)
	if err != nil || got != (cloud.Target{Stream: "x", Region: "eu-north-1"}) {
		t.Errorf("without a region target is %+v, %v", got, err)
	}
}

func TestNotFound(t *testing.T) {
	for answer, want := range map[string]string{
		`{"Parameters":[]}`: "no parameters under /metrics-dashboard/S/ in eu-north-1",
		`{"Parameters":[{"Name":"/metrics-dashboard/S/region","Value":"us-west-2"}]}`: "no parameter " +
			"/metrics-dashboard/S/delivery-stream-name in eu-north-1",
	} {
		_, _, err := find(t, 200, answer)
		var missing *cloud.NotFoundError
		if !errors.As(err, &missing) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}

func TestFailureIsNotRetriedHere(t *testing.T) {
	_, calls, err := find(t, 500, `{"__type":"InternalServerError","message":"oops"}`)
	if err == nil || !strings.Contains(err.Error(), "read parameters under /metrics-dashboard/S/ in eu-north-1") {
		t.Errorf("error is %v", err)
	}
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
}
