package lake

import (
	"context"
	"encoding/json"
	"slices"
)

// Inspect refuses a text that reads something else than the views, or that is not a query.
func (l *Lake) Inspect(ctx context.Context, text string) error {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, err = inspect(ctx, conn, text)
	return err
}

// ColumnsTwice returns the names that a SELECT list in the text gives to more than one column. DuckDB accepts that, Trino does not if the
// column is used.
func (l *Lake) ColumnsTwice(ctx context.Context, text string) (twice []string, err error) {
	var parsed string
	if err := l.db.QueryRowContext(ctx, "SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR)) AS VARCHAR)", text).Scan(&parsed); err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal([]byte(parsed), &tree); err != nil {
		return nil, err
	}
	return twice, eachNode(tree, func(node map[string]any) error {
		list, _ := node["select_list"].([]any)
		var names []string
		for _, e := range list {
			column, _ := e.(map[string]any)
			name := word(column, "alias")
			if path, ok := column["column_names"].([]any); ok && name == "" {
				name, _ = path[len(path)-1].(string)
			}
			if name != "" && slices.Contains(names, name) {
				twice = append(twice, name)
			}
			names = append(names, name)
		}
		return nil
	})
}

// OnStep makes a roller call f after each step that changes the lake's directory.
func (r *Roller) OnStep(f func(step string)) { r.step = f }

// InParts makes a roller roll up so many bytes of samples at a time.
func (r *Roller) InParts(bytes int64) { r.part = bytes }

// CheckFile opens a file as the lake does, and returns why it is not a data file.
func CheckFile(path string) error { return readFooter(path).err }
