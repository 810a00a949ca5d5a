package collect

import (
	"bytes"
	"strings"
)

// unitOf returns the service, container or pod that the path of a control group names, empty if it names none. The innermost one
// counts: a container may run in a service, and a service of a user runs in that of the user's service manager.
func unitOf(path string) string {
	for path = strings.TrimRight(path, "/"); path != ""; {
		at := strings.LastIndexByte(path, '/')
		if unit := unitName(path[at+1:]); unit != "" {
			return unit
		}
		path = path[:max(at, 0)]
	}
	return ""
}

// unitName returns the unit that one part of a path names. These are:
//
//	ssh.service                          a service of systemd
//	docker-<ID>.scope, <ID>              a container of Docker, with the systemd and the cgroupfs driver
//	libpod-<ID>.scope                    one of Podman
//	cri-containerd-<ID>.scope            one of Kubernetes; others are crio-<ID>.scope and …:cri-containerd:<ID>
//	lxc.payload.<name>                   one of LXC
//	kubepods-burstable-pod<UID>.slice    a pod of Kubernetes, with the systemd driver; pod<UID> with the cgroupfs driver
func unitName(part string) string {
	if strings.HasSuffix(part, ".service") {
		return part
	}
	if name, is := strings.CutPrefix(part, "lxc.payload."); is {
		return name
	}
	part = strings.TrimSuffix(part, ".scope")
	id := part[strings.LastIndexAny(part, "-:")+1:]
	if len(id) == idLength && isHex(id) {
		return id[:shortID]
	}
	return podName(strings.TrimSuffix(part, ".slice"))
}

const (
	idLength = 64 // of a container's ID
	shortID  = 12 // of what docker ps shows of it
	shortPod = 8  // the first group of a pod's UID
)

// podName returns the name of a pod by its UID, which has 32 hexadecimal digits and perhaps - or _ between them.
func podName(part string) string {
	at := strings.LastIndex(part, "pod")
	if at < 0 || at > 0 && part[at-1] != '-' {
		return ""
	}
	uid := part[at+len("pod"):]
	if digits := strings.NewReplacer("-", "", "_", "").Replace(uid); len(digits) != 32 || !isHex(digits) {
		return ""
	}
	return "pod-" + uid[:shortPod]
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// unitNames finds the unit of a process and remembers the answers.
type unitNames map[string]string

// maxUnitNames bounds the memory: each start of a container makes a new path.
const maxUnitNames = 2000

// of returns the unit of a process by its file cgroup (cgroups(7)), whose lines are
//
//	hierarchy:controllers:path
//
// Version 2 has one hierarchy, 0. With version 1 each has its own path, and some tools put a process into a few of them only.
func (u unitNames) of(file []byte) string {
	if unit, known := u[string(file)]; known {
		return unit
	}
	if len(u) >= maxUnitNames {
		clear(u)
	}
	unit := ""
	for line := range bytes.Lines(file) {
		parts := bytes.SplitN(bytes.TrimSuffix(line, []byte("\n")), []byte(":"), 3)
		if len(parts) < 3 {
			continue
		}
		name := unitOf(string(parts[2]))
		if name != "" && (unit == "" || len(parts[1]) == 0 || string(parts[1]) == "name=systemd") {
			unit = name
		}
	}
	unit = text(strings.Clone(unit))
	u[string(file)] = unit
	return unit
}
