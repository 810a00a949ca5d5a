package ship

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// Firehose bills each record rounded up to a multiple of 5,120 bytes (a step), at ingest and again at conversion. So a sample costs
// least in a record whose last step is full. Samples also compress better together. Therefore:
//
//   - When the oldest sample is due, all that wait are packed: at the defaults about 40 samples in one step.
//   - A pack has samples of one UTC hour, because a record has one partition. It has at most maxSteps steps, far below Firehose's
//     limit, so that the transform's input and output stay small. It ends where a step is full.
//   - If the last pack has just begun another step, its newest samples wait for the next pack, as long as that lowers the bill per
//     sample. They are not due yet. The first samples of a new hour also wait for those that follow. While more backlog waits, the
//     samples that do not fill a pack wait for the next round.
//
// Most CPU time of shipping is compression. A pack is compressed when it is built, not at each sample: once if it has one step,
// a few times if a full step must be found.
const (
	step     = record.BilledStep
	maxSteps = 10
	// maxRaw bounds a pack in bytes before compression. It matters for samples that compress very well.
	maxRaw = 1 << 20
)

// pack is a record and the number of lines in it. If data is nil, its lines are not samples.
type pack struct {
	data  []byte
	lines int
	done  bool // accepted
}

// tail says what to do with the last pack, which later lines could still join.
type tail int

const (
	tailCut  tail = iota // its newest samples may wait: all of them if they begin a new hour, else those of its last step if a sample then costs less
	tailKeep             // it is sent as it is: no later lines will join it
	tailWait             // it waits for lines that are in the queue, unless it is the only pack
)

// packer makes packs. It keeps its buffers, and the compression ratio of the last pack, for the next pack.
type packer struct {
	writer record.PackWriter
	ratio  float64 // compressed bytes per raw byte in the last pack
}

// pack makes packs of the lines, in order. It packs at least the first line, but may leave lines at the end for later.
func (p *packer) pack(lines [][]byte, t tail) (packs []pack, err error) {
	var before record.Hour // of the last record; 0 if there is none
	for len(lines) > 0 {
		hour, n := oneHour(lines)
		if n == 0 {
			packs = append(packs, pack{lines: 1})
			lines = lines[1:]
			continue
		}
		last := n == len(lines)
		next, err := p.fit(lines[:n], hour, maxSteps*step)
		if err != nil {
			return nil, err
		}
		if next.lines == n && last {
			switch {
			case t == tailWait && len(packs) > 0, t == tailCut && before != 0 && before != hour:
				return packs, nil
			case t == tailCut:
				if next, err = p.cutStep(next, lines, hour); err != nil {
					return nil, err
				}
			}
			return append(packs, next), nil
		}
		packs, before = append(packs, next), hour
		lines = lines[next.lines:]
	}
	return packs, nil
}

// cutStep removes the last step of a pack that has all lines, if that lowers the bill per sample.
func (p *packer) cutStep(whole pack, lines [][]byte, hour record.Hour) (pack, error) {
	steps := (len(whole.data) + step - 1) / step
	if steps < 2 {
		return whole, nil
	}
	cut, err := p.fit(lines, hour, (steps-1)*step)
	if err != nil || len(cut.data) > (steps-1)*step || cut.lines*steps <= whole.lines*(steps-1) {
		return whole, err
	}
	return cut, nil
}

// fit makes a pack of as many lines as compress to at most bound bytes, and of at least one. It stops searching if the rest of bound
// is less than half a line.
func (p *packer) fit(lines [][]byte, hour record.Hour, bound int) (best pack, err error) {
	raw, most := 0, 0 // bytes and lines within maxRaw
	for most < len(lines) && (most == 0 || raw+len(lines[most]) < maxRaw) {
		raw += len(lines[most]) + 1
		most++
	}
	tooMany := most + 1
	guess := most
	if p.ratio > 0 && float64(raw)*p.ratio > float64(bound) {
		guess = int(float64(most) * float64(bound) / (float64(raw) * p.ratio))
	}
	for tries := 0; tries < 8 && best.lines < tooMany-1; tries++ {
		guess = min(max(guess, best.lines+1), tooMany-1)
		data, err := p.compress(lines[:guess], hour)
		if err != nil {
			return best, err
		}
		perLine := float64(len(data)) / float64(guess)
		if len(data) > bound && guess > 1 {
			tooMany = guess
		} else {
			best = pack{data: bytes.Clone(data), lines: guess}
			if float64(bound-len(data)) < perLine/2 {
				break
			}
		}
		guess = int(float64(bound) / perLine)
	}
	return best, nil
}

// compress returns the lines as a pack, valid until the next call. Lines with details (once a minute: lists of
// processes, filesystems and so on) are much longer than others. They go first: as neighbours they are within the 32 KiB in which gzip finds
// repeated text.
func (p *packer) compress(lines [][]byte, hour record.Hour) ([]byte, error) {
	p.writer.Reset()
	shortest := len(slices.MinFunc(lines, func(a, b []byte) int { return cmp.Compare(len(a), len(b)) }))
	for _, long := range [...]bool{true, false} {
		for _, l := range lines {
			if (len(l) >= 2*shortest) != long {
				continue
			}
			if err := p.writer.Add(l, hour); err != nil {
				return nil, err
			}
		}
	}
	data, err := p.writer.Bytes()
	if err == nil {
		p.ratio = float64(len(data)) / float64(p.writer.RawBytes())
	}
	return data, err
}

// oneHour returns how many of the first lines are of one hour, and that hour. n is 0 if the first line is not a sample.
func oneHour(lines [][]byte) (hour record.Hour, n int) {
	for n < len(lines) {
		ts, ok := TSOf(lines[n])
		if !ok || n > 0 && record.HourOf(ts) != hour {
			break
		}
		hour = record.HourOf(ts)
		n++
	}
	return hour, n
}

// TSOf returns the ts of a line. It is always the first field (package record).
func TSOf(line []byte) (float64, bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"ts":`))
	if !ok {
		return 0, false
	}
	end := bytes.IndexAny(rest, ",}")
	if end < 0 {
		return 0, false
	}
	ts, err := jsonscan.ParseFloat(rest[:end])
	return ts, err == nil
}
