package stack

import (
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// This file turns Go values into values that the CDK takes.

// optional returns nil for an empty text. The property is then left out, and CloudFormation generates the name.
func optional(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}

// onlyIf returns true, or nil if the condition is false. A nil property is left out of the template.
func onlyIf(condition bool) *bool {
	if !condition {
		return nil
	}
	return jsii.Bool(true)
}

func duration(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
}

// days writes whole days as a number.
func days(d time.Duration) string { return strconv.Itoa(int(d / (24 * time.Hour))) }

// arn returns an ARN in the stack's own partition, region and account. resource is the part after the account.
func arn(scope constructs.Construct, service, resource string) *string {
	return awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
		Service:   &service,
		Resource:  &resource,
		ArnFormat: awscdk.ArnFormat_NO_RESOURCE_NAME,
	})
}

// logicalID turns the id of a panel, such as overview-cpu, into a part of a logical id: OverviewCpu.
func logicalID(panel string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(panel, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
