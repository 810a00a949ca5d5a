package config

import (
	"cmp"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// stateDir returns the default spool directory. The service manager's state directory wins (systemd.exec(5), StateDirectory=).
// Without one, it is the platform's directory for the state of programs: the machine's for root, the user's for others.
func stateDir(goos string, uid int, env func(string) string) string {
	const name = "metrics-edge"
	if dirs := env("STATE_DIRECTORY"); dirs != "" {
		first, _, _ := strings.Cut(dirs, ":")
		return first
	}
	switch {
	case goos == "windows":
		if dir := env("ProgramData"); dir != "" {
			return filepath.Join(dir, name)
		}
		return filepath.Join(`C:\ProgramData`, name)
	case uid == 0 && goos == "darwin":
		return "/Library/Application Support/" + name
	case uid == 0:
		return "/var/lib/" + name
	case goos == "darwin":
		return path.Join(env("HOME"), "Library/Application Support", name)
	}
	if dir := env("XDG_STATE_HOME"); path.IsAbs(dir) { // XDG Base Directory Specification: ignore relative paths
		return path.Join(dir, name)
	}
	return path.Join(env("HOME"), ".local/state", name)
}

// lookup returns a function that finds a variable in environ, which has the form of os.Environ.
func lookup(environ []string) func(string) string {
	return func(name string) string {
		for _, e := range environ {
			if k, v, _ := strings.Cut(e, "="); k == name {
				return v
			}
		}
		return ""
	}
}

// defaultFile is the configuration file that is read if nobody names one.
func defaultFile() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(cmp.Or(os.Getenv("ProgramData"), `C:\ProgramData`), "metrics-edge", "config.yaml")
	}
	return "/etc/metrics-edge/config.yaml"
}
