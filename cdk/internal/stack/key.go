package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// keyOf is the key of the configuration, for what has this id: bucket, stream, logs, topic and answers of queries are encrypted
// with it. It is nil if there is none: then AWS encrypts with keys of its own. The key's policy is its owner's and must let
// these services use it (README, For platform teams).
func keyOf(scope constructs.Construct, id string, c config.Config) awskms.IKey {
	if c.KMSKeyARN == "" {
		return nil
	}
	return awskms.Key_FromKeyArn(scope, jsii.String(id+"Key"), &c.KMSKeyARN)
}

// mayUseKey allows to read, and to write where asked, what the key encrypts; nothing where there is no key.
func mayUseKey(c config.Config, writes bool) []awsiam.PolicyStatement {
	if c.KMSKeyARN == "" {
		return nil
	}
	actions := []string{"kms:Decrypt"}
	if writes {
		actions = append(actions, "kms:GenerateDataKey")
	}
	return []awsiam.PolicyStatement{allow(&c.KMSKeyARN)(actions...)}
}
