package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// A segment is a sequence of frames. A frame consists of a header, a table and parts. All numbers are little-endian:
//
//	offset  bytes  what
//	0       4      "MDJ1"
//	4       4      kind, then three zeros
//	8       4      how many parts
//	12      8      batch: sequence number of its first record; state: of the last record accepted
//	20      8      batch: arrival in Unix milliseconds; state: sequence number of the last record delivered
//	28      4      checksum of all before it and of the table
//	32      8×n    table: length and checksum of each part
//	…              the parts: the records of a batch, or the staged and the final name of each move of a state
//
// Each record has its own checksum, so that a flipped bit costs one record and not the whole batch. Checksums are CRC-32C and begin with
// the salt in the segment's name. A producer does not know the salt, and therefore cannot forge a frame inside of a record.
const (
	magic       = "MDJ1"
	headerBytes = 32
	entryBytes  = 8 // of the table
	maxParts    = 1 << 20
)

type kind byte

const (
	batchKind kind = 'B'
	stateKind kind = 'S'
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type header struct {
	kind  kind
	seq   uint64
	stamp uint64
	table []byte
}

func (h header) parts() int { return len(h.table) / entryBytes }

func (h header) part(i int) (length int64, sum uint32) {
	return int64(binary.LittleEndian.Uint32(h.table[i*entryBytes:])), binary.LittleEndian.Uint32(h.table[i*entryBytes+4:])
}

// dataBytes is the length of all parts.
func (h header) dataBytes() (n int64) {
	for i := range h.parts() {
		length, _ := h.part(i)
		n += length
	}
	return n
}

// appendFrame appends a frame to b.
func appendFrame(b []byte, salt uint32, h header, parts [][]byte) []byte {
	start := len(b)
	b = append(b, magic...)
	b = append(b, byte(h.kind), 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(parts)))
	b = binary.LittleEndian.AppendUint64(b, h.seq)
	b = binary.LittleEndian.AppendUint64(b, h.stamp)
	b = append(b, 0, 0, 0, 0)
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
		b = binary.LittleEndian.AppendUint32(b, crc32.Update(salt, castagnoli, p))
	}
	binary.LittleEndian.PutUint32(b[start+28:], headerSum(salt, b[start:start+headerBytes], b[start+headerBytes:]))
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func headerSum(salt uint32, head, table []byte) uint32 {
	return crc32.Update(crc32.Update(salt, castagnoli, head[:28]), castagnoli, table)
}

var errNoFrame = errors.New("not a whole frame")

// frame is the header of a frame and its place in the segment.
type frame struct {
	header
	at   int64 // offset in the segment
	data int64 // offset of the parts
	end  int64
	// doubtful says that the checksum of the header is wrong, but some records match theirs in the table. The other fields of the header
	// may be wrong.
	doubtful bool
}

// reader reads frames. What it returns is valid until the next call.
type reader struct {
	file io.ReaderAt
	size int64 // of the file
	salt uint32

	buf   []byte // a piece of the file
	bufAt int64  // offset of the piece
	table []byte
}

const pieceBytes = 64 << 10

// bytes returns n bytes of the file.
func (r *reader) bytes(at int64, n int64) ([]byte, error) {
	if at < 0 || n > r.size-at {
		return nil, io.ErrUnexpectedEOF
	}
	if at < r.bufAt || at+n > r.bufAt+int64(len(r.buf)) {
		want := min(max(n, pieceBytes), r.size-at)
		if int64(cap(r.buf)) < want {
			r.buf = make([]byte, want)
		}
		r.buf, r.bufAt = r.buf[:want], at
		if _, err := r.file.ReadAt(r.buf, at); err != nil {
			r.buf = r.buf[:0]
			return nil, err
		}
	}
	return r.buf[at-r.bufAt : at-r.bufAt+n], nil
}

// frame reads the header of the frame at an offset. It fails with [errNoFrame] if there is no frame, and with
// [io.ErrUnexpectedEOF] if the file ends within it.
func (r *reader) frame(at int64) (frame, error) {
	head, err := r.bytes(at, headerBytes)
	if err != nil {
		return frame{}, err
	}
	count := binary.LittleEndian.Uint32(head[8:])
	if string(head[:4]) != magic || count > maxParts {
		return frame{}, errNoFrame
	}
	f := frame{at: at, data: at + headerBytes + int64(count)*entryBytes, header: header{
		kind: kind(head[4]), seq: binary.LittleEndian.Uint64(head[12:]), stamp: binary.LittleEndian.Uint64(head[20:]),
	}}
	sum := binary.LittleEndian.Uint32(head[28:])
	all, err := r.bytes(at, headerBytes+int64(count)*entryBytes)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return frame{}, errNoFrame // the header cannot be checked, and its length may be wrong
	} else if err != nil {
		return frame{}, err
	}
	r.table = append(r.table[:0], all[headerBytes:]...)
	f.table = r.table
	f.end = f.data + f.dataBytes()
	f.doubtful = sum != headerSum(r.salt, all[:headerBytes], f.table)
	switch {
	case f.doubtful && f.kind != batchKind:
		return frame{}, errNoFrame
	case f.doubtful:
		return r.salvage(f)
	case f.end > r.size:
		return f, io.ErrUnexpectedEOF
	}
	return f, nil
}

// salvage returns a batch whose header is damaged if at least one of its records matches its checksum. The batch then ends with the last
// such record, because the damage may be in a length of the table.
func (r *reader) salvage(f frame) (frame, error) {
	end, at := int64(0), f.data
	err := r.each(f, func(i int, data []byte) bool {
		length, _ := f.part(i)
		if at += length; len(data) > 0 {
			end = at
		}
		return true
	})
	if err == nil && end == 0 {
		err = errNoFrame
	}
	f.end = end
	return f, err
}

// each calls visit for each part of a frame, until visit returns false. data is nil if it does not match its checksum, or if the file
// ends within it.
func (r *reader) each(f frame, visit func(i int, data []byte) bool) error {
	at := f.data
	for i := range f.parts() {
		length, sum := f.part(i)
		data, err := r.bytes(at, length)
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			data = nil
		case err != nil:
			return err
		case crc32.Update(r.salt, castagnoli, data) != sum:
			data = nil
		case data == nil:
			data = []byte{}
		}
		if !visit(i, data) {
			return nil
		}
		at += length
	}
	return nil
}

// next reads the first whole frame at or after an offset. skipped is the number of damaged bytes before it. At the end of the file the
// error is [io.EOF]. torn then says that the last bytes are the beginning of a frame: a process died while it wrote them.
func (r *reader) next(at int64) (f frame, skipped int64, torn bool, err error) {
	if at >= r.size {
		return f, 0, false, io.EOF
	}
	f, err = r.frame(at)
	switch {
	case err == nil:
		return f, 0, false, nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return f, r.size - at, true, io.EOF
	case !errors.Is(err, errNoFrame):
		return f, 0, false, err
	}
	found, err := r.find(at + 1)
	if err != nil {
		return f, 0, false, err
	}
	if found == r.size {
		zero, err := r.zero(at)
		if err != nil {
			return f, 0, false, err
		}
		return f, r.size - at, zero || r.size-at < headerBytes, io.EOF
	}
	f, err = r.frame(found)
	return f, found - at, false, err
}

// find returns the offset of the next whole frame whose header is right. It returns the size of the file if there are no more.
func (r *reader) find(at int64) (int64, error) {
	for ; at+headerBytes <= r.size; at++ {
		piece, err := r.bytes(at, min(pieceBytes, r.size-at))
		if err != nil {
			return 0, err
		}
		i := bytes.Index(piece, []byte(magic))
		if i < 0 {
			at += int64(len(piece)) - int64(len(magic)) // the magic may begin at the end of the piece
			continue
		}
		at += int64(i)
		if f, err := r.frame(at); err == nil && !f.doubtful {
			return at, nil
		} else if err != nil && !errors.Is(err, errNoFrame) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, err
		}
	}
	return r.size, nil
}

// zero reports whether the rest of the file is zeros. A file system may leave zeros behind after a loss of power.
func (r *reader) zero(at int64) (bool, error) {
	for at < r.size {
		piece, err := r.bytes(at, min(pieceBytes, r.size-at))
		if err != nil {
			return false, err
		}
		for _, c := range piece {
			if c != 0 {
				return false, nil
			}
		}
		at += int64(len(piece))
	}
	return true, nil
}
