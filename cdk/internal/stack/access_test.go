package stack_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The golden files list all that a stack allows: to whom, which actions, on what.
func TestEveryPermission(t *testing.T) {
	eachTemplate(t, func(t *testing.T, name string, template map[string]any) {
		compare(t, filepath.Join("testdata", name+".iam.txt"), []byte(permissions(t, template)))
	})
}

// permissions writes roles, policies and resource policies of a template as text.
func permissions(t *testing.T, template map[string]any) string {
	t.Helper()
	var b strings.Builder
	for _, r := range ofType(t, template, "AWS::IAM::Role") {
		fmt.Fprintf(&b, "role %s\n", r.id)
		writeStatements(t, &b, statements(t, at(t, r.properties, "AssumeRolePolicyDocument")))
		if managed, ok := r.properties["ManagedPolicyArns"]; ok {
			fmt.Fprintf(&b, "  has %s\n", strings.Join(list(managed), "\n  has "))
		}
	}
	for _, g := range grants(t, template) {
		fmt.Fprintf(&b, "policy %s", g.id)
		if len(g.of) > 0 {
			fmt.Fprintf(&b, " of %s", strings.Join(g.of, " "))
		}
		b.WriteByte('\n')
		writeStatements(t, &b, g.statements)
	}
	return b.String()
}

// grant is a policy of any kind.
type grant struct {
	id         string
	of         []string // roles, buckets, topics
	statements []map[string]any
}

// grants returns all policies of a template: those in roles, those that are resources, and those of resources such as buckets.
func grants(t *testing.T, template map[string]any) []grant {
	t.Helper()
	var all []grant
	for _, r := range ofType(t, template, "AWS::IAM::Role") {
		if inline, ok := r.properties["Policies"]; ok {
			for _, p := range inline.([]any) {
				all = append(all, grant{r.id + "/" + at(t, p, "PolicyName").(string), []string{r.id}, statements(t, at(t, p, "PolicyDocument"))})
			}
		}
	}
	for _, kind := range []string{
		"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy",
	} {
		for _, p := range ofType(t, template, kind) {
			g := grant{id: p.id, statements: statements(t, at(t, p.properties, "PolicyDocument"))}
			for _, property := range []string{"Roles", "Bucket", "Topics"} {
				g.of = append(g.of, references(p.properties[property])...)
			}
			all = append(all, g)
		}
	}
	return all
}

func writeStatements(t *testing.T, b *strings.Builder, all []map[string]any) {
	t.Helper()
	for _, s := range all {
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

// plain returns JSON in which the template's functions are written as in Fn::Sub.
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

// emptier matches the resources that the CDK adds to empty the bucket if removalPolicy is destroy. This app cannot narrow their
// permissions.
const emptier = "CustomS3AutoDeleteObjectsCustomResourceProvider"

// wildcards lists all stars in what the stack allows, each with the reason why it is needed.
var wildcards = map[string]string{
	"*":                                      "Athena's lists know no resources",
	"${Bucket83908E77.Arn}/analytics/*":      "objects of a folder have no other name in a policy",
	"${Bucket83908E77.Arn}/a/b/*":            "objects of a folder have no other name in a policy",
	"${Bucket83908E77.Arn}/athena-results/*": "objects of a folder have no other name in a policy",
	"${Bucket83908E77.Arn}/errors/*":         "objects of a folder have no other name in a policy",
	"${Bucket83908E77.Arn}/replayed/*":       "objects of a folder have no other name in a policy",
	"${Bucket83908E77.Arn}/rollup/*":         "objects of a folder have no other name in a policy",
	"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/metrics-dashboard/MetricsDashboard/*": "parameters of a path",
	"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/metrics-dashboard/M/*":                "parameters of a path",
	"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/metrics-dashboard/Platform-Metrics/*": "parameters of a path",
	"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:managed-instance/*":                             "SSM gives the id at activation",
	"arn:aws:ssm:eu-central-1:${AWS::AccountId}:parameter/metrics-dashboard/Everything/*":                       "parameters of a path",
	"arn:aws:ssm:eu-central-1:${AWS::AccountId}:managed-instance/*":                                             "SSM gives the id at activation",
}

func TestNoOtherWildcards(t *testing.T) {
	used := map[string]bool{}
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		for _, g := range grants(t, template) {
			for _, s := range g.statements {
				if s["Effect"] == "Deny" || strings.Contains(show(s["Principal"]), emptier) {
					continue
				}
				for _, v := range append(list(s["Action"]), list(s["Resource"])...) {
					if used[v] = true; strings.Contains(v, "*") && wildcards[v] == "" {
						t.Errorf("%s allows %s", g.id, v)
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

// trusted has the condition under which each service is trusted. It follows from what the service sends. The comment of the function
// service, in trust.go, cites AWS's documentation about that.
var trusted = map[string]string{
	"firehose.amazonaws.com":   "map[StringEquals:map[sts:ExternalId:map[Ref:AWS::AccountId]]]",
	"lambda.amazonaws.com":     "map[StringEquals:map[aws:SourceAccount:map[Ref:AWS::AccountId]]]",
	"ssm.amazonaws.com":        "aws:SourceAccount",
	"glue.amazonaws.com":       "<nil>",
	"quicksight.amazonaws.com": "<nil>",
	"ec2.amazonaws.com":        "<nil>",
}

// If a condition asks for something that the service does not send, the service cannot assume the role, and the deployment fails.
func TestTrustAsksForWhatIsSent(t *testing.T) {
	seen := map[string]bool{}
	eachTemplate(t, func(t *testing.T, _ string, template map[string]any) {
		for _, r := range ofType(t, template, "AWS::IAM::Role") {
			if strings.HasPrefix(r.id, emptier) {
				continue
			}
			trust := statements(t, at(t, r.properties, "AssumeRolePolicyDocument"))
			if len(trust) != 1 {
				t.Errorf("%s is trusted to %d principals, want 1", r.id, len(trust))
			}
			name := at(t, trust[0], "Principal", "Service").(string)
			seen[name] = true
			want, known := trusted[name]
			if !known {
				t.Errorf("%s trusts %s, of which nothing is known", r.id, name)
			} else if got := show(trust[0]["Condition"]); got != want && (name != "ssm.amazonaws.com" || !strings.Contains(got, want)) {
				t.Errorf("%s trusts %s if %s, want %s", r.id, name, got, want)
			}
			for _, managed := range list(r.properties["ManagedPolicyArns"]) {
				if managed != "<nil>" && managed != "${EdgePolicyC7233247}" {
					t.Errorf("%s has %s; want the stack's own policies only", r.id, managed)
				}
			}
		}
	})
	if len(seen) != len(trusted) {
		t.Errorf("roles trust %v, want all of %v", seen, trusted)
	}
}

// The crawler may do what AWS's own crawlers may, except create tables and databases, and delete tables, databases and partitions.
func TestCrawlerPermissions(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		role := references(one(t, template, "AWS::Glue::Crawler").properties["Role"])[0]
		var may []string
		for _, g := range grants(t, template) {
			if !slices.Contains(g.of, role) {
				continue
			}
			for _, s := range g.statements {
				may = append(may, list(s["Action"])...)
			}
		}
		for _, action := range may {
			verb, isGlue := strings.CutPrefix(action, "glue:")
			if isGlue && !strings.HasPrefix(verb, "Get") && !strings.HasSuffix(verb, "Partition") && verb != "UpdateTable" ||
				strings.Contains(verb, "Delete") {
				t.Errorf("the crawler may %s", action)
			}
		}
		// deploy-data-collection.yaml of AWS's Cloud Intelligence Dashboards Data Collection, 3.14.8, role GlueRole.
		for _, needed := range strings.Fields(`glue:GetDatabase glue:GetDatabases glue:GetTable glue:GetTables glue:UpdateTable
			glue:GetTableVersion glue:GetTableVersions glue:CreatePartition glue:BatchCreatePartition glue:GetPartition
			glue:GetPartitions glue:BatchGetPartition glue:UpdatePartition logs:CreateLogGroup logs:CreateLogStream
			logs:PutLogEvents s3:GetObject s3:ListBucket`) {
			if !slices.Contains(may, needed) {
				t.Errorf("the crawler may not %s", needed)
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
			[]string{"firehose:PutRecordBatch", "ssm:GetParameters"})
	})
}

// Who replays may do what `dashboard failed` does, and nothing to the table's objects or to queries.
func TestReplayMayOnlyReplay(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		found, _ := managed(t, template, "ReplayPolicy")
		var got []string
		for _, s := range found {
			if strings.HasPrefix(list(s["Action"])[0], "kms:") {
				continue
			}
			resource := list(s["Resource"])[0]
			got = append(got, strings.Join(list(s["Action"]), " ")+" "+resource[strings.LastIndexAny(resource, ".:")+1:])
			if strings.HasPrefix(got[len(got)-1], "s3:ListBucket") {
				check(t, "condition of the list", s["Condition"], "map[StringLike:map[s3:prefix:[errors/* replayed/*]]]")
			}
		}
		if len(got) != 5 {
			t.Fatalf("it may %v", got)
		}
		check(t, "permissions", []string{got[2], got[3], got[4]}, []string{
			"s3:ListBucket Arn}", "s3:DeleteObject s3:GetObject Arn}/errors/*", "s3:GetObject s3:PutObject Arn}/replayed/*",
		})
		check(t, "the first actions", []string{strings.Fields(got[0])[0], strings.Fields(got[1])[0]}, []string{"ssm:GetParameters", "firehose:PutRecordBatch"})
	})
}

// Readers may write only the results of their queries.
func TestReadersMayOnlyQuery(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		found, actions := managed(t, template, "ReaderPolicy")
		for _, needed := range []string{
			"athena:StartQueryExecution", "athena:StopQueryExecution", "glue:GetTable", "glue:GetPartitions", "s3:GetObject",
			"ssm:GetParameters",
			// To see the saved queries in Athena's console.
			"athena:GetNamedQuery", "athena:BatchGetNamedQuery", "athena:ListNamedQueries", "athena:ListWorkGroups", "athena:ListDataCatalogs",
		} {
			if !slices.Contains(actions, needed) {
				t.Errorf("readers may not %s", needed)
			}
		}
		for _, s := range found {
			// Athena asks about the bucket itself, so there is no prefix that a condition could compare.
			if actions := list(s["Action"]); s["Condition"] != nil && slices.Contains(actions, "s3:ListBucket") {
				t.Errorf("listing the bucket has condition %v", s["Condition"])
			}
			for _, action := range list(s["Action"]) {
				_, verb, _ := strings.Cut(action, ":")
				reads := strings.HasPrefix(verb, "Get") || strings.HasPrefix(verb, "List") || strings.HasPrefix(verb, "BatchGet")
				runs := verb == "StartQueryExecution" || verb == "StopQueryExecution"
				reads = reads || action == "kms:Decrypt" || action == "kms:GenerateDataKey"
				answers := (verb == "PutObject" || verb == "AbortMultipartUpload") && strings.HasSuffix(list(s["Resource"])[0], "/athena-results/*")
				if !reads && !runs && !answers {
					t.Errorf("readers may %s on %s", action, list(s["Resource"]))
				}
			}
		}
	})
}
