package delivery

import (
	"encoding/json"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
)

// Values of !{firehose:error-output-type}. The first three are documented. Where a record without usable partition keys
// goes is not; it is a failure of processing here.
const (
	typeProcessing = "processing-failed"
	typeConversion = "format-conversion-failed"
	typePartitions = "activePartitionExceeded"
)

// Error codes of the service.
const (
	codeMissingID    = "Lambda.MissingRecordId"
	codeDuplicateID  = "Lambda.DuplicatedRecordId"
	codeStatus       = "Lambda.ProcessingFailedStatus"
	codeFunction     = "Lambda.FunctionError"
	codePartitionKey = "DynamicPartitioning.MetadataExtractionFailed"
	codePartitions   = "DynamicPartitioning.ActivePartitionsLimitExceeded"
)

// failure is a record that could not be delivered, and why.
type failure struct {
	errorType string
	code      string
	message   string
	attempts  int
	at        time.Time
}

// processingFailure is a line of an object under processing-failed/. Field names as the service was seen to write them
// (lambdaARN, where the documentation has lambdaArn).
type processingFailure struct {
	AttemptsMade           int    `json:"attemptsMade"`
	ArrivalTimestamp       int64  `json:"arrivalTimestamp"` // Unix milliseconds, as all timestamps here
	ErrorCode              string `json:"errorCode"`
	ErrorMessage           string `json:"errorMessage"`
	AttemptEndingTimestamp int64  `json:"attemptEndingTimestamp"`
	RawData                []byte `json:"rawData"` // the record as it was put
	LambdaARN              string `json:"lambdaARN,omitempty"`
}

// conversionFailure is a line of an object under format-conversion-failed/.
type conversionFailure struct {
	AttemptsMade           int          `json:"attemptsMade"`
	ArrivalTimestamp       int64        `json:"arrivalTimestamp"`
	LastErrorCode          string       `json:"lastErrorCode"`
	LastErrorMessage       string       `json:"lastErrorMessage"`
	AttemptEndingTimestamp int64        `json:"attemptEndingTimestamp"`
	RawData                []byte       `json:"rawData"`
	SequenceNumber         string       `json:"sequenceNumber"`
	DataCatalogTable       catalogTable `json:"dataCatalogTable"`
}

type catalogTable struct {
	DatabaseName string `json:"databaseName"`
	TableName    string `json:"tableName"`
	Region       string `json:"region"`
	VersionID    string `json:"versionId"`
}

// line writes a failure as a line of an error object.
func (e *Engine) line(entry journal.Entry, f failure) ([]byte, error) {
	var line any
	if f.errorType == typeConversion {
		line = conversionFailure{
			AttemptsMade: f.attempts, ArrivalTimestamp: entry.Arrival.UnixMilli(), LastErrorCode: f.code, LastErrorMessage: f.message,
			AttemptEndingTimestamp: f.at.UnixMilli(), RawData: entry.Data,
			DataCatalogTable: catalogTable{e.stream.Table.Database, e.stream.Table.Name, e.region, "LATEST"},
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
