package child

import (
	"os"
	"os/exec"
	"syscall"
)

func attach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// terminate kills the process: Windows does not have a signal that asks a process to end.
func terminate(p *os.Process) { _ = p.Kill() } // fails if the process has ended already
