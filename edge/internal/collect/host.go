package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
	pshost "github.com/shirou/gopsutil/v3/host"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// host collects the machine's identity, its uptime and the number of its processes.
type host struct {
	roots    Roots
	from     *readings
	identity identity
	known    bool
	readAt   time.Duration

	processes record.Int
	counted   bool
	countedAt time.Duration
	counting  *retry.State
}

// identity is what seldom changes.
type identity struct {
	hostname  string
	osVersion string
	cpuCount  int
	machineID string
}

// identityAfter is the age at which the identity is read again: people rename, upgrade and resize machines while they run.
const identityAfter = 10 * time.Minute

// countAfter is the age at which the processes are counted again. The kernel needs half a millisecond to list a thousand, more than
// for all other readings together.
const countAfter = 15 * time.Second

func newHost(from *readings, roots Roots, log *slog.Logger) *host {
	return &host{from: from, roots: roots, counting: retry.NewState(log, "counting processes")}
}

func (h *host) Collect(ctx context.Context, at Moment, s *record.Sample) error {
	var errs []error
	if !h.known || at.Mono-h.readAt >= identityAfter {
		errs = append(errs, h.identify(ctx))
		h.known, h.readAt = true, at.Mono
	}
	s.Hostname, s.OS, s.OSVersion, s.Arch = h.identity.hostname, runtime.GOOS, h.identity.osVersion, runtime.GOARCH
	s.MachineID = h.identity.machineID
	if h.identity.cpuCount > 0 {
		s.CPUCount = record.Some(int32(h.identity.cpuCount))
	}
	if !h.counted || at.Mono-h.countedAt >= countAfter {
		h.count(ctx)
		h.counted, h.countedAt = true, at.Mono
	}
	s.Procs = h.processes
	if uptime, err := h.from.uptime(ctx); err != nil {
		errs = append(errs, fmt.Errorf("uptime: %w", err))
	} else {
		s.UptimeS = record.Some(uptime)
	}
	return errors.Join(errs...)
}

// count counts the processes. If it cannot, the host collector does not fail: only this field is absent, and Health says why.
func (h *host) count(ctx context.Context) {
	h.processes = record.Int{}
	n, err := h.from.processes(ctx)
	switch {
	case err == nil:
		h.processes = record.Some(int32(n))
		h.counting.OK()
	case ctx.Err() == nil:
		h.counting.Failed(err)
	}
}

// Health implements [troubled].
func (h *host) Health() []*retry.State { return []*retry.State{h.counting} }

// identify reads the identity. What it cannot read stays as it was.
func (h *host) identify(ctx context.Context) error {
	var errs []error
	if name, err := h.hostname(); err != nil {
		errs = append(errs, fmt.Errorf("host name: %w", err))
	} else {
		h.identity.hostname = name
	}
	if v, err := h.osVersion(ctx); err != nil {
		errs = append(errs, fmt.Errorf("system version: %w", err))
	} else {
		h.identity.osVersion = v
	}
	if n, err := cpu.CountsWithContext(ctx, true); err != nil {
		errs = append(errs, fmt.Errorf("count cores: %w", err))
	} else {
		h.identity.cpuCount = n
	}
	if id, err := machineID(ctx, h.roots); err != nil {
		errs = append(errs, fmt.Errorf("machine ID: %w", err))
	} else {
		h.identity.machineID = id
	}
	return errors.Join(errs...)
}

// hostname returns the machine's name. A container has a name of its own, often a new one at each start. So if the host's /etc is
// mounted elsewhere, its hostname file comes first.
func (h *host) hostname() (string, error) {
	if h.roots.Etc != "/etc" {
		if text, err := os.ReadFile(filepath.Join(h.roots.Etc, "hostname")); err == nil {
			if name := strings.TrimSpace(string(text)); name != "" {
				return name, nil
			}
		}
	}
	return os.Hostname()
}

// osVersion reads os-release itself on Linux: gopsutil would start the program lsb_release if it is installed.
func (h *host) osVersion(ctx context.Context) (string, error) {
	if runtime.GOOS != "linux" {
		platform, _, version, err := pshost.PlatformInformationWithContext(ctx)
		return strings.TrimSpace(platform + " " + version), err
	}
	release, err := os.ReadFile(filepath.Join(h.roots.Etc, "os-release"))
	if errors.Is(err, os.ErrNotExist) {
		release, err = os.ReadFile(filepath.Join(h.roots.Root, "usr", "lib", "os-release"))
	}
	if errors.Is(err, os.ErrNotExist) {
		return "", nil // os-release(5) is not everywhere; the field stays absent
	}
	// Debian's os-release has only the major version. Elsewhere this file is missing or has a code name.
	point, _ := os.ReadFile(filepath.Join(h.roots.Etc, "debian_version"))
	return distribution(string(release), strings.TrimSpace(string(point))), err
}

// distribution returns name and version by os-release(5), such as "debian 12.5" or "ubuntu 24.04".
func distribution(release, debianVersion string) string {
	var id, version string
	for line := range strings.Lines(release) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			id = value
		case "VERSION_ID":
			version = value
		}
	}
	if id == "debian" || id == "raspbian" {
		if strings.HasPrefix(debianVersion, version+".") {
			version = debianVersion
		}
	}
	return strings.TrimSpace(id + " " + version)
}
