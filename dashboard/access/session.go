package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"
)

// lifetime is how long a session lasts. It begins again with the page if half of it is over, so that a screen on a wall stays
// signed in.
const lifetime = 30 * 24 * time.Hour

const timeBytes = 8

// sign returns the value of a cookie that is valid until end: the time and its signature.
func (t token) sign(end time.Time) string {
	value := binary.BigEndian.AppendUint64(nil, uint64(end.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(value, t.mac(value)...))
}

func (t token) mac(value []byte) []byte {
	mac := hmac.New(sha256.New, t.key)
	mac.Write(value)
	return mac.Sum(nil)
}

// session returns the token that signed a cookie's value, and when the session ends.
func (ts Tokens) session(value string, now time.Time) (by token, end time.Time, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(raw) != timeBytes+sha256.Size {
		return by, end, false
	}
	for _, t := range ts {
		if hmac.Equal(raw[timeBytes:], t.mac(raw[:timeBytes])) {
			by, ok = t, true
		}
	}
	end = time.Unix(int64(binary.BigEndian.Uint64(raw)), 0)
	return by, end, ok && now.Before(end) && end.Sub(now) <= lifetime
}

// cookieName is the name of the cookie. With the prefix __Host- browsers take it only over HTTPS and from this very host.
func (g *Gate) cookieName() string {
	if g.options.Secure {
		return "__Host-dashboard"
	}
	return "dashboard"
}

func (g *Gate) setCookie(w http.ResponseWriter, value string, age time.Duration) {
	c := &http.Cookie{ //nolint:gosec // without TLS a browser would not send a cookie with Secure
		Name: g.cookieName(), Value: value, Path: "/", MaxAge: int(age.Seconds()), HttpOnly: true, Secure: g.options.Secure,
		SameSite: http.SameSiteLaxMode, // a link from a chat opens the page signed in
	}
	if g.options.Framed && g.options.Secure {
		// In a frame of another site browsers send only such a cookie. Partitioned keeps it apart for each site that embeds the page.
		c.SameSite, c.Partitioned = http.SameSiteNoneMode, true
	}
	http.SetCookie(w, c)
}
