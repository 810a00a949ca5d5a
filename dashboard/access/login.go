package access

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxForm is the greatest length of a sent login form in bytes.
const maxForm = 16 << 10

// login shows the form, or takes the token that was sent with it.
func (g *Gate) login(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		g.form(w, http.StatusOK, Form{To: r.URL.Query().Get("to")})
	case http.MethodPost:
		g.signIn(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "only GET and POST are allowed", http.StatusMethodNotAllowed)
	}
}

func (g *Gate) signIn(w http.ResponseWriter, r *http.Request) {
	if err := g.cross.Check(r); err != nil {
		http.Error(w, "forms of other sites are not served", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	form := Form{To: r.PostForm.Get("to")}
	found, limited := g.try(r, strings.TrimSpace(r.PostForm.Get("token")))
	switch {
	case limited:
		g.tooMany(w)
	case found == nil:
		form.Error = "This token is not valid."
		g.form(w, http.StatusUnauthorized, form)
	default:
		g.setCookie(w, found.sign(g.options.Now().Add(lifetime)), lifetime)
		w.Header().Set("Cache-Control", "no-store")
		to, _ := url.ParseQuery(form.To) // what cannot be read is left out
		http.Redirect(w, r, "/?"+to.Encode(), http.StatusSeeOther)
	}
}

func (g *Gate) logout(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only POST is allowed", http.StatusMethodNotAllowed)
		return
	}
	if err := g.cross.Check(r); err != nil {
		http.Error(w, "forms of other sites are not served", http.StatusForbidden)
		return
	}
	g.setCookie(w, "", -time.Second)
	w.WriteHeader(http.StatusNoContent)
}

// form answers with the login form. Its policy is that of the page, but it may send its form to this server.
func (g *Gate) form(w http.ResponseWriter, status int, form Form) {
	var b bytes.Buffer
	if err := g.options.Login.Execute(&b, form); err != nil {
		g.options.Log.Error("write the login form", slog.Any("error", err))
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "form-action 'none'", "form-action 'self'", 1))
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // it fails only if the client is gone
}
