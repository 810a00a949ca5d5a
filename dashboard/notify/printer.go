package notify

import (
	"context"
	"fmt"
	"io"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
)

// Printer writes messages for people to a terminal. It is an [alerts.Receiver].
type Printer struct {
	Out     io.Writer
	Context alerts.Context
}

// printLimit bounds a message on a terminal, in bytes.
const printLimit = 4000

// Send implements [alerts.Receiver].
func (p Printer) Send(_ context.Context, m alerts.Message) error {
	_, err := fmt.Fprintf(p.Out, "\nAlert: %s\n%s\n", m.Subject(), m.Text(p.Context, alerts.Plain, printLimit))
	return err
}
