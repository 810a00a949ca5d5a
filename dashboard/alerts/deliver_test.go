package alerts

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

var errDied = errors.New("the process died")

// world is the storage and the receiver. Its process dies at a step: before or after the step has an effect. After that each step of the
// process fails, until the next process starts.
type world struct {
	content  []byte
	version  int
	received []Message

	step, dieAt int
	after       bool // whether the step that dies has an effect
	dead        bool
}

func (w *world) do(effect func() error) error {
	if w.dead {
		return errDied
	}
	w.step++
	if w.step != w.dieAt {
		return effect()
	}
	w.dead = true
	if w.after {
		_ = effect()
	}
	return errDied
}

func (w *world) versionText() string {
	if w.version == 0 {
		return ""
	}
	return fmt.Sprint(w.version)
}

func (w *world) Load(context.Context) (content []byte, version string, err error) {
	err = w.do(func() error { content, version = slices.Clone(w.content), w.versionText(); return nil })
	return content, version, err
}

func (w *world) Save(_ context.Context, content []byte, version string) (next string, err error) {
	err = w.do(func() error {
		if version != w.versionText() {
			return ErrConflict
		}
		w.content, w.version = slices.Clone(content), w.version+1
		next = w.versionText()
		return nil
	})
	return next, err
}

func (w *world) Send(_ context.Context, m Message) error {
	return w.do(func() error { w.received = append(w.received, m); return nil })
}

func (w *world) delivery() Delivery {
	return Delivery{Store: w, Receiver: w, Log: slog.New(slog.DiscardHandler)}
}

// run is one run of a process of its own.
func (w *world) run(ctx context.Context, now Now) error {
	w.dead = false
	turn, err := w.delivery().Begin(ctx, now.At)
	if err != nil {
		return err
	}
	_, err = turn.Tell(ctx, now)
	return err
}

// story is what happens to three hosts, run by run.
func story() []Now {
	cpu, worse, memory := problem("a", "CPU", Warning), problem("a", "CPU", Critical), problem("b", "Memory", Critical)
	abc := []string{"a", "b", "c"}
	return []Now{
		standing(after(0), abc, cpu),
		standing(after(5*time.Minute), abc, cpu, memory),
		standing(after(10*time.Minute), abc, worse, memory, silence("c")),
		standing(after(15*time.Minute), abc, worse, silence("c")),
		standing(after(5*time.Hour), abc[:2], worse),
		standing(after(6*time.Hour), abc),
		standing(after(7*time.Hour), abc, memory),
	}
}

// knowledge is what a receiver knows after messages, if it drops copies by id. It fails if a message says what the receiver knows already.
func knowledge(messages []Message) (known []string, copies int, err error) {
	ids := map[string]string{}
	for _, m := range messages {
		content := fmt.Sprint(changesOf(&m), m.At)
		if earlier, again := ids[m.ID]; again {
			copies++
			if content != earlier {
				return nil, 0, fmt.Errorf("message %s has another content the second time: %s, %s", m.ID, earlier, content)
			}
			continue
		}
		ids[m.ID] = content
		for _, c := range m.Changes {
			name := c.Problem.Host + " " + c.Problem.Name
			if knows := slices.Contains(known, name); knows == (c.Event == Raised) {
				return nil, 0, fmt.Errorf("%s %s, and the receiver knows %q", c.Event, name, known)
			}
			if c.Event == Raised {
				known = append(known, name)
			}
			if c.Event.ends() {
				known = slices.DeleteFunc(known, func(s string) bool { return s == name })
			}
		}
	}
	slices.Sort(known)
	return known, copies, nil
}

// If the process dies at any step of any run, no message is lost, and at most one is sent twice, with the same id and content.
func TestDiesAtEachStep(t *testing.T) {
	undisturbed := &world{}
	for _, now := range story() {
		if err := undisturbed.run(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	if len(undisturbed.received) != 7 {
		t.Fatalf("%d messages, want 7", len(undisturbed.received))
	}
	for step := 1; step <= undisturbed.step; step++ {
		for _, hasEffect := range []bool{false, true} {
			w := &world{dieAt: step, after: hasEffect}
			died := 0
			last := story()[len(story())-1]
			for _, now := range append(story(), last, last) {
				switch err := w.run(t.Context(), now); {
				case errors.Is(err, errDied):
					died++
				case err != nil:
					t.Fatalf("step %d: %v", step, err)
				}
			}
			if died != 1 {
				t.Errorf("step %d: %d runs died, want 1", step, died)
			}
			known, copies, err := knowledge(w.received)
			if err != nil || copies > 1 || !slices.Equal(known, []string{"b Memory"}) {
				t.Errorf("step %d, with effect %v: the receiver knows %q and got %d copies: %v", step, hasEffect, known, copies, err)
			}
		}
	}
}

// Two runs at the same time send one message.
func TestTwoRunsAtOnce(t *testing.T) {
	w := &world{}
	now := standing(noon, nil, problem("a", "CPU", Warning))
	d := w.delivery()
	d.Lease = time.Minute
	first, err := d.Begin(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	second, err := d.Begin(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Tell(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Tell(t.Context(), now); !errors.Is(err, ErrBusy) {
		t.Errorf("the second run: %v, want ErrBusy", err)
	}
	if len(w.received) != 1 {
		t.Errorf("%d messages, want 1", len(w.received))
	}
}

// A run leaves a message that another run may be sending, but not for longer than the other run can live.
func TestLease(t *testing.T) {
	w := &world{dieAt: 3, after: true} // load, save, send
	now := standing(noon, nil, problem("a", "CPU", Warning))
	if err := w.run(t.Context(), now); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	w.dead = false
	d := w.delivery()
	d.Lease = time.Minute
	if _, err := d.Begin(t.Context(), noon.Add(59*time.Second)); !errors.Is(err, ErrBusy) {
		t.Errorf("within the lease: %v, want ErrBusy", err)
	}
	for _, at := range []time.Time{noon.Add(time.Minute), noon.Add(-time.Hour)} { // a clock that went back must not block
		copied := *w
		d.Store, d.Receiver = &copied, &copied
		if _, err := d.Begin(t.Context(), at); err != nil || len(copied.received) != 2 || copied.received[0].ID != copied.received[1].ID {
			t.Errorf("at %v: %v, %d messages", at, err, len(copied.received))
		}
	}
}

// refusing refuses messages.
type refusing struct{ *world }

func (refusing) Send(context.Context, Message) error { return fmt.Errorf("404: %w", ErrRefused) }

// A message that the receiver refuses is made anew by the next run, of what stands then.
func TestRefused(t *testing.T) {
	w := &world{}
	d := w.delivery()
	d.Receiver = refusing{w}
	turn, err := d.Begin(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := turn.Tell(t.Context(), standing(noon, nil, problem("a", "CPU", Warning), silence("b"))); !errors.Is(err, ErrRefused) {
		t.Fatalf("%v, want ErrRefused", err)
	}
	if err := w.run(t.Context(), standing(after(time.Hour), []string{"b"}, problem("a", "CPU", Warning))); err != nil {
		t.Fatal(err)
	}
	if len(w.received) != 1 || !slices.Equal(changesOf(&w.received[0]), []string{"raised a CPU"}) {
		t.Errorf("received %v", w.received)
	}
}

// The first message says what stands. If nothing stands, there is none, and the next message is not the first.
func TestFirst(t *testing.T) {
	w := &world{}
	if err := w.run(t.Context(), standing(noon, nil, problem("a", "CPU", Warning), silence("b"))); err != nil {
		t.Fatal(err)
	}
	if len(w.received) != 1 || !w.received[0].First || len(w.received[0].Changes) != 2 {
		t.Errorf("the first run sent %v", w.received)
	}
	w = &world{}
	for _, now := range []Now{standing(noon, nil), standing(after(time.Minute), nil, problem("a", "CPU", Warning))} {
		if err := w.run(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.received) != 1 || w.received[0].First {
		t.Errorf("the second run sent %v", w.received)
	}
}

func TestStates(t *testing.T) {
	for content, want := range map[string]string{
		`{"version":2,"told":"another form"}`: "newer version wrote it: it is of version 2, and this program knows version 1",
		`{"version":1,"told":[]}`:             "",
		// A damaged state is replaced.
		`{"version":1,"told":[`:   "",
		`{"version":1,"told":{}}`: "",
		`{}`:                      "",
		`null`:                    "",
		"\x00\x00":                "",
	} {
		w := &world{content: []byte(content), version: 1}
		err := w.run(t.Context(), standing(noon, nil, problem("a", "CPU", Warning)))
		switch {
		case want == "" && (err != nil || len(w.received) != 1):
			t.Errorf("%q: %v, %d messages, want 1", content, err, len(w.received))
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || string(w.content) != content):
			t.Errorf("%q: %v, want %q and the state as it was", content, err, want)
		}
	}
}

// A host that is silent for longer than the rules look back stays silent, whatever else happens.
func TestLongSilence(t *testing.T) {
	w := &world{}
	for hour := range 50 {
		now := standing(after(time.Duration(hour)*time.Hour), []string{"b"})
		if hour < 2 {
			now = standing(now.At, []string{"b"}, silence("a"))
		}
		if err := w.run(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	known, _, err := knowledge(w.received)
	if err != nil || !slices.Equal(known, []string{"a " + panels.Silent}) || len(w.received) != 13 {
		t.Errorf("the receiver knows %q after %d messages: %v", known, len(w.received), err)
	}
	if value := w.received[12].Changes[0].Problem.Value; value != (48 * time.Hour).Seconds() {
		t.Errorf("the last reminder says %v s, want 48 h", value)
	}
}

// A state says when the rules ran, at least each hour. After a longer time the next look knows the hosts of that time, too.
func TestKnownSince(t *testing.T) {
	w := &world{}
	at := noon
	run := func() time.Time {
		t.Helper()
		turn, err := Delivery{Store: w, Receiver: w, Log: slog.New(slog.DiscardHandler)}.Begin(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		since := turn.KnownSince(at)
		if _, err := turn.Tell(t.Context(), standing(at, []string{"a"})); err != nil {
			t.Fatal(err)
		}
		return since
	}
	if since := run(); !since.Equal(noon.Add(-panels.ForgetAfter)) {
		t.Errorf("the first run knows hosts since %v", since)
	}
	for range 30 {
		at = at.Add(5 * time.Minute)
		if since := run(); !since.IsZero() {
			t.Fatalf("at %v hosts are known since %v", at, since)
		}
	}
	if w.version != 3 { // the first run, and the two hours
		t.Errorf("the state was written %d times", w.version)
	}
	at = at.Add(9 * time.Hour)
	if since := run(); since.Before(noon) || since.After(noon.Add(3*time.Hour)) {
		t.Errorf("after a pause of nine hours hosts are known since %v", since)
	}
	at = at.Add(2 * panels.ForgetAfter)
	if since := run(); !since.Equal(at.Add(-panels.ForgetAfter)) {
		t.Errorf("after two months hosts are known since %v", since)
	}
}

// frozenState is a state that the programs of a release left when they were killed while they sent a message. It must not change: later
// releases have to go on from there. `-freeze` writes that of today; give it a new name then.
const frozenState = "testdata/v1.json"

var freeze = flag.Bool("freeze", false, "write the state that this release leaves")

func TestFrozenState(t *testing.T) {
	if *freeze {
		w := &world{}
		for _, now := range story()[:2] {
			if err := w.run(t.Context(), now); err != nil {
				t.Fatal(err)
			}
		}
		w.dieAt = w.step + 3 // reads the state, notes what it is about to send, sends it
		if err := w.run(t.Context(), story()[2]); !errors.Is(err, errDied) {
			t.Fatal(err)
		}
		if err := os.WriteFile(frozenState, w.content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(frozenState)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{content: content, version: 1}
	if err := w.run(t.Context(), story()[3]); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range w.received {
		got = append(got, fmt.Sprint(m.At.Format("15:04 "), changesOf(&m)))
	}
	// First the message that was under way, then what changed since.
	want := []string{"12:10 [raised c " + panels.Silent + " escalated a CPU]", "12:15 [resolved b Memory]"}
	if !slices.Equal(got, want) {
		t.Errorf("the messages are %q, want %q", got, want)
	}
}
