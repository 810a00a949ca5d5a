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

// The format is described in FORMAT.md. Numbers are little-endian, checksums CRC32C.
const (
	magic       = "MDSPOOL\n"
	version     = 1
	headerBytes = 32
	entryBytes  = 12 // of an entry besides its payload
	// MaxLine bounds a line. A sample has about 900 bytes, with 50 long tags less than 100,000.
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
	kindLine = 1
	kindAck  = 2 // payload: segment, offset up to which its lines are acknowledged
	kindDrop = 3 // payload: segment that was dropped (0: none), lines dropped so far
)

// marker begins each entry. Its first byte is in no UTF-8 text, so that the next entry after damage is found.
var marker = [2]byte{0xfe, 0xed}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Errors of headers.
var (
	errNoSegment = errors.New("no header of a segment")
	errVersion   = errors.New("written by another version of edge")
)

func appendHeader(dst []byte, id uint64, created time.Time) []byte {
	start := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint16(dst, version)
	dst = append(dst, 0, 0, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, id)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(created.UnixMilli()))
	h := dst[start:]
	binary.LittleEndian.PutUint32(h[12:], headerSum(h))
	return dst
}

func headerSum(h []byte) uint32 {
	return crc32.Update(crc32.Checksum(h[:12], castagnoli), castagnoli, h[16:headerBytes])
}

// checkHeader looks at the version before anything that a version may lay out otherwise, so that a later version's file is
// not taken for a damaged one.
func checkHeader(h []byte, id uint64) error {
	if len(h) < headerBytes || string(h[:len(magic)]) != magic {
		return errNoSegment
	}
	if v := binary.LittleEndian.Uint16(h[8:]); v != version {
		return fmt.Errorf("%w: format %d, this one knows %d", errVersion, v, version)
	}
	if binary.LittleEndian.Uint32(h[12:]) != headerSum(h) {
		return fmt.Errorf("%w: checksum differs", errNoSegment)
	}
	if got := binary.LittleEndian.Uint64(h[16:]); got != id {
		return fmt.Errorf("%w: it is of segment %d", errNoSegment, got)
	}
	return nil
}

// headerFields returns what a header says, for people to look at; zero where it is none.
func headerFields(h []byte) (v int, created time.Time) {
	if len(h) < headerBytes || string(h[:len(magic)]) != magic {
		return 0, created
	}
	v = int(binary.LittleEndian.Uint16(h[8:]))
	if v == version {
		created = time.UnixMilli(int64(binary.LittleEndian.Uint64(h[24:])))
	}
	return v, created
}

// appendEntry appends an entry. The first byte of dst is at offset base of its segment.
func appendEntry(dst []byte, base int64, kind byte, payload []byte) []byte {
	start := len(dst)
	dst = append(dst, marker[0], marker[1], kind, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	sum := entrySum(dst[start+2:start+8], payload, base+int64(start))
	dst = binary.LittleEndian.AppendUint32(dst, sum)
	return append(dst, payload...)
}

// appendPair appends an entry whose payload is two numbers.
func appendPair(dst []byte, base int64, kind byte, a, b uint64) []byte {
	var payload [16]byte
	binary.LittleEndian.PutUint64(payload[:], a)
	binary.LittleEndian.PutUint64(payload[8:], b)
	return appendEntry(dst, base, kind, payload[:])
}

// pairBytes is the size of an entry of two numbers.
const pairBytes = entryBytes + 16

// entrySum covers the place as well: an entry that is somewhere else is none.
func entrySum(head, payload []byte, offset int64) uint32 {
	var place [8]byte
	binary.LittleEndian.PutUint64(place[:], uint64(offset))
	sum := crc32.Checksum(head, castagnoli)
	sum = crc32.Update(sum, castagnoli, payload)
	return crc32.Update(sum, castagnoli, place[:])
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
