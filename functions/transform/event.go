package transform

// Event is what Firehose invokes the transform with.
// Source: Firehose developer guide, "Data transformation"; the shape is aws-lambda-go's events.KinesisFirehoseEvent.
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
