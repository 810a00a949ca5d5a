package athena

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// List prices, the same in most regions. Sources: athena.guide (2020), public notes of 2023. The stack's cost estimate uses the
// same prices.
const (
	usdPerTiB = 5.00
	minMiB    = 10 // billed for each query at least
)

// costOf is what a successful query cost. Athena rounds up to whole megabytes. It charges nothing for an answer that it reuses,
// and nothing for statements that only read the catalog.
func costOf(execution *types.QueryExecution) panels.Cost {
	var c panels.Cost
	if s := execution.Statistics; s != nil {
		c.ScannedBytes = max(aws.ToInt64(s.DataScannedInBytes), 0)
		c.Reused = s.ResultReuseInformation != nil && s.ResultReuseInformation.ReusedPreviousResult
	}
	if c.Reused {
		c.ScannedBytes = 0
		return c
	}
	if execution.StatementType == types.StatementTypeDml {
		mib := max((c.ScannedBytes+1<<20-1)>>20, minMiB)
		c.USD = float64(mib) * usdPerTiB / (1 << 20)
	}
	return c
}
