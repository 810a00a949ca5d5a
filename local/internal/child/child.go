// Package child runs processes that belong to this one. An interrupt from the terminal does not reach them: this process decides when
// they stop. On Linux they also end when this process is killed.
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

// Start starts the command, and calls line with each line of its two outputs, without the line break. The calls come one after another, the
// last one before [Process.Done] is closed. A line of more than maxLine bytes comes in parts.
func Start(cmd *exec.Cmd, line func(string)) (*Process, error) {
	attach(cmd)
	output := &lines{call: line}
	cmd.Stdout, cmd.Stderr = output, output
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// On Linux Pdeathsig fires when the thread that started the process ends. This thread must live until the process ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait() // returns after the last Write
			output.end()
			close(p.done)
		}
	}()
	return p, <-started
}

// Done is closed when the process has ended and its output is read.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the process ended; it is nil for exit status 0. Call it only after Done is closed.
func (p *Process) Err() error { return p.err }

// Kill ends the process at once and waits for its end.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // fails if the process has ended already
	<-p.done
}

// Terminate asks the process to stop.
func (p *Process) Terminate() { terminate(p.cmd.Process) }
