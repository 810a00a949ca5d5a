package collect

import (
	"cmp"
	"context"
	"os"
	"path/filepath"

	"github.com/shirou/gopsutil/v3/common"
)

// Roots are the places that a Linux kernel and distribution are read from. An empty one is taken from gopsutil's
// environment variable (HOST_PROC, HOST_SYS, HOST_ETC, HOST_ROOT), then from its usual place; a collector in a container
// that sees the host at another place sets those.
type Roots struct {
	Proc string
	Sys  string
	Etc  string
	Root string // what mount points are below
}

func (r Roots) withDefaults() Roots {
	return Roots{
		Proc: filepath.Clean(cmp.Or(r.Proc, os.Getenv(string(common.HostProcEnvKey)), "/proc")),
		Sys:  cmp.Or(r.Sys, os.Getenv(string(common.HostSysEnvKey)), "/sys"),
		Etc:  filepath.Clean(cmp.Or(r.Etc, os.Getenv(string(common.HostEtcEnvKey)), "/etc")),
		Root: cmp.Or(r.Root, os.Getenv(string(common.HostRootEnvKey)), "/"),
	}
}

// netDev is the file of the interfaces' counters. What /proc/net leads to is the network namespace of whoever reads it; that of
// the host, where its /proc is mounted elsewhere, is process 1's.
func (r Roots) netDev() string {
	if r.Proc != "/proc" {
		first := filepath.Join(r.Proc, "1")
		// Where process 1 is hidden, an error is better than the traffic of this container.
		if !exists(first) || exists(first, "net", "dev") {
			return filepath.Join(first, "net", "dev")
		}
	}
	return filepath.Join(r.Proc, "net", "dev")
}

// context returns a context that makes gopsutil read from the roots.
func (r Roots) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, common.EnvKey, r.environment())
}

func (r Roots) environment() common.EnvMap {
	return common.EnvMap{
		common.HostProcEnvKey: r.Proc,
		common.HostSysEnvKey:  r.Sys,
		common.HostEtcEnvKey:  r.Etc,
		common.HostRootEnvKey: r.Root,
	}
}

// exists reports whether a path below a root exists.
func exists(path ...string) bool {
	_, err := os.Stat(filepath.Join(path...))
	return err == nil
}
