package lake

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// A Parquet file ends with its footer, the footer's length in four bytes, and the magic bytes. It also begins with the magic bytes
// (https://parquet.apache.org/docs/file-format/). The footer is a struct in Thrift's compact protocol
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
const (
	magic     = "PAR1"
	endLength = 4 + len(magic)
	// maxFooter bounds the memory for a footer. 120 columns in 1,000 row groups, which are a hundred million rows, take 12 MB.
	maxFooter = 16 << 20
	// maxStructs bounds the memory that a decoder takes for a footer. Each schema element, row group and column chunk becomes a
	// struct of some hundred bytes, for which one byte in the file is enough.
	maxStructs = 1 << 18
	// maxNesting is more than a footer needs: a statistic within a column chunk within a row group is five levels deep.
	maxNesting = 32
)

// checkFooter checks the ends of a file and its footer. It never allocates more than the file holds. The Parquet library
// allocates what the file claims to hold: a file of 16 bytes can make it allocate 4 GiB.
func checkFooter(file io.ReaderAt, size int64) error {
	begin, end := make([]byte, len(magic)), make([]byte, endLength)
	if size < int64(len(magic)+endLength) {
		return fmt.Errorf("not a Parquet file: it has %d bytes", size)
	}
	if _, err := file.ReadAt(begin, 0); err != nil {
		return err
	}
	if _, err := file.ReadAt(end, size-int64(endLength)); err != nil {
		return err
	}
	if string(begin) != magic {
		return fmt.Errorf("not a Parquet file: it does not begin with %s", magic)
	}
	if string(end[4:]) != magic {
		return fmt.Errorf("not a complete Parquet file: it does not end with %s", magic)
	}
	length := int64(binary.LittleEndian.Uint32(end))
	if most := size - int64(len(magic)+endLength); length > most || length > maxFooter {
		return fmt.Errorf("not a readable Parquet file: its footer claims %d bytes; at most %d are possible", length, min(most, maxFooter))
	}
	content := make([]byte, length)
	if _, err := file.ReadAt(content, size-int64(endLength)-length); err != nil {
		return err
	}
	if err := (&compact{rest: content}).structure(0); err != nil {
		return fmt.Errorf("not a readable Parquet file: its footer %w", err)
	}
	return nil
}

// compact goes through a value in Thrift's compact protocol and checks that the bytes hold all that the value claims.
type compact struct {
	rest    []byte
	structs int
}

// Types of Thrift's compact protocol.
const (
	typeStop, typeTrue, typeFalse, typeByte, typeI16, typeI32, typeI64 = 0, 1, 2, 3, 4, 5, 6
	typeDouble, typeBinary, typeList, typeSet, typeMap, typeStruct     = 7, 8, 9, 10, 11, 12
)

var errShort = errors.New("claims more than the file holds")

func (c *compact) skip(n uint64) error {
	if n > uint64(len(c.rest)) {
		return errShort
	}
	c.rest = c.rest[n:]
	return nil
}

func (c *compact) next() (byte, error) {
	if len(c.rest) == 0 {
		return 0, errShort
	}
	b := c.rest[0]
	c.rest = c.rest[1:]
	return b, nil
}

func (c *compact) varint() (uint64, error) {
	v, n := binary.Uvarint(c.rest)
	if n <= 0 {
		return 0, errShort
	}
	return v, c.skip(uint64(n))
}

// size reads the number of elements. Each takes at least one byte, so there cannot be more elements than bytes left.
func (c *compact) size() (uint64, error) {
	n, err := c.varint()
	if err == nil && n > uint64(min(len(c.rest), math.MaxInt32)) {
		err = errShort
	}
	return n, err
}

func (c *compact) structure(depth int) error {
	if c.structs++; c.structs > maxStructs {
		return fmt.Errorf("has more than %d parts", maxStructs)
	}
	if depth > maxNesting {
		return fmt.Errorf("is nested deeper than %d levels", maxNesting)
	}
	for {
		header, err := c.next()
		if err != nil {
			return err
		}
		kind := header & 0xf
		if kind == typeStop {
			return nil
		}
		if header>>4 == 0 { // the number of the field follows
			if _, err := c.varint(); err != nil {
				return err
			}
		}
		if kind == typeTrue || kind == typeFalse { // a field's type is its value
			continue
		}
		if err := c.value(kind, depth); err != nil {
			return err
		}
	}
}

func (c *compact) value(kind byte, depth int) error {
	switch kind {
	case typeTrue, typeFalse, typeByte:
		return c.skip(1)
	case typeI16, typeI32, typeI64:
		_, err := c.varint()
		return err
	case typeDouble:
		return c.skip(8)
	case typeBinary:
		n, err := c.size()
		if err != nil {
			return err
		}
		return c.skip(n)
	case typeList, typeSet:
		header, err := c.next()
		if err != nil {
			return err
		}
		n := uint64(header >> 4)
		if n == 0xf {
			if n, err = c.size(); err != nil {
				return err
			}
		}
		return c.values(n, depth, header&0xf)
	case typeMap:
		n, err := c.size()
		if n == 0 || err != nil {
			return err
		}
		kinds, err := c.next()
		if err != nil {
			return err
		}
		return c.values(n, depth, kinds>>4, kinds&0xf)
	case typeStruct:
		return c.structure(depth + 1)
	default:
		return fmt.Errorf("has a value of the unknown type %d", kind)
	}
}

// values goes through n elements. Each has a value of each of kinds: one for a list, two for a map.
func (c *compact) values(n uint64, depth int, kinds ...byte) error {
	if depth > maxNesting {
		return fmt.Errorf("is nested deeper than %d levels", maxNesting)
	}
	for range n {
		for _, kind := range kinds {
			if err := c.value(kind, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
