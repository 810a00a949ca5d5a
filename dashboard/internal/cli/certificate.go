package cli

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is a certificate in files. It follows the files, because a certificate is renewed every few weeks.
type certificate struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex // guards current and seen
	current *tls.Certificate
	seen    [2]time.Time // when the files were changed that were read last, usable or not
}

// newCertificate reads the files, so that a wrong one is an error at the start.
func newCertificate(cert, key string, log *slog.Logger) (*certificate, error) {
	c := &certificate{cert: cert, key: key, log: log}
	changed, err := c.changed()
	if err == nil {
		err = c.loadLocked(changed)
	}
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s, --tls-key %s: %w", cert, key, err)
	}
	return c, nil
}

func (c *certificate) changed() (at [2]time.Time, err error) {
	for i, path := range []string{c.cert, c.key} {
		info, err := os.Stat(path)
		if err != nil {
			return at, err
		}
		at[i] = info.ModTime()
	}
	return at, nil
}

func (c *certificate) loadLocked(changed [2]time.Time) error {
	c.seen = changed
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err == nil {
		c.current = &pair
	}
	return err
}

// get returns the certificate for a connection. If the new files are not usable, for example because only one of them is there
// yet, the certificate before stays.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed, err := c.changed()
	if err == nil && changed != c.seen {
		err = c.loadLocked(changed)
	}
	if err != nil {
		c.log.Warn("the certificate cannot be read again; the previous one stays in use", slog.Any("error", err))
	}
	return c.current, nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}
