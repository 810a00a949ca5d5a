// Package config is the configuration of the deployed stack. It says which settings exist, where each may be set, which
// values are allowed and why. It does not use the CDK, so its tests need no Node.js.
package config

import (
	"errors"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Config is a valid configuration. CloudFormation generates each name that is empty.
type Config struct {
	StackName string
	Region    string // empty: the region of the CDK CLI
	LogLevel  string // DEBUG, INFO, WARN or ERROR

	BucketName       string
	Prefix           string        // of the table's objects, ends in a slash
	RawRetention     time.Duration // of samples; whole days; 0: for ever
	RollupRetention  time.Duration // of rollups; whole days; 0: for ever
	ErrorRetention   time.Duration // of records that could not be delivered; whole days
	DestroyData      bool          // whether deleting the stack deletes the bucket and its objects
	GlueDatabaseName string
	GlueTableName    string
	FirstYear        int    // first year in which Athena looks for samples
	CrawlerSchedule  string // cron(…); empty: the crawler runs when somebody starts it

	AthenaScanLimitGiB int    // for one query, 1..10000
	AlarmEmail         string // empty: no subscription
	ExpectRecords      bool   // whether an alarm goes off if no collector sends

	Alerts         bool          // whether problems of hosts are reported to people
	AlertsEvery    time.Duration // between two runs of the rules; whole minutes
	AlertEmail     string        // gets these reports; empty: no subscription
	AlertTopicName string        // of the topic that messages are sent to
	DashboardURL   string        // for the links in messages; empty: no links

	QuickSightPrincipalARN string // user or group of the QuickSight dashboard; empty: no dashboard

	EC2Role    bool // whether there is a role for EC2 instances that run edge
	HybridRole bool // whether there is a role for machines outside EC2 that SSM manages

	DeliveryStreamName string
	RoleName           string        // of the role that the delivery stream assumes
	BufferingMiB       int           // 64..128
	BufferingTime      time.Duration // 60..900 s

	EdgePolicyName   string // of the policy for machines
	ReaderPolicyName string // of the policy for people and programs that query
	ReplayPolicyName string // of the policy for who sends failed records again

	KMSKeyARN             string            // of the key that encrypts all data; empty: AWS's own keys
	PermissionsBoundary   string            // ARN of the policy that limits every role; empty: no boundary
	Tags                  map[string]string // of every resource
	TerminationProtection bool

	LambdaFunctionName string
	LambdaTimeout      time.Duration // 1..300 s
	LambdaMemoryMiB    int           // 128..10240
	MaxSampleAge       time.Duration // whole days; the transform refuses older samples
}

// Folders of the bucket outside the table.
const (
	ErrorFolder    = "errors/"         // records that Firehose could not deliver
	ReplayedFolder = "replayed/"       // those of them that were sent again
	ResultFolder   = "athena-results/" // query results
	RollupFolder   = panels.RollupPrefix + "/"
	AlertFolder    = "alerts/" // what alerts have reported
)

func reservedFolders() []string {
	return []string{ErrorFolder, ReplayedFolder, ResultFolder, RollupFolder, AlertFolder}
}

// Load returns the configuration. It takes each setting from the first of these that has it: -c key=value, the environment,
// .env, cdk.json, the default. The error joins all problems. Each is one line with the value, where it was set, what is
// allowed and why.
//
// The CLI merges -c and cdk.json before the app sees them. Load takes a context value for one of -c if it differs from the
// value in cdk.json. So a -c with the same value as cdk.json does not override the environment.
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
