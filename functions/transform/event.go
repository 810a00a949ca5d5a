package transform

// Event is what Firehose sends to the transform.
// Source: Firehose developer guide, "Data transformation"; the fields are those of events.KinesisFirehoseEvent in aws-lambda-go.
type Event struct {
	InvocationID      string   `json:"invocationId"`
	DeliveryStreamARN string   `json:"deliveryStreamArn"`
	Region            string   `json:"region"`
	Records           []Record `json:"records"`
}

// Record is one Firehose record of an [Event].
type Record struct {
	RecordID                    string `json:"recordId"`
	ApproximateArrivalTimestamp int64  `json:"approximateArrivalTimestamp"` // Unix milliseconds
	Data                        []byte `json:"data"`
}
