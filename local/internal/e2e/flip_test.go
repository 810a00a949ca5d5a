package e2e

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// times returns the number in an environment variable, or usual if it is not set. Longer runs set the variable.
func times(t testing.TB, variable string, usual int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

var lostRecords = regexp.MustCompile(`, and ([0-9,]+) records? under the error prefix|; ([0-9,]+) records? found damaged in the journal and lost`)

// A bit flips in the journal of a stack that was killed. The next start delivers each whole record unchanged and counts the others.
// LOCAL_FLIPS says how many flips are tried.
func TestFlippedJournal(t *testing.T) {
	const batches, each = 40, 5
	origin := t.TempDir()
	p := start(t, "up", "--dir", origin, "--listen", "127.0.0.1:0")
	put := map[string]bool{}
	for i := range batches {
		var records [][]byte
		for k := range each {
			host := fmt.Sprintf("host-%d-%d-%s", i, k, strings.Repeat("x", 100))
			put[host] = true
			records = append(records, fmt.Appendf(nil, `{"ts":%d,"hostname":%q}`, time.Now().Unix(), host))
		}
		putAll(t, p, records...)
	}
	p.kill()
	flips, whole, lostInAll := times(t, "LOCAL_FLIPS", 8), 0, 0
	rng := rand.New(rand.NewPCG(1, 1))
	for flip := range flips {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(origin)); err != nil {
			t.Fatal(err)
		}
		paths, err := fs.Glob(os.DirFS(dir), ".firehose/*/journal/*.log")
		if err != nil || len(paths) != 1 {
			t.Fatal(paths, err)
		}
		path := filepath.Join(dir, paths[0])
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bit := rng.IntN(8 * len(data))
		data[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		p := start(t, "up", "--dir", dir, "--listen", "127.0.0.1:0")
		output := p.stop(t)
		counted := 0
		for _, found := range lostRecords.FindAllStringSubmatch(output, -1) {
			n, err := strconv.Atoi(strings.ReplaceAll(found[1]+found[2], ",", ""))
			if err != nil {
				t.Fatal(err)
			}
			counted += n
		}
		arrived := map[string]int{}
		for _, v := range query(t, dir, "SELECT hostname FROM samples").Data[0] {
			arrived[v.(string)]++
		}
		lost := 0
		for host := range put {
			if arrived[host] == 0 {
				lost++
			}
		}
		for host, n := range arrived {
			if !put[host] || n != 1 {
				t.Errorf("flip %d, bit %d: %q came %d times", flip, bit, host, n)
			}
		}
		if lost != counted || lost > each {
			t.Errorf("flip %d, bit %d of %d: %d records lost, %d counted\n%s", flip, bit, 8*len(data), lost, counted, output)
		}
		if lost == 0 {
			whole++
		}
		lostInAll += lost
	}
	t.Logf("%d flips of one bit in the journal of %d records: %d cost nothing, %d records lost and counted, none changed", flips, len(put), whole, lostInAll)
}
