package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"iter"
)

// A segment is a sequence of frames. A frame is a header and its data. All numbers are little-endian:
//
//	offset  bytes  what
//	0       4      "MDJ2"
//	4       4      kind, then three zeros
//	8       4      length of the data
//	12      8      sequence number of the record, 0 in a state
//	20      8      arrival of the record in Unix milliseconds, 0 in a state
//	28      8      bytes of all records before it, 0 in a state
//	36      4      checksum of the data
//	40      4      checksum of the header before it
//	44      …      the data: a record, or a [state] in JSON
//
// Each record has a frame of its own, so that a flipped bit costs one record. Checksums are CRC-32C and begin with the salt in the
// segment's name. A producer does not know the salt, and therefore cannot forge a frame inside of a record.
const (
	magic        = "MDJ2"
	earlierMagic = "MDJ1" // of builds that wrote a frame for several records
	headerBytes  = 44
)

type kind byte

const (
	recordKind kind = 'R'
	stateKind  kind = 'S'
	damageKind kind = 0 // bytes that are not a frame
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frame is a frame in a segment, or a stretch of damage.
type frame struct {
	kind    kind
	seq     uint64
	arrival int64
	before  int64
	sum     uint32
	data    []byte // nil if they do not match their checksum
	at, end int64  // offsets in the segment
}

// appendFrame appends a frame to b.
func appendFrame(b []byte, salt uint32, f frame) []byte {
	start := len(b)
	b = append(b, magic...)
	b = append(b, byte(f.kind), 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.data)))
	b = binary.LittleEndian.AppendUint64(b, f.seq)
	b = binary.LittleEndian.AppendUint64(b, uint64(f.arrival))
	b = binary.LittleEndian.AppendUint64(b, uint64(f.before))
	b = binary.LittleEndian.AppendUint32(b, checksum(salt, f.data))
	b = binary.LittleEndian.AppendUint32(b, checksum(salt, b[start:]))
	return append(b, f.data...)
}

func checksum(salt uint32, data []byte) uint32 { return crc32.Update(salt, castagnoli, data) }

var errNoFrame = errors.New("not a frame")

// reader reads the frames of a segment.
type reader struct {
	file io.ReaderAt
	size int64 // of the file
	salt uint32

	piece   []byte // of the file
	pieceAt int64  // its offset
}

const pieceBytes = 64 << 10

// bytes returns n bytes of the file, valid until the next call. It fails with [errNoFrame] if the file ends before.
func (r *reader) bytes(at, n int64) ([]byte, error) {
	if n > r.size-at {
		return nil, errNoFrame
	}
	if at < r.pieceAt || at+n > r.pieceAt+int64(len(r.piece)) {
		want := min(max(n, pieceBytes), r.size-at)
		if int64(cap(r.piece)) < want {
			r.piece = make([]byte, want)
		}
		r.piece, r.pieceAt = r.piece[:want], at
		if _, err := r.file.ReadAt(r.piece, at); err != nil {
			r.piece = r.piece[:0]
			return nil, err
		}
	}
	return r.piece[at-r.pieceAt:][:n], nil
}

// frames returns the frames from an offset on, and the damage between them. The data of a frame are valid until the next one.
func (r *reader) frames(at int64) iter.Seq2[frame, error] {
	return func(yield func(frame, error) bool) {
		for at < r.size {
			f, err := r.frame(at)
			if errors.Is(err, errNoFrame) {
				f = frame{kind: damageKind, at: at}
				f.end, err = r.find(at + 1)
			}
			if !yield(f, err) || err != nil {
				return
			}
			at = f.end
		}
	}
}

// frame reads the frame at an offset. It fails with [errNoFrame] if there is no header, or if the file ends before the frame does. The data
// of a damaged frame are nil.
func (r *reader) frame(at int64) (frame, error) {
	f, err := r.header(at)
	if err != nil {
		return f, err
	}
	data, err := r.bytes(at+headerBytes, f.end-at-headerBytes)
	if err == nil && checksum(r.salt, data) == f.sum {
		f.data = data
	}
	return f, err
}

// header reads the header of the frame at an offset.
func (r *reader) header(at int64) (frame, error) {
	b, err := r.bytes(at, headerBytes)
	if err != nil {
		return frame{}, err
	}
	number := binary.LittleEndian
	if string(b[:4]) != magic || checksum(r.salt, b[:40]) != number.Uint32(b[40:]) {
		return frame{}, errNoFrame
	}
	return frame{
		kind: kind(b[4]), seq: number.Uint64(b[12:]), arrival: int64(number.Uint64(b[20:])), before: int64(number.Uint64(b[28:])),
		sum: number.Uint32(b[36:]), at: at, end: at + headerBytes + int64(number.Uint32(b[8:])),
	}, nil
}

// find returns the offset of the next header, or the size of the file if there are no more.
func (r *reader) find(at int64) (int64, error) {
	for ; at+headerBytes <= r.size; at++ {
		piece, err := r.bytes(at, min(pieceBytes, r.size-at))
		if err != nil {
			return 0, err
		}
		i := bytes.Index(piece, []byte(magic))
		if i < 0 {
			at += int64(len(piece) - len(magic)) // the magic may begin at the end of the piece
			continue
		}
		at += int64(i)
		if _, err := r.header(at); !errors.Is(err, errNoFrame) {
			return at, err
		}
	}
	return r.size, nil
}

// torn reports whether the rest of the file is what a write leaves behind that a crash cut short: a part of a frame, or zeros. A file
// system may leave zeros behind after a loss of power.
func (r *reader) torn(at int64) (bool, error) {
	if r.size-at < headerBytes {
		return true, nil
	}
	if _, err := r.header(at); !errors.Is(err, errNoFrame) {
		return err == nil, err // the data go beyond the end
	}
	for at < r.size {
		piece, err := r.bytes(at, min(pieceBytes, r.size-at))
		if err != nil || len(bytes.Trim(piece, "\x00")) > 0 {
			return false, err
		}
		at += int64(len(piece))
	}
	return true, nil
}
