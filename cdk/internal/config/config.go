// Package config is the configuration of the deployed stack: which settings there are, where each may be set, what is
// allowed and why. It is no CDK code: it can be read and tested without Node.
package config

import (
	"errors"
	"time"
)

// Config is a valid configuration. A name that is empty is left to CloudFormation to generate.
type Config struct {
	StackName string
	Region    string // empty: the CLI's
	LogLevel  string // DEBUG, INFO, WARN or ERROR

	BucketName       string
	Prefix           string        // of the table's objects, ends in a slash
	RawRetention     time.Duration // whole days; 0: objects are kept
	ErrorRetention   time.Duration // of what could not be delivered; whole days
	DestroyData      bool          // whether the bucket and its objects go with the stack
	GlueDatabaseName string
	GlueTableName    string
	FirstYear        int    // that Athena looks for samples in
	CrawlerSchedule  string // cron(…); empty: the crawler runs when somebody starts it

	AthenaScanLimitGiB int    // of one query, 1..10000
	AlarmEmail         string // empty: nobody is subscribed
	ExpectRecords      bool   // whether it is trouble if no collector sends

	QuickSightPrincipalARN string // user or group that the QuickSight dashboard is for; empty: there is none

	EC2Role    bool // whether there is a role for EC2 instances that run edge
	HybridRole bool // whether there is a role for machines elsewhere that SSM manages

	DeliveryStreamName string
	RoleName           string        // of the role that the delivery stream assumes
	BufferingMiB       int           // 64..128
	BufferingTime      time.Duration // 60..900 s

	EdgePolicyName   string // of the policy for machines
	ReaderPolicyName string // of the policy for who queries

	KMSKeyARN             string            // of the key that all is encrypted with; empty: AWS's keys
	PermissionsBoundary   string            // ARN of a policy, on every role; empty: none
	Tags                  map[string]string // of every resource
	TerminationProtection bool

	LambdaFunctionName string
	LambdaTimeout      time.Duration // 1..300 s
	LambdaMemoryMiB    int           // 128..10240
	MaxSampleAge       time.Duration // whole days; the transform refuses older samples
}

// Folders of the bucket that are not the table's.
const (
	ErrorFolder  = "errors/"         // what Firehose cannot deliver
	ResultFolder = "athena-results/" // answers of queries
)

func reservedFolders() []string { return []string{ErrorFolder, ResultFolder} }

// Load returns the configuration: for each setting -c key=value, then the environment, then .env, then cdk.json, then the
// default. The error joins all problems, one line each with the value, where it was set, what is allowed and why.
//
// The CLI merges -c and cdk.json before the app sees them. A context value counts as given by -c where it differs from
// cdk.json's, so that a -c which repeats the very value of cdk.json does not override the environment.
func Load(sources Sources) (Config, error) {
	var (
		c        Config
		problems []error
	)
	all := settings()
	for _, s := range all {
		v := sources.find(s)
		if err := s.apply(&c, v); err != nil {
			problems = append(problems, err)
		}
	}
	return c, errors.Join(append(problems, sources.unknown(all)...)...)
}
