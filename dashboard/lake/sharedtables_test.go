package lake

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestSharedTables: a table is made once for all that ask at the same time, the next one tries if it cannot be made, and it is dropped some
// time after its last reader.
func TestSharedTables(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dropped := make(chan string, 2)
		tables := &sharedTables{tables: map[string]*sharedTable{}, drop: func(name string) { dropped <- name }}
		made := 0
		begin, end := make(chan struct{}), make(chan struct{})
		failing := errors.New("no such file")
		go func() {
			if _, err := tables.use(t.Context(), "a", func() error { close(begin); <-end; return failing }); !errors.Is(err, failing) {
				t.Errorf("the first one gets %v", err)
			}
		}()
		<-begin
		gone, cancel := context.WithCancel(t.Context())
		go func() {
			if _, err := tables.use(gone, "a", func() error { made += 10; return nil }); !errors.Is(err, context.Canceled) {
				t.Errorf("the one that is gone gets %v", err)
			}
		}()
		releases := make(chan func(), 3)
		for range 3 {
			go func() {
				release, err := tables.use(t.Context(), "a", func() error { made++; return nil })
				if err != nil {
					t.Error(err)
				}
				releases <- release
			}()
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(end)
		synctest.Wait()
		if made != 1 || len(releases) != 3 {
			t.Fatalf("made %d times, for %d", made, len(releases))
		}
		for range 2 {
			(<-releases)()
		}
		time.Sleep(2 * sharedIdle)
		if len(dropped) > 0 {
			t.Errorf("dropped %s, which is in use", <-dropped)
		}
		(<-releases)()
		time.Sleep(sharedIdle / 2)
		release, err := tables.use(t.Context(), "a", func() error { made++; return nil })
		if err != nil || made != 1 {
			t.Errorf("soon after its last reader, it is made again: %v", err)
		}
		time.Sleep(sharedIdle)
		release()
		time.Sleep(sharedIdle - time.Millisecond)
		if len(dropped) > 0 {
			t.Errorf("dropped %s too soon", <-dropped)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if len(dropped) != 1 || len(tables.tables) > 0 {
			t.Errorf("dropped %d tables, kept %v", len(dropped), tables.tables)
		}
	})
}
