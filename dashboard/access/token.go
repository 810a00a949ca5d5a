package access

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"os"
)

// Tokens are the secrets that let a viewer in. There may be several, so that a new one can be handed out before the old one goes.
type Tokens []token

// token holds what is needed of a secret, not the secret itself.
type token struct {
	digest [sha256.Size]byte
	key    []byte // signs the cookies
}

const (
	// minToken is the least length of a token. 32 hexadecimal digits are 128 random bits, which cannot be guessed.
	minToken = 32
	maxToken = 1024
	maxFile  = 64 << 10
)

// ReadTokens reads a file with one token a line. Empty lines and space around a token do not count.
func ReadTokens(path string) (Tokens, error) {
	const hint = "write one with: openssl rand -hex 32"
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the tokens: %w", err)
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("the file of tokens %s is longer than %d bytes; want one token a line", path, maxFile)
	}
	var tokens Tokens
	for i, line := range bytes.Split(content, []byte("\n")) {
		secret := bytes.TrimSpace(line)
		switch {
		case len(secret) == 0:
			continue
		case len(secret) < minToken || len(secret) > maxToken:
			return nil, fmt.Errorf("line %d of %s: a token has %d to %d characters, this one has %d; %s", i+1, path, minToken, maxToken, len(secret), hint)
		case bytes.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
			return nil, fmt.Errorf("line %d of %s: a token has printable ASCII characters only and no space; %s", i+1, path, hint)
		}
		tokens = append(tokens, newToken(secret))
	}
	if len(tokens) == 0 {
		return nil, errors.New("the file of tokens " + path + " holds no token; " + hint)
	}
	return tokens, nil
}

func newToken(secret []byte) token {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("session cookies of the dashboard"))
	return token{digest: sha256.Sum256(secret), key: mac.Sum(nil)}
}

// find returns the token that equals text. It compares digests with all tokens, in a time that does not depend on the text.
func (ts Tokens) find(text string) (found token, ok bool) {
	digest := sha256.Sum256([]byte(text))
	for _, t := range ts {
		if subtle.ConstantTimeCompare(digest[:], t.digest[:]) == 1 {
			found, ok = t, true
		}
	}
	return found, ok
}
