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

// application is the ID of this program: random, and never changed. `systemd-id128 machine-id --app-specific=` with this ID prints the
// machine_id of a machine's samples.
const application = "3b3735d3ea3845678500b5760f9dfe8c"

// machineID returns a hash of the machine's ID, or an empty string if the machine has none. On Linux the ID is that of machine-id(5).
// Elsewhere gopsutil finds it: the hardware's UUID on macOS, the registry's MachineGuid on Windows.
func machineID(ctx context.Context, roots Roots) (string, error) {
	if runtime.GOOS != "linux" {
		id, err := pshost.HostIDWithContext(ctx)
		return specificID(id), err
	}
	// The second file is older than systemd. On most systems with both it is a link to the first.
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

// specificID hashes a machine's ID together with the application's. machine-id(5) asks for that, because the ID itself would identify
// the machine to everyone. The hash is that of sd_id128_get_machine_app_specific(3): the first half of HMAC-SHA256 of the application's
// ID, with the machine's ID as the key, marked as a random UUID.
//
// The result is empty if id is not an ID: before its first boot, an image has an empty file or "uninitialized" (machine-id(5)).
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
