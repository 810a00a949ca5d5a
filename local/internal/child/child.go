// Package child runs processes that belong to this one: a terminal's interrupt does not reach them, so that this process
// decides when they stop, and where the system can do it, they end when this process is killed.
package child

import (
	"os/exec"
	"runtime"
)

// Process is a started process.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start starts the command. It is waited for until it ends; see [Process.Done].
func Start(cmd *exec.Cmd) (*Process, error) {
	attach(cmd)
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The parent that Linux watches is the thread that started the process: it must live as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}

// Done is closed when the process has ended and its output is read.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is how the process ended, nil for exit status 0. It is known when Done is closed.
func (p *Process) Err() error { return p.err }

// Kill ends the process at once and waits until it has.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // fails where it has ended already
	<-p.done
}

// Terminate asks the process to stop.
func (p *Process) Terminate() { terminate(p.cmd.Process) }
