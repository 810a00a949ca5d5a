package main

import (
	"strings"
	"testing"
)

// All variables that are missing or wrong are named at once.
func TestWrongEnvironment(t *testing.T) {
	_, err := build(t.Context(), func(name string) string {
		return map[string]string{"MAX_SAMPLE_AGE_DAYS": "many", "LOG_LEVEL": "loud", "PREFIX": "analytics/"}[name]
	})
	want := "BUCKET is not set; the stack sets it\nTABLE is not set; the stack sets it\nMAX_SAMPLE_AGE_DAYS=\"many\": want a number of days\n" +
		"RAW_RETENTION_DAYS is not set; the stack sets it\n"
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), `LOG_LEVEL="loud": want DEBUG, INFO, WARN or ERROR`) {
		t.Errorf("%v", err)
	}
}
