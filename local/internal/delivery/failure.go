package delivery

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
)

// Values of !{firehose:error-output-type}. AWS does not document which of them a record without usable partition keys gets. Here it gets
// typeProcessing.
const (
	typeProcessing = "processing-failed"
	typeConversion = "format-conversion-failed"
	typePartitions = "activePartitionExceeded"
)

// Error codes of Firehose.
const (
	codeMissingID    = "Lambda.MissingRecordId"
	codeDuplicateID  = "Lambda.DuplicatedRecordId"
	codeStatus       = "Lambda.ProcessingFailedStatus"
	codeFunction     = "Lambda.FunctionError"
	codeReturnFormat = "Lambda.InvalidReturnFormat"
	codePartitionKey = "DynamicPartitioning.MetadataExtractionFailed"
	codePartitions   = "DynamicPartitioning.ActivePartitionsLimitExceeded"
)

// failure says why a record could not be delivered.
type failure struct {
	errorType string
	code      string
	message   string
	attempts  int
	at        time.Time
}

// processingFailure is a line of an object under processing-failed/. The field names are those in an object that Firehose wrote: it has
// lambdaARN, while the documentation says lambdaArn.
type processingFailure struct {
	AttemptsMade           int    `json:"attemptsMade"`
	ArrivalTimestamp       int64  `json:"arrivalTimestamp"` // Unix milliseconds, as the other timestamps
	ErrorCode              string `json:"errorCode"`
	ErrorMessage           string `json:"errorMessage"`
	AttemptEndingTimestamp int64  `json:"attemptEndingTimestamp"`
	RawData                []byte `json:"rawData"` // the record as it was put
	LambdaARN              string `json:"lambdaARN,omitempty"`
}

// conversionFailure is a line of an object under format-conversion-failed/. The fields come from the developer guide, "Handling errors
// for data format conversion", and from an object that Firehose wrote (floci-io/floci#3333): it has roleArn and lacks catalogArn.
type conversionFailure struct {
	AttemptsMade           int          `json:"attemptsMade"`
	ArrivalTimestamp       int64        `json:"arrivalTimestamp"`
	LastErrorCode          string       `json:"lastErrorCode"`
	LastErrorMessage       string       `json:"lastErrorMessage"`
	AttemptEndingTimestamp int64        `json:"attemptEndingTimestamp"`
	RawData                []byte       `json:"rawData"`        // the record as it was put
	SequenceNumber         string       `json:"sequenceNumber"` // the number in the journal
	SubSequenceNumber      int64        `json:"subSequenceNumber"`
	DataCatalogTable       catalogTable `json:"dataCatalogTable"`
}

type catalogTable struct {
	CatalogID    string `json:"catalogId"`
	DatabaseName string `json:"databaseName"`
	TableName    string `json:"tableName"`
	Region       string `json:"region"`
	VersionID    string `json:"versionId"`
	RoleARN      string `json:"roleArn"`
}

// line returns a failed record as a line of an error object.
func (e *Engine) line(entry journal.Entry, f failure) ([]byte, error) {
	var line any
	if f.errorType == typeConversion {
		line = conversionFailure{
			AttemptsMade: f.attempts, ArrivalTimestamp: entry.Arrival.UnixMilli(), LastErrorCode: f.code, LastErrorMessage: f.message,
			AttemptEndingTimestamp: f.at.UnixMilli(), RawData: entry.Data, SequenceNumber: strconv.FormatUint(entry.Seq, 10),
			DataCatalogTable: catalogTable{
				CatalogID: accountOf(e.stream.ARN), DatabaseName: e.stream.Table.Database, TableName: e.stream.Table.Name,
				Region: e.region, VersionID: "LATEST", RoleARN: e.stream.RoleARN,
			},
		}
	} else {
		arn := ""
		if e.stream.Lambda != nil {
			arn = e.stream.Lambda.FunctionARN
		}
		line = processingFailure{
			AttemptsMade: f.attempts, ArrivalTimestamp: entry.Arrival.UnixMilli(), ErrorCode: f.code, ErrorMessage: f.message,
			AttemptEndingTimestamp: f.at.UnixMilli(), RawData: entry.Data, LambdaARN: arn,
		}
	}
	b, err := json.Marshal(line)
	return append(b, '\n'), err
}

// accountOf returns the account in arn:aws:firehose:region:account:deliverystream/name.
func accountOf(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

// stageErrorObjects stages the failed records of the buffer: one object for each error type that has records.
func (w *objectWriter) stageErrorObjects() error {
	byType := map[string][]failedRecord{}
	for _, f := range w.failures {
		byType[f.failure.errorType] = append(byType[f.failure.errorType], f)
	}
	for errorType, failures := range byType {
		oldest := slices.MinFunc(failures, func(a, b failedRecord) int { return a.arrival.Compare(b.arrival) }).arrival
		prefix, err := w.engine.errorPrefix.Eval(template.PrefixValues{Arrival: oldest, ErrorType: errorType})
		if err != nil {
			return err
		}
		lines := 0
		err = w.stage(prefix, "", oldest, func(out io.Writer) error {
			for _, f := range failures {
				entry, err := w.engine.journal.Get(f.seq)
				if errors.Is(err, journal.ErrNotThere) {
					w.lost = append(w.lost, f.seq)
					continue
				} else if err != nil {
					return err
				}
				line, err := w.engine.line(entry, f.failure)
				if err != nil {
					return err
				}
				if _, err := out.Write(line); err != nil {
					return err
				}
				lines++
			}
			return nil
		})
		if err == nil && lines == 0 { // all of them are damaged in the journal
			err = w.dropLast()
		}
		if err != nil {
			return err
		}
	}
	return nil
}
