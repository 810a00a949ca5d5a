package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// keyOf returns the configured KMS key as a construct for the resource with this id. It returns nil if no key is configured:
// AWS then encrypts with its own keys. The key's owner must let the services use it (cdk/README.md, "For platform teams").
func keyOf(scope constructs.Construct, id string, c config.Config) awskms.IKey {
	if c.KMSKeyARN == "" {
		return nil
	}
	return awskms.Key_FromKeyArn(scope, jsii.String(id+"Key"), &c.KMSKeyARN)
}

// mayUseKey returns statements that allow decryption with the configured key and, if writes is true, encryption with it. It
// returns none if no key is configured.
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
