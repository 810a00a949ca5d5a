package collect

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"

	pshost "github.com/shirou/gopsutil/v3/host"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// machineID returns a hash of the machine's ID, or an empty string if the machine has none. On Linux the ID is that of machine-id(5).
// Elsewhere gopsutil finds it: the hardware's UUID on macOS, the registry's MachineGuid on Windows.
func machineID(ctx context.Context, roots Roots) (string, error) {
	if runtime.GOOS != "linux" {
		id, err := pshost.HostIDWithContext(ctx)
		return record.MachineID(id), err
	}
	// The second file is older than systemd. On most systems with both it is a link to the first.
	for _, path := range []string{filepath.Join(roots.Etc, "machine-id"), filepath.Join(roots.Root, "var", "lib", "dbus", "machine-id")} {
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		if id := record.MachineID(string(text)); id != "" {
			return id, nil
		}
	}
	return "", nil
}
