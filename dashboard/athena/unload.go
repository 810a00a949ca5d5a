package athena

import (
	"context"
	"fmt"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Unload runs a query and writes its rows as Parquet objects below a folder of S3, such as s3://bucket/a/b/, which must have no object
// yet. If ctx ends, it stops the query. If it fails, it may leave objects: Athena does not remove them.
//
// Athena writes several objects at once. If the query has an order, the rows of each object are in that order, but rows of different
// objects are not. Zstandard needs version 3 of the engine; level 3 is the default. Sources: Athena user guide, "UNLOAD" and "Use ZSTD
// compression levels".
func (e *Engine) Unload(ctx context.Context, sql, folder string) (panels.Cost, error) {
	text := "UNLOAD (\n" + strings.TrimRight(sql, "; \t\r\n") + "\n) TO '" + strings.ReplaceAll(folder, "'", "''") +
		"' WITH (format = 'PARQUET', compression = 'ZSTD', compression_level = '9')"
	id, err := e.start(ctx, statement{text: text})
	if err != nil {
		return panels.Cost{}, err
	}
	execution, err := e.wait(ctx, id, 0)
	if err != nil {
		return panels.Cost{}, fmt.Errorf("unload to %s: %w", folder, err)
	}
	return e.count(execution), nil
}
