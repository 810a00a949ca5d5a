package cli_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/cli"
)

const secret = "5f1d0c6a9b3e47d28c15e6f7a0b9d4c3"

func TestTeamOptionsAreChecked(t *testing.T) {
	lake := fixture(t)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"TLS alone":                 {[]string{"--listen", "0.0.0.0:0", "--tls-cert", "a", "--tls-key", "b"}, 2, "--token-file"},
		"public URL alone":          {[]string{"--listen", "0.0.0.0:0", "--public-url", "https://m.example.com"}, 2, "--token-file"},
		"header from everywhere":    {[]string{"--listen", "0.0.0.0:0", "--trust-header", "X-User", "--public-url", "https://m.example.com", "--token-file", token}, 2, "listen on 127.0.0.1"},
		"header without public URL": {[]string{"--trust-header", "X-User"}, 2, "needs --public-url"},
		"bad header":                {[]string{"--trust-header", "X User", "--public-url", "https://m.example.com"}, 2, "name of a header"},
		"certificate alone":         {[]string{"--tls-cert", "a"}, 2, "go together"},
		"key alone":                 {[]string{"--tls-key", "a"}, 2, "go together"},
		"no such certificate":       {[]string{"--tls-cert", token + "x", "--tls-key", token}, 1, token + "x"},
		"no certificate":            {[]string{"--tls-cert", token, "--tls-key", token}, 1, "PEM"},
		"short token":               {[]string{"--token-file", token}, 1, "openssl rand -hex 32"},
		"no token file":             {[]string{"--token-file", token + "x"}, 1, token + "x"},
		"public URL with path":      {[]string{"--public-url", "https://m.example.com/metrics"}, 2, "without a path"},
		"public URL, no scheme":     {[]string{"--public-url", "m.example.com"}, 2, "--public-url"},
		"embed everything":          {[]string{"--embed-origin", "*"}, 2, "without a path or a wildcard"},
		"embed a wildcard":          {[]string{"--embed-origin", "https://*.example.com"}, 2, "wildcard"},
		"embed another directive":   {[]string{"--embed-origin", "https://a.example; script-src *"}, 2, "--embed-origin"},
		"embed two in one":          {[]string{"--embed-origin", "https://a.example https://b.example"}, 2, "--embed-origin"},
		"embed a path":              {[]string{"--embed-origin", "https://a.example/x"}, 2, "--embed-origin"},
		"embed a scheme":            {[]string{"--embed-origin", "data:text/html"}, 2, "--embed-origin"},
		"embed a keyword":           {[]string{"--embed-origin", "'self'"}, 2, "--embed-origin"},
		"forgets within an hour":    {[]string{"--forget-after", "1h"}, 2, "--forget-after 1h0m0s: want a duration from 24h"},
		"all at once":               {[]string{"--listen", ":0", "--embed-origin", "*", "--tls-key", "a"}, 2, "--tls-cert and --tls-key"},
	} {
		t.Run(name, func(t *testing.T) {
			if code, _, stderr := run(t, "", append([]string{"serve", "--lake", lake}, c.args...)...); code != c.code || !strings.Contains(stderr, c.want) {
				t.Errorf("code %d, want %d, stderr %q, want %q", code, c.code, stderr, c.want)
			}
		})
	}
}

// TestTeamPage serves on all addresses with a token and TLS, as a team would, and renews the certificate.
func TestTeamPage(t *testing.T) {
	dir := t.TempDir()
	token, cert, key := filepath.Join(dir, "token"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := os.WriteFile(token, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	writeCertificate(t, cert, key, 1, roots)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- cli.Main(ctx, []string{"serve", "--lake", fixture(t), "--listen", "0.0.0.0:0", "--token-file", token, "--tls-cert", cert, "--tls-key", key},
			nil, io.Discard, writer)
		if err := writer.Close(); err != nil {
			t.Error(err)
		}
	}()
	line := make([]byte, 4096)
	n, err := reader.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	found := regexp.MustCompile(`https://\S+:(\d+)/`).FindStringSubmatch(string(line[:n]))
	if found == nil {
		t.Fatalf("the program says %s", line[:n])
	}
	address := "https://127.0.0.1:" + found[1]
	ask := func(bearer string) (status int, serial int64) {
		t.Helper()
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
		defer client.CloseIdleConnections()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/api/dashboards", nil)
		if err != nil {
			t.Fatal(err)
		}
		if bearer != "" {
			r.Header.Set("Authorization", "Bearer "+bearer)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.StatusCode, answer.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if status, _ := ask(""); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
	if status, serial := ask(secret); status != http.StatusOK || serial != 1 {
		t.Errorf("with the token: %d, certificate %d", status, serial)
	}
	// A certificate without its key leaves the one before in place.
	writeCertificate(t, cert, filepath.Join(dir, "elsewhere.pem"), 2, roots)
	if status, serial := ask(secret); status != http.StatusOK || serial != 1 {
		t.Errorf("with half a certificate: %d, certificate %d", status, serial)
	}
	writeCertificate(t, cert, key, 3, roots)
	if status, serial := ask(secret); status != http.StatusOK || serial != 3 {
		t.Errorf("after the renewal: %d, certificate %d", status, serial)
	}
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("ended with %d", code)
	}
}

// writeCertificate writes a certificate that signs itself. Its files' times differ from those of other serials.
func writeCertificate(t *testing.T, cert, key string, serial int64, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	changed := time.Now().Add(time.Duration(serial) * time.Minute)
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, changed, changed); err != nil {
			t.Fatal(err)
		}
	}
}
