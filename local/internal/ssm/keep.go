package ssm

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

// load reads the parameters that users put in earlier runs. A file that does not exist holds none.
func load(file string) (map[string]value, error) {
	values := make(map[string]value)
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return values, nil
	case err != nil:
		return nil, fmt.Errorf("read parameters: %w", err)
	}
	if err := json.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("read parameters: %s: want the JSON that an earlier run wrote, or no file: %w", file, err)
	}
	return values, nil
}

// saveLocked writes the parameters that users put. If it fails, it leaves the file as it was.
func (s *Service) saveLocked() error {
	own := make(map[string]value)
	for name, v := range s.values {
		if v.Own {
			own[name] = v
		}
	}
	data, err := json.MarshalIndent(own, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(s.file, append(data, '\n'))
}

// encodeToken returns the token of the page after the parameter last. The token is valid only for the same request.
func encodeToken(request byPathRequest, last string) string {
	return base64.URLEncoding.EncodeToString(fmt.Appendf(nil, "%t\n%s\n%s", request.Recursive, request.Path, last))
}

func decodeToken(request byPathRequest) (last string, _ error) {
	if request.NextToken == "" {
		return "", nil
	}
	text, err := base64.URLEncoding.DecodeString(request.NextToken)
	last, ok := strings.CutPrefix(string(text), fmt.Sprintf("%t\n%s\n", request.Recursive, request.Path))
	if err != nil || !ok {
		return "", awsjson.Errorf("InvalidNextToken", "The specified token isn't valid.")
	}
	return last, nil
}
