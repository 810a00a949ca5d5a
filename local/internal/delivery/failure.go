package delivery

import (
	"encoding/json"
	"strconv"
	"strings"
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
	codeReturnFormat = "Lambda.InvalidReturnFormat"
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

// conversionFailure is a line of an object under format-conversion-failed/. Fields by the developer guide, "Handling errors for
// data format conversion", and by what the service was seen to write (floci-io/floci#3333): roleArn is there, catalogArn is not.
type conversionFailure struct {
	AttemptsMade           int          `json:"attemptsMade"`
	ArrivalTimestamp       int64        `json:"arrivalTimestamp"`
	LastErrorCode          string       `json:"lastErrorCode"`
	LastErrorMessage       string       `json:"lastErrorMessage"`
	AttemptEndingTimestamp int64        `json:"attemptEndingTimestamp"`
	RawData                []byte       `json:"rawData"`        // the record as it was put
	SequenceNumber         string       `json:"sequenceNumber"` // of the journal
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

// line writes a failure as a line of an error object.
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
