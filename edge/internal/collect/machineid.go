package collect

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	pshost "github.com/shirou/gopsutil/v3/host"
)

// application is this collector's ID, random and the same for ever. What `systemd-id128 machine-id --app-specific=` prints with it
// on a machine is the machine_id of its samples.
const application = "3b3735d3ea3845678500b5760f9dfe8c"

// machineID returns the machine's ID in a form that may leave it, empty where the machine has none. On Linux it is that of
// machine-id(5), elsewhere the one that gopsutil finds: the hardware's UUID on macOS, the registry's MachineGuid on Windows.
func machineID(ctx context.Context, roots Roots) (string, error) {
	if runtime.GOOS != "linux" {
		id, err := pshost.HostIDWithContext(ctx)
		return specificID(id), err
	}
	// The second one is older than systemd, and a link to the first on most systems that have both.
	for _, path := range []string{filepath.Join(roots.Etc, "machine-id"), filepath.Join(roots.Root, "var", "lib", "dbus", "machine-id")} {
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		if id := specificID(string(text)); id != "" {
			return id, nil
		}
	}
	return "", nil
}

// specificID hashes a machine's ID with the application's, as machine-id(5) asks for, because whoever knows the ID itself can
// recognize the machine anywhere. It is what sd_id128_get_machine_app_specific(3) does: the first half of HMAC-SHA256 of the
// application's ID with the machine's as the key, marked as a random UUID.
//
// It is empty for what is not an ID: an image that is not booted yet has an empty file or "uninitialized" there (machine-id(5)).
func specificID(id string) string {
	key, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(id), "-", ""))
	if err != nil || len(key) != 16 || [16]byte(key) == [16]byte{} {
		return ""
	}
	message, _ := hex.DecodeString(application)
	mac := hmac.New(sha256.New, key)
	mac.Write(message) // never fails, see hash.Hash
	sum := mac.Sum(nil)[:16]
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	return hex.EncodeToString(sum)
}
