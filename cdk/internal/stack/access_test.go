package stack_test

import (
	"slices"
	"strings"
	"testing"
)

// All that the stack allows anybody. A statement that is not here, or a wider one, fails.
func TestEveryPermission(t *testing.T) {
	const (
		ssm = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/metrics-dashboard/MetricsDashboard"
		glu = "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:"
		log = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
	)
	want := map[string][]string{
		"DeliveryPolicyC7FD33D0 to DeliveryRole2A8B8F29": {
			"s3:GetBucketLocation s3:ListBucket s3:ListBucketMultipartUploads on ${Bucket83908E77.Arn}",
			"s3:AbortMultipartUpload s3:GetObject s3:PutObject on ${Bucket83908E77.Arn}/analytics/* " +
				"${Bucket83908E77.Arn}/errors/*",
			"lambda:GetFunctionConfiguration lambda:InvokeFunction on ${TransformC0C45E96.Arn} " +
				"${TransformC0C45E96.Arn}:$LATEST",
			"glue:GetTable glue:GetTableVersion glue:GetTableVersions on " + glu + "catalog " +
				glu + "database/${DatabaseB269D8BB} " + glu + "table/${DatabaseB269D8BB}/${Table4C2D914F}",
			"logs:PutLogEvents on " + log + "${DeliveryLogsAB0E43B0}:log-stream:${DeliveryLogStreamDE70F336}",
		},
		"TransformRoleDefaultPolicyE20E70D5 to TransformRole5F980DF9": {
			"logs:CreateLogStream logs:PutLogEvents on ${TransformLogsFA8B2747.Arn}",
		},
		"TransformPutBack87DC222F to TransformRole5F980DF9": {"firehose:PutRecordBatch on ${Stream.Arn}"},
		"EdgePolicyC7233247 to whom it is attached": {
			"firehose:PutRecordBatch on ${Stream.Arn}",
			"ssm:GetParameter ssm:GetParameters ssm:GetParametersByPath on " + ssm + " " + ssm + "/*",
		},
	}
	got := map[string][]string{}
	template := synthesized(t)
	for _, p := range append(ofType(t, template, "AWS::IAM::Policy"), ofType(t, template, "AWS::IAM::ManagedPolicy")...) {
		to := "whom it is attached"
		if roles, ok := p.properties["Roles"]; ok {
			to = strings.Join(references(roles), " ")
		}
		for _, s := range at(t, p.properties, "PolicyDocument", "Statement").([]any) {
			check(t, p.id+": effect", at(t, s, "Effect"), "Allow")
			key := p.id + " to " + to
			got[key] = append(got[key], strings.Join(list(at(t, s, "Action")), " ")+" on "+
				strings.Join(list(at(t, s, "Resource")), " "))
		}
	}
	for key, statements := range got {
		if !slices.Equal(statements, want[key]) {
			t.Errorf("%s allows\n%s\nwant\n%s", key, strings.Join(statements, "\n"), strings.Join(want[key], "\n"))
		}
	}
	for key := range want {
		if got[key] == nil {
			t.Errorf("%s is missing", key)
		}
	}
}

func TestRoles(t *testing.T) {
	got := map[string]string{}
	for _, r := range ofType(t, synthesized(t), "AWS::IAM::Role") {
		for _, key := range []string{"Policies", "ManagedPolicyArns"} {
			if v, ok := r.properties[key]; ok {
				t.Errorf("%s has %s %v; permissions stand in policies of their own", r.id, key, v)
			}
		}
		statements := at(t, r.properties, "AssumeRolePolicyDocument", "Statement").([]any)
		if len(statements) != 1 {
			t.Errorf("%s is trusted to %d principals, want 1", r.id, len(statements))
		}
		got[r.id] = show(at(t, statements, 0, "Principal", "Service"))
		if r.id == "DeliveryRole2A8B8F29" {
			check(t, "external id", at(t, statements, 0, "Condition", "StringEquals", "sts:ExternalId"), "${AWS::AccountId}")
		}
	}
	check(t, "roles", got, map[string]string{
		"DeliveryRole2A8B8F29": "firehose.amazonaws.com", "TransformRole5F980DF9": "lambda.amazonaws.com",
	})
}
