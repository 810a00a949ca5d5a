package cost

// List prices of us-east-1 in USD, as of 2026-11-23. Sources: public notes made from the AWS Price List API (Firehose, Lambda,
// S3, Glue: 2026), AWS's Firehose page (for rounding), athena.guide (2020) and public notes of 2023 for Athena, public notes for
// CloudWatch. None was read from AWS's price pages. Compare them with the AWS calculator before you decide by them. Prices of
// other regions differ by up to a fifth.
const (
	ingestGiB       = 0.029 // Firehose, DirectPut, first 500 TB; each record is rounded up to 5,120 bytes
	conversionGiB   = 0.018 // Firehose, format conversion; for the same bytes as ingest
	partitioningGiB = 0.020 // Firehose, dynamic partitioning
	partitionObject = 0.005 / 1000

	lambdaRequest   = 0.20 / 1e6
	lambdaGiBSecond = 0.0000133334 // arm64

	storageGiBMonth = 0.023        // S3 Standard
	putObject       = 0.005 / 1000 // or a list of objects
	getObject       = 0.0004 / 1000

	// S3 Intelligent-Tiering: storage of objects that were read in the last 30 days, in the last 90 days, and longer ago.
	frequentGiBMonth   = 0.023
	infrequentGiBMonth = 0.0125
	archiveGiBMonth    = 0.004
	watchedObject      = 0.0025 / 1000 // a month
	movedObject        = 0.01 / 1000   // into this class

	crawlerDPUHour = 0.44 // Glue

	athenaTiB      = 5.00
	leastScanBytes = 10 << 20 // that a statement is billed for

	logGiB    = 0.50 // CloudWatch Logs, ingestion
	alarm     = 0.10 // a month; the first 10 of an account are free
	dashboard = 3.00 // a month; the first 3 of an account are free
)
