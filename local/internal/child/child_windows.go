package child

import (
	"os"
	"os/exec"
	"syscall"
)

func attach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// terminate kills: Windows has no signal that asks.
func terminate(p *os.Process) { _ = p.Kill() } // fails where it has ended already
