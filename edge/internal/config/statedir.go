package config

import (
	"cmp"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// stateDir is where samples wait by default: where the service manager says (systemd.exec(5), StateDirectory=), else what
// the platform has for the state of programs, of the machine for root and of the user for others.
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
	if dir := env("XDG_STATE_HOME"); path.IsAbs(dir) { // others are to be ignored, XDG Base Directory Specification
		return path.Join(dir, name)
	}
	return path.Join(env("HOME"), ".local/state", name)
}

// lookup returns a variable of an environment in the form of os.Environ.
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

// defaultFile is the configuration file that is read where none is named.
func defaultFile() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(cmp.Or(os.Getenv("ProgramData"), `C:\ProgramData`), "metrics-edge", "config.yaml")
	}
	return "/etc/metrics-edge/config.yaml"
}
