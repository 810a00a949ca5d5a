package collect

import (
	"cmp"
	"context"
	"os"
	"path/filepath"

	"github.com/shirou/gopsutil/v3/common"
)

// Roots are the directories from which a Linux kernel and distribution are read. If one is empty, gopsutil's environment variable
// gives it (HOST_PROC, HOST_SYS, HOST_ETC, HOST_ROOT), and without the variable it is the usual one. A collector in a container
// sets these variables to where it sees the host's directories.
type Roots struct {
	Proc string
	Sys  string
	Etc  string
	Root string // the directory that has the mount points
}

func (r Roots) withDefaults() Roots {
	return Roots{
		Proc: filepath.Clean(cmp.Or(r.Proc, os.Getenv(string(common.HostProcEnvKey)), "/proc")),
		Sys:  cmp.Or(r.Sys, os.Getenv(string(common.HostSysEnvKey)), "/sys"),
		Etc:  filepath.Clean(cmp.Or(r.Etc, os.Getenv(string(common.HostEtcEnvKey)), "/etc")),
		Root: cmp.Or(r.Root, os.Getenv(string(common.HostRootEnvKey)), "/"),
	}
}

// netDev is the file of the interfaces' counters. /proc/net leads to the network namespace of the process that reads it. If the host's
// /proc is mounted elsewhere, process 1 of that /proc has the host's namespace.
func (r Roots) netDev() string {
	if r.Proc != "/proc" {
		first := filepath.Join(r.Proc, "1")
		// If process 1 is hidden, fail: the sample must not have this container's traffic instead of the host's.
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
