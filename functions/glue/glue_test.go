package glue_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/metrics-dashboard/metrics-dashboard/functions/glue"
	"github.com/metrics-dashboard/metrics-dashboard/functions/rollup"
)

// service is a catalog with one table, over Glue's protocol.
type service struct {
	calls      []string
	partitions map[string]map[string]any // by values
	refuse     string                    // the operation that is refused
}

func (s *service) answer(operation string, in map[string]any) (code string, out map[string]any) {
	s.calls = append(s.calls, operation)
	if operation == s.refuse {
		return "AccessDeniedException", nil
	}
	switch operation {
	case "GetTable":
		return "", map[string]any{"Table": map[string]any{"Name": in["Name"], "StorageDescriptor": map[string]any{
			"Columns": []any{map[string]any{"Name": "t", "Type": "bigint"}}, "Location": "s3://b/rollup/1m/", "InputFormat": "parquet",
		}}}
	case "GetPartition":
		p, ok := s.partitions[fmt.Sprint(in["PartitionValues"])]
		if !ok {
			return "EntityNotFoundException", nil
		}
		return "", map[string]any{"Partition": p}
	case "GetPartitions":
		// Two pages.
		all := []any{}
		for _, p := range s.partitions {
			all = append(all, p)
		}
		if in["NextToken"] == nil {
			return "", map[string]any{"Partitions": []any{}, "NextToken": "more"}
		}
		return "", map[string]any{"Partitions": all}
	case "CreatePartition", "UpdatePartition":
		p, _ := in["PartitionInput"].(map[string]any)
		key := fmt.Sprint(p["Values"])
		if _, exists := s.partitions[key]; exists != (operation == "UpdatePartition") {
			return map[bool]string{true: "AlreadyExistsException", false: "EntityNotFoundException"}[exists], nil
		}
		s.partitions[key] = p
		return "", map[string]any{}
	}
	return "UnknownOperationException", nil
}

func serve(t *testing.T) (*service, *glue.Database) {
	t.Helper()
	s := &service{partitions: map[string]map[string]any{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		in := map[string]any{}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		code, out := s.answer(operation, in)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if code != "" {
			w.WriteHeader(http.StatusBadRequest)
			out = map[string]any{"__type": code, "message": "no"}
		}
		if err := json.NewEncoder(w).Encode(out); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return s, glue.New(aws.Config{
		Region: "eu-north-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}, "metrics")
}

// A partition is created by one call and changed by one call. It has the table's columns.
func TestPoint(t *testing.T) {
	s, d := serve(t)
	values := []string{"2026", "02", "28", "22"}
	if _, ok, err := d.Partition(t.Context(), "samples_1m", values); ok || err != nil {
		t.Fatalf("%v, %v", ok, err)
	}
	for _, folder := range []string{"one", "two"} {
		want := rollup.Partition{Values: values, Location: "s3://b/rollup/1m/" + folder + "/", Sources: folder + " sources"}
		if err := d.Point(t.Context(), "samples_1m", want); err != nil {
			t.Fatal(err)
		}
		got, ok, err := d.Partition(t.Context(), "samples_1m", values)
		list, listErr := d.Partitions(t.Context(), "samples_1m", [][2]string{{"2026", "02"}})
		if err != nil || listErr != nil || !ok || len(list) != 1 || fmt.Sprint(list[0]) != fmt.Sprint(want) || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v %v, %v %v; want %v", got, err, list, listErr, want)
		}
	}
	storage, _ := s.partitions["[2026 02 28 22]"]["StorageDescriptor"].(map[string]any)
	if fmt.Sprintf("%v %v", storage["Columns"], storage["InputFormat"]) != "[map[Name:t Type:bigint]] parquet" {
		t.Errorf("the partition has %v", storage)
	}
	if n := len(slices.DeleteFunc(slices.Clone(s.calls), func(c string) bool { return c != "GetTable" })); n != 1 {
		t.Errorf("the table was read %d times", n)
	}
}

func TestRefused(t *testing.T) {
	for refuse, want := range map[string]string{
		"GetTable":        "point partition [2026] of metrics.samples_1h at s3://b/c/: ",
		"CreatePartition": "point partition [2026] of metrics.samples_1h at s3://b/c/: ",
		"GetPartition":    "look up partition [2026] of metrics.samples_1h: ",
		"GetPartitions":   "list partitions of metrics.samples_1h: ",
	} {
		s, d := serve(t)
		s.refuse = refuse
		p := rollup.Partition{Values: []string{"2026"}, Location: "s3://b/c/"}
		_, _, err1 := d.Partition(t.Context(), "samples_1h", p.Values)
		_, err2 := d.Partitions(t.Context(), "samples_1h", [][2]string{{"2026", "01"}})
		err3 := d.Point(t.Context(), "samples_1h", p)
		text := fmt.Sprint(err1, err2, err3)
		if !strings.Contains(text, want) || !strings.Contains(text, "AccessDenied") {
			t.Errorf("%s: %s", refuse, text)
		}
	}
}
