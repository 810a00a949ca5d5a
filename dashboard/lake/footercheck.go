package lake

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/thrift/lib/go/thrift"
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
	if err := checkContent(content); err != nil {
		return fmt.Errorf("not a readable Parquet file: its footer %w", err)
	}
	return nil
}

// checkContent checks that a footer holds all that it claims to hold.
func checkContent(content []byte) error {
	bounds := &thrift.TConfiguration{MaxMessageSize: int32(len(content))}
	footer := &counting{TProtocol: thrift.NewTCompactProtocolConf(&thrift.TMemoryBuffer{Buffer: bytes.NewBuffer(content)}, bounds)}
	err := thrift.Skip(context.Background(), footer, thrift.STRUCT, maxNesting)
	var refused thrift.TProtocolException
	switch {
	case errors.As(err, &refused) && refused.TypeId() == thrift.DEPTH_LIMIT:
		return fmt.Errorf("is nested deeper than %d levels", maxNesting)
	case errors.As(err, &refused) && (refused.TypeId() == thrift.SIZE_LIMIT || refused.TypeId() == thrift.NEGATIVE_SIZE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("claims more than the file holds")
	case errors.As(err, &refused):
		return fmt.Errorf("is damaged: %w", err)
	}
	return err
}

// counting refuses to read too many structs.
type counting struct {
	thrift.TProtocol
	structs int
}

func (c *counting) ReadStructBegin(ctx context.Context) (name string, err error) {
	if c.structs++; c.structs > maxStructs {
		return "", fmt.Errorf("has more than %d parts", maxStructs)
	}
	return c.TProtocol.ReadStructBegin(ctx)
}
