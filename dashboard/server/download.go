package server

import (
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/output"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// sql answers with a panel's query in two forms: for `dashboard query`, and for Athena's console.
func (s *server) sql(w http.ResponseWriter, r *http.Request) {
	q, ok := values(w, r)
	if !ok {
		return
	}
	panel, params, ok := s.asked(w, r, r.PathValue("id"), q)
	if !ok {
		return
	}
	texts := map[string]string{}
	forms := map[string]panels.Form{"local": panels.DuckDB(), "athena": panels.Athena(s.options.Table)}
	own := s.engine.Form(r.Context()) // it knows the rollups
	forms[own.Name()] = own
	for name, form := range forms {
		text, err := panels.Literal(panel, params, form)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		texts[name] = text
	}
	writeJSON(w, http.StatusOK, texts)
}

var downloads = map[string]string{"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8"}

// download answers with a panel's data as a file: CSV, or JSON with an array of objects.
func (s *server) download(w http.ResponseWriter, r *http.Request) {
	q, ok := values(w, r)
	if !ok {
		return
	}
	format := q.Get("format")
	kind, ok := downloads[format]
	if !ok || len(q["format"]) > 1 {
		writeError(w, http.StatusBadRequest, "format must be csv or json")
		return
	}
	q.Del("format")
	panel, params, ok := s.asked(w, r, r.PathValue("id"), q)
	if !ok {
		return
	}
	a, ok := s.data(w, r, panel, params)
	if !ok {
		return
	}
	result := a.result
	const layout = "20060102T150405Z"
	from := params.Range.To.Add(-a.query.Shown) // of what the panel shows, which may not be the chosen range
	name := fmt.Sprintf("%s_%s_%s.%s", panel.ID, from.Format(layout), params.Range.To.Format(layout), format)
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if format == "csv" {
		disarm(result)
	} else {
		format = output.JSONArray
	}
	out, err := output.New(format, w)
	if err == nil {
		err = output.Copy(out, result)
	}
	if err != nil {
		s.options.Log.Warn("download not complete", slog.String("panel", panel.ID), slog.Any("error", err))
	}
}

// disarm puts an apostrophe before texts that a spreadsheet would compute as a formula when it opens the file. Such a text can be
// a host name, which comes from a machine. The apostrophe marks the cell as text.
func disarm(r panels.Result) {
	for _, column := range r.Data {
		for i, v := range column {
			if text, ok := v.(string); ok && text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
				column[i] = "'" + text
			}
		}
	}
}
