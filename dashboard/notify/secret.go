package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Secret signs messages, so that a receiver knows who sent them. The scheme is that of Standard Webhooks 1.0.0
// (standardwebhooks.com), which has libraries for receivers in most languages.
type Secret []byte

// The length of a secret in bytes, by Standard Webhooks.
const (
	minSecret = 24
	maxSecret = 64
)

// ReadSecret reads a secret from a file: Base64, with or without the prefix whsec_.
func ReadSecret(file string) (Secret, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the secret of webhooks: %w", err)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(content)), "whsec_"))
	if err != nil || len(secret) < minSecret || len(secret) > maxSecret {
		return nil, fmt.Errorf("the secret in %s: want Base64 of %d to %d bytes, such as `openssl rand -base64 32` writes", file, minSecret, maxSecret)
	}
	return secret, nil
}

// sign returns the value of the header webhook-signature.
func (s Secret) sign(id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, s)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
