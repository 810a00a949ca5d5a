// Package web is the page of the dashboard: HTML, style sheet and ES modules as they are served, and Apache ECharts,
// compressed. There is no build step: what is in static is what the browser gets. vendor.sh refreshes ECharts.
//
// It is files only; package server serves them.
package web

import (
	"embed"
	"io/fs"
)

//go:embed static
var files embed.FS

// Files returns the files of the page. A name ending in .gz is a compressed file to be served under its name without it.
func Files() (fs.FS, error) { return fs.Sub(files, "static") }
