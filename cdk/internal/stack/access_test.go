package stack_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The golden files are all that a stack allows anybody, readable: who is trusted, to do what, on what.
func TestEveryPermission(t *testing.T) {
	eachVariant(t, func(t *testing.T, name string, template map[string]any) {
		compare(t, filepath.Join("testdata", name+".iam.txt"), []byte(permissions(t, template)))
	})
}

// permissions writes roles, policies and resource policies of a template as text.
func permissions(t *testing.T, template map[string]any) string {
	t.Helper()
	var b strings.Builder
	for _, r := range ofType(t, template, "AWS::IAM::Role") {
		fmt.Fprintf(&b, "role %s\n", r.id)
		writeStatements(t, &b, at(t, r.properties, "AssumeRolePolicyDocument"))
		if managed, ok := r.properties["ManagedPolicyArns"]; ok {
			fmt.Fprintf(&b, "  has %s\n", strings.Join(list(managed), "\n  has "))
		}
	}
	for _, kind := range []string{
		"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy",
	} {
		for _, p := range ofType(t, template, kind) {
			fmt.Fprintf(&b, "policy %s", p.id)
			for _, property := range []string{"Roles", "Bucket", "Topics"} {
				if of, ok := p.properties[property]; ok {
					fmt.Fprintf(&b, " of %s", strings.Join(references(of), " "))
				}
			}
			b.WriteByte('\n')
			writeStatements(t, &b, at(t, p.properties, "PolicyDocument"))
		}
	}
	return b.String()
}

func writeStatements(t *testing.T, b *strings.Builder, document any) {
	t.Helper()
	for _, s := range statements(t, document) {
		fmt.Fprintf(b, "  %s %s\n", strings.ToLower(s["Effect"].(string)), strings.Join(list(s["Action"]), " "))
		if principal, ok := s["Principal"]; ok {
			fmt.Fprintf(b, "    to %s\n", plain(t, principal))
		}
		if resource, ok := s["Resource"]; ok {
			fmt.Fprintf(b, "    on %s\n", strings.Join(list(resource), "\n    on "))
		}
		if condition, ok := s["Condition"]; ok {
			fmt.Fprintf(b, "    if %s\n", plain(t, condition))
		}
	}
}

func statements(t *testing.T, document any) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, s := range at(t, document, "Statement").([]any) {
		all = append(all, s.(map[string]any))
	}
	return all
}

// plain is JSON with the template's functions as Fn::Sub would spell them.
func plain(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(spelled(v))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func spelled(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if s := show(v); !strings.HasPrefix(s, "map[") {
			return s
		}
		m := map[string]any{}
		for key, value := range v {
			m[key] = spelled(value)
		}
		return m
	case []any:
		var l []any
		for _, value := range v {
			l = append(l, spelled(value))
		}
		return l
	}
	return v
}

// emptier are the resources that the CDK brings along to empty the bucket where removalPolicy is destroy. They are the
// CDK's own and not ours to narrow.
const emptier = "CustomS3AutoDeleteObjectsCustomResourceProvider"

// wildcards are all stars in what the stack allows, each with what forces it.
var wildcards = map[string]string{
	"${Bucket83908E77.Arn}/analytics/*":      "objects of a folder have no other name in a policy",
	"${Bucket83908E77.Arn}/a/b/*":            "objects of a folder have no other name in a policy",
	"${Bucket83908E77.Arn}/athena-results/*": "objects of a folder have no other name in a policy",
	"${Bucket83908E77.Arn}/errors/*":         "objects of a folder have no other name in a policy",
	"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/metrics-dashboard/MetricsDashboard/*": "parameters of a path",
	"arn:aws:ssm:eu-central-1:${AWS::AccountId}:parameter/metrics-dashboard/Everything/*":                       "parameters of a path",
	"arn:aws:ssm:eu-central-1:${AWS::AccountId}:managed-instance/*":                                             "SSM gives the id at activation",
}

func TestNoOtherWildcards(t *testing.T) {
	used := map[string]bool{}
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		for _, kind := range []string{"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy"} {
			for _, p := range ofType(t, template, kind) {
				for _, s := range statements(t, at(t, p.properties, "PolicyDocument")) {
					if s["Effect"] == "Deny" || strings.Contains(show(s["Principal"]), emptier) {
						continue
					}
					for _, v := range append(list(s["Action"]), list(s["Resource"])...) {
						if used[v] = true; strings.Contains(v, "*") && wildcards[v] == "" {
							t.Errorf("%s allows %s", p.id, v)
						}
					}
				}
			}
		}
	})
	for v := range wildcards {
		if !used[v] {
			t.Errorf("%s is excused and not used", v)
		}
	}
}

// No service can be talked into using a role for somebody else's account.
func TestTrustIsConditional(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		for _, r := range ofType(t, template, "AWS::IAM::Role") {
			if strings.HasPrefix(r.id, emptier) {
				continue
			}
			trust := statements(t, at(t, r.properties, "AssumeRolePolicyDocument"))
			if len(trust) != 1 {
				t.Errorf("%s is trusted to %d principals, want 1", r.id, len(trust))
			}
			condition := show(trust[0]["Condition"])
			switch service := at(t, trust[0], "Principal", "Service"); service {
			case "ec2.amazonaws.com": // names no account when it assumes an instance's role
			case "firehose.amazonaws.com":
				check(t, r.id, condition, "map[StringEquals:map[sts:ExternalId:map[Ref:AWS::AccountId]]]")
			default:
				check(t, r.id, at(t, trust[0], "Condition", "StringEquals", "aws:SourceAccount"), "${AWS::AccountId}")
			}
			if _, ok := r.properties["Policies"]; ok {
				t.Errorf("%s has inline policies; permissions stand in policies of their own", r.id)
			}
			for _, managed := range list(r.properties["ManagedPolicyArns"]) {
				if managed != "<nil>" && managed != "${EdgePolicyC7233247}" {
					t.Errorf("%s has %s; want the stack's own policies only", r.id, managed)
				}
			}
		}
	})
}

// The crawler adds partitions and can neither rewrite the table nor make or delete one.
func TestCrawlerCannotRewriteTheTable(t *testing.T) {
	eachVariant(t, func(t *testing.T, name string, template map[string]any) {
		crawlers := ofType(t, template, "AWS::Glue::Crawler")
		if name == "minimal" {
			if len(crawlers) != 0 {
				t.Error("there is a crawler though the schedule is NONE")
			}
			return
		}
		crawler := one(t, template, "AWS::Glue::Crawler")
		role := references(crawler.properties["Role"])[0]
		for _, p := range ofType(t, template, "AWS::IAM::Policy") {
			if !slices.Contains(references(p.properties["Roles"]), role) {
				continue
			}
			for _, s := range statements(t, at(t, p.properties, "PolicyDocument")) {
				for _, action := range list(s["Action"]) {
					verb, isGlue := strings.CutPrefix(action, "glue:")
					if isGlue && !strings.HasPrefix(verb, "Get") && !strings.HasSuffix(verb, "Partition") {
						t.Errorf("the crawler may %s", action)
					}
					if isGlue && strings.Contains(verb, "Delete") {
						t.Errorf("the crawler may %s", action)
					}
				}
			}
		}
	})
}

// managed returns the statements of a managed policy and all their actions.
func managed(t *testing.T, template map[string]any, name string) (found []map[string]any, actions []string) {
	t.Helper()
	for _, p := range ofType(t, template, "AWS::IAM::ManagedPolicy") {
		if strings.HasPrefix(p.id, name) {
			found = append(found, statements(t, at(t, p.properties, "PolicyDocument"))...)
		}
	}
	for _, s := range found {
		actions = append(actions, list(s["Action"])...)
	}
	return found, actions
}

func TestMachinesMayOnlySendAndDiscover(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		_, actions := managed(t, template, "EdgePolicy")
		check(t, "actions", actions,
			[]string{"firehose:PutRecordBatch", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"})
	})
}

// Readers change nothing but the answers of their queries.
func TestReadersMayOnlyQuery(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		found, actions := managed(t, template, "ReaderPolicy")
		for _, needed := range []string{
			"athena:StartQueryExecution", "athena:StopQueryExecution", "glue:GetTable", "glue:GetPartitions", "s3:GetObject", "ssm:GetParameters",
		} {
			if !slices.Contains(actions, needed) {
				t.Errorf("readers may not %s", needed)
			}
		}
		for _, s := range found {
			for _, action := range list(s["Action"]) {
				_, verb, _ := strings.Cut(action, ":")
				reads := strings.HasPrefix(verb, "Get") || strings.HasPrefix(verb, "List") || strings.HasPrefix(verb, "BatchGet")
				runs := verb == "StartQueryExecution" || verb == "StopQueryExecution"
				answers := (verb == "PutObject" || verb == "AbortMultipartUpload") && strings.HasSuffix(list(s["Resource"])[0], "/athena-results/*")
				if !reads && !runs && !answers {
					t.Errorf("readers may %s on %s", action, list(s["Resource"]))
				}
			}
		}
	})
}
