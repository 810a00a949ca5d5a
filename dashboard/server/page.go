package server

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"html/template"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/web"
)

// page holds the files of the page. Their addresses contain a version that all files share. So browsers can cache them forever
// and still get the files of a new release at once.
type page struct {
	version string
	index   asset
	login   *template.Template // with the function version
	files   map[string]asset
}

// asset is one file, plain and, if it is stored so, compressed.
type asset struct {
	etag  string
	kind  string
	plain []byte
	gzip  []byte // nil if it is not stored compressed
}

const (
	indexName = "index.html"
	loginName = "login.html"
)

func loadPage() (*page, error) {
	source, err := web.Files()
	if err != nil {
		return nil, err
	}
	p := &page{files: map[string]asset{}}
	all := sha256.New()
	err = fs.WalkDir(source, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(source, name)
		if err != nil {
			return err
		}
		all.Write([]byte(name))
		all.Write(content)
		a := asset{plain: content}
		if strings.HasSuffix(name, ".gz") {
			name = strings.TrimSuffix(name, ".gz")
			a.gzip = content
			if a.plain, err = expand(content); err != nil {
				return err
			}
		}
		a.kind = contentType(name)
		a.etag = etag(content)
		p.files[name] = a
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.version = hex.EncodeToString(all.Sum(nil))[:12]
	p.index = p.files[indexName]
	delete(p.files, indexName)
	p.index.plain = bytes.ReplaceAll(p.index.plain, []byte("{{version}}"), []byte(p.version))
	p.index.etag = etag(p.index.plain)
	p.login, err = template.New(loginName).Funcs(template.FuncMap{"version": func() string { return p.version }}).Parse(string(p.files[loginName].plain))
	if err != nil {
		return nil, err
	}
	delete(p.files, loginName)
	return p, nil
}

func expand(content []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func etag(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}

// contentType does not use the machine's own table for the names that the page has: the table may be wrong.
func contentType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return "text/plain; charset=utf-8"
	}
}

func (p *page) serveIndex(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	p.index.serve(w, r)
}

func (p *page) serveFile(w http.ResponseWriter, r *http.Request) {
	a, ok := p.files[r.PathValue("file")]
	if !ok || r.PathValue("version") != p.version {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	a.serve(w, r)
}

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("ETag", a.etag)
	content := a.plain
	if a.gzip != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			h.Set("ETag", strings.TrimSuffix(a.etag, `"`)+`-gz"`)
			content = a.gzip
		}
	}
	// ServeContent handles If-None-Match and HEAD.
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// acceptsGzip reports whether Accept-Encoding (RFC 9110, section 12.5.3) allows gzip.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight = strings.ReplaceAll(weight, " ", "")
			return weight != "q=0" && weight != "q=0.0" && weight != "q=0.00" && weight != "q=0.000"
		}
	}
	return false
}
