package lake

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// checkStatement refuses a text that is not a single query. It prepares the text, so [inspect] has to come before it: to prepare read_csv is to
// open the file.
func checkStatement(conn *sql.Conn, text string) error {
	kind, err := statementType(conn, text) // of the whole text, which must be one statement
	if err != nil {
		return err
	}
	if kind != duckdb.STATEMENT_TYPE_SELECT && kind != duckdb.STATEMENT_TYPE_EXPLAIN {
		return errNoQuery
	}
	return nil
}

var errNoQuery = errors.New("only queries (SELECT, WITH, FROM, DESCRIBE, SUMMARIZE, EXPLAIN [ANALYZE]) are allowed here: the lake is read-only")

// explainPrefix matches what is before the query in an EXPLAIN.
var explainPrefix = regexp.MustCompile(`(?i)^\s*EXPLAIN\s+(ANALYZE\s+)?`)

func withoutExplain(text string) string { return text[len(explainPrefix.FindString(text)):] }

// parse lets DuckDB parse a query and returns the tree.
func parse(ctx context.Context, conn *sql.Conn, text string) (statements any, err error) {
	var parsed string
	if err := conn.QueryRowContext(ctx, "SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR)) AS VARCHAR)", text).Scan(&parsed); err != nil {
		return nil, queryError(err)
	}
	var tree struct {
		Error      bool   `json:"error"`
		Type       string `json:"error_type"`
		Message    string `json:"error_message"`
		Statements any    `json:"statements"`
	}
	if err := json.Unmarshal([]byte(parsed), &tree); err != nil {
		return nil, fmt.Errorf("read DuckDB's parse of the query: %w", err)
	}
	switch {
	case tree.Error && tree.Type == "parser":
		// The text is not prepared: with EXPLAIN before it, DuckDB may understand it in another way.
		return nil, errors.New("Parser Error: " + strings.Join(strings.Fields(tree.Message), " "))
	case tree.Error:
		return nil, errNoQuery
	}
	return tree.Statements, nil
}

// inspect returns the names of the tables, views and common table expressions that a query reads. It refuses a query that reads something
// other than the views, its own common table expressions and the catalog. DuckDB's own settings are not enough. The views are read when the
// query runs, so DuckDB must be able to open files of the lake's directory then. Without this check a query could open the other files there by
// name, or write there by COPY … TO.
func inspect(ctx context.Context, conn *sql.Conn, text string) (tables []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	statements, err := parse(ctx, conn, withoutExplain(text))
	if err != nil {
		return nil, err
	}
	readable := viewNames()
	_ = eachNode(statements, func(node map[string]any) error { // this visit cannot fail
		if kind := word(node, "type"); kind == "BASE_TABLE" || kind == "SHOW_REF" {
			tables = append(tables, strings.Trim(word(node, "table_name"), `"`))
		}
		if ctes, ok := node["cte_map"].(map[string]any); ok {
			entries, _ := ctes["map"].([]any)
			for _, entry := range entries {
				if e, ok := entry.(map[string]any); ok {
					readable = append(readable, word(e, "key"))
				}
			}
		}
		return nil
	})
	return tables, eachNode(statements, func(node map[string]any) error { return checkSource(node, readable) })
}

// viewNames are the names of all views.
func viewNames() []string {
	names := []string{panels.Samples, panels.Once, panels.OTel}
	for _, r := range besidesSamples() {
		names = append(names, r.name)
	}
	return names
}

// harmless are the table functions that a query may call: they make rows of their arguments.
var harmless = []string{"range", "generate_series", "unnest", "repeat", "repeat_row"}

// plainName matches the names that are never a file's: a file that a query names has a dot, a slash, or a wildcard.
var plainName = regexp.MustCompile(`^[\pL_][\pL\pN_ ]*$`)

// checkSource refuses a node of a parsed query that reads something other than a view, a common table expression or the catalog.
func checkSource(node map[string]any, readable []string) error {
	switch word(node, "type") {
	case "TABLE_FUNCTION":
		function, _ := node["function"].(map[string]any)
		if called := word(function, "function_name"); !slices.Contains(harmless, strings.ToLower(called)) {
			return fmt.Errorf("the table function %s is not allowed here: a query reads %s, and no files", called, strings.Join(viewNames(), ", "))
		}
	case "BASE_TABLE":
		table, schema := word(node, "table_name"), word(node, "schema_name")
		if strings.EqualFold(schema, "information_schema") && plainName.MatchString(table) {
			return nil
		}
		same := func(known string) bool { return strings.EqualFold(known, table) }
		if schema != "" || word(node, "catalog_name") != "" || !plainName.MatchString(table) || !slices.ContainsFunc(readable, same) {
			return fmt.Errorf("there is no table %s here: a query reads %s, and no files", table, strings.Join(viewNames(), ", "))
		}
	case "SHOW_REF":
		if shown := strings.Trim(word(node, "table_name"), `"`); shown != "" && !plainName.MatchString(shown) {
			return fmt.Errorf("there is no table %s here: a query reads %s, and no files", shown, strings.Join(viewNames(), ", "))
		}
	}
	return nil
}

func word(node map[string]any, key string) string {
	text, _ := node[key].(string)
	return text
}

// eachNode calls visit with each object of a tree, until it fails.
func eachNode(tree any, visit func(map[string]any) error) error {
	switch t := tree.(type) {
	case map[string]any:
		if err := visit(t); err != nil {
			return err
		}
		for _, child := range t {
			if err := eachNode(child, visit); err != nil {
				return err
			}
		}
	case []any:
		for _, child := range t {
			if err := eachNode(child, visit); err != nil {
				return err
			}
		}
	}
	return nil
}
