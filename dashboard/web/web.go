// Package web holds the files of the page: HTML, style sheet, ES modules, and Apache ECharts, compressed. There is no build step:
// browsers get the files of static as they are. vendor.sh renews ECharts. `make lint` checks the JavaScript with ESLint, and with
// tsc by the types in its JSDoc comments.
//
// Package server serves the files.
package web

import (
	"embed"
	"io/fs"
)

//go:embed static
var files embed.FS

// Files returns the files of the page. A file whose name ends in .gz is compressed and is served under its name without .gz.
func Files() (fs.FS, error) { return fs.Sub(files, "static") }
