package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"
)

// FORMAT.md describes the format. Numbers are little-endian, checksums are CRC32C.
const (
	magic       = "MDSPOOL\n"
	version     = 1
	headerBytes = 36
	headBytes   = 20 // of an entry, before its payload
	// MaxLine is the longest line in bytes. A sample has about 1,100 bytes, about 4,000 with details, and less than 100,000 with 50 long
	// tags.
	MaxLine = 256 << 10
)

// Names of files.
const (
	lockName       = "lock"
	segmentSuffix  = ".seg"
	corruptSuffix  = ".corrupt"
	rejectedName   = "rejected.jsonl"
	rejectedBefore = "rejected.1.jsonl"
)

// Kinds of entries.
const (
	kindLine  = 1
	kindState = 2
)

// marker begins each entry. Its first byte never occurs in UTF-8 text, so the next entry can be found after damage.
var marker = [2]byte{0xfe, 0xed}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Errors of headers.
var (
	errHeader  = errors.New("the segment's header is damaged")
	errVersion = errors.New("written by another version of edge")
)

func appendHeader(dst []byte, id uint64, created time.Time) []byte {
	start := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint16(dst, version)
	dst = append(dst, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
	dst = binary.LittleEndian.AppendUint64(dst, id)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(created.UnixMilli()))
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start+16:], castagnoli))
}

// checkHeader returns nil, errVersion or errHeader. The first 16 bytes have the same layout in every version, so a file of a later
// version is not mistaken for a damaged one.
func checkHeader(h []byte, id uint64) error {
	if len(h) < 16 || string(h[:len(magic)]) != magic ||
		crc32.Checksum(h[:12], castagnoli) != binary.LittleEndian.Uint32(h[12:]) {
		return errHeader
	}
	if v := binary.LittleEndian.Uint16(h[8:]); v != version {
		return fmt.Errorf("%w: its format is %d, this version reads %d", errVersion, v, version)
	}
	if len(h) < headerBytes || binary.LittleEndian.Uint64(h[16:]) != id ||
		crc32.Checksum(h[16:32], castagnoli) != binary.LittleEndian.Uint32(h[32:]) {
		return errHeader
	}
	return nil
}

// headerFields returns the version and the creation time in a header. The version is 0 if there is no header.
func headerFields(h []byte) (v int, created time.Time) {
	if len(h) < 16 || string(h[:len(magic)]) != magic {
		return 0, created
	}
	v = int(binary.LittleEndian.Uint16(h[8:]))
	if v == version && len(h) >= headerBytes {
		created = time.UnixMilli(int64(binary.LittleEndian.Uint64(h[24:])))
	}
	return v, created
}

// head is the part of an entry before its payload.
type head struct {
	kind byte
	size int // of the payload
	line int // how many lines of the segment are before this entry
	sum  uint32
}

// lines returns how many lines the segment has up to and including this entry.
func (h head) lines() int {
	if h.kind == kindLine {
		return h.line + 1
	}
	return h.line
}

// appendEntry appends an entry to dst. line is how many lines of the segment are before it. The first byte of dst is at offset base of
// the segment.
func appendEntry(dst []byte, base int64, kind byte, line int, payload []byte) []byte {
	start := len(dst)
	dst = append(dst, marker[0], marker[1], kind, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(line))
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(payload, castagnoli))
	dst = binary.LittleEndian.AppendUint32(dst, headSum(dst[start:], base+int64(start)))
	return append(dst, payload...)
}

// parseHead returns the head in b, which is at an offset of a segment. ok is false if it is not a good one.
func parseHead(b []byte, offset int64) (h head, ok bool) {
	h = head{
		kind: b[2], size: int(binary.LittleEndian.Uint32(b[4:])), line: int(binary.LittleEndian.Uint32(b[8:])),
		sum: binary.LittleEndian.Uint32(b[12:]),
	}
	return h, [2]byte(b) == marker && h.size <= MaxLine && headSum(b[:16], offset) == binary.LittleEndian.Uint32(b[16:])
}

// headSum returns the checksum of a head. It includes the offset, so that a copy of an entry at another offset is not a good one.
func headSum(b []byte, offset int64) uint32 {
	var place [8]byte
	binary.LittleEndian.PutUint64(place[:], uint64(offset))
	return crc32.Update(crc32.Checksum(b[2:16], castagnoli), castagnoli, place[:])
}

// state is an entry about a segment: the one that has the entry, or an older one.
type state struct {
	segment uint64 // 0 if only the field lost has a meaning
	acked   int    // how many of its first lines are done: delivered or given up
	lines   int    // how many lines it has; 0 while lines are still appended
	lost    int64  // samples lost since the spool was first used
}

const (
	statePayload = 32
	stateBytes   = headBytes + statePayload
)

// appendState appends an entry that holds a state. The parameters are those of appendEntry.
func appendState(dst []byte, base int64, line int, s state) []byte {
	var p [statePayload]byte
	binary.LittleEndian.PutUint64(p[0:], s.segment)
	binary.LittleEndian.PutUint64(p[8:], uint64(s.acked))
	binary.LittleEndian.PutUint64(p[16:], uint64(s.lines))
	binary.LittleEndian.PutUint64(p[24:], uint64(s.lost))
	return appendEntry(dst, base, kindState, line, p[:])
}

// parseState returns the state in an entry's payload.
func parseState(p []byte) (s state, ok bool) {
	if len(p) < statePayload {
		return s, false
	}
	return state{
		segment: binary.LittleEndian.Uint64(p[0:]), acked: int(binary.LittleEndian.Uint64(p[8:])),
		lines: int(binary.LittleEndian.Uint64(p[16:])), lost: int64(binary.LittleEndian.Uint64(p[24:])),
	}, true
}

func segmentName(id uint64) string { return fmt.Sprintf("%020d%s", id, segmentSuffix) }

// segmentID returns the number in a segment's name.
func segmentID(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != 20 {
		return 0, false
	}
	id, err := strconv.ParseUint(digits, 10, 64)
	return id, err == nil && id > 0
}
