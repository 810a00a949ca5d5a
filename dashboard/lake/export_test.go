package lake

import "context"

// Inspect refuses a text that reads something else than the views, or that is not a query.
func (l *Lake) Inspect(ctx context.Context, text string) error {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return inspect(ctx, conn, text)
}

// OnStep makes a roller call f after each step that changes the lake's directory.
func (r *Roller) OnStep(f func(step string)) { r.step = f }

// InParts makes a roller roll up so many bytes of samples at a time.
func (r *Roller) InParts(bytes int64) { r.part = bytes }
