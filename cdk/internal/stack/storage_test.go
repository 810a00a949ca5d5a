package stack_test

import (
	"slices"
	"testing"
)

func TestBucketIsPrivateAndKept(t *testing.T) {
	template := synthesized(t)
	b := one(t, template, "AWS::S3::Bucket")
	check(t, "encryption", at(t, b.properties, "BucketEncryption", "ServerSideEncryptionConfiguration", 0,
		"ServerSideEncryptionByDefault", "SSEAlgorithm"), "AES256")
	for _, block := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
		check(t, block, at(t, b.properties, "PublicAccessBlockConfiguration", block), true)
	}
	check(t, "ownership", at(t, b.properties, "OwnershipControls", "Rules", 0, "ObjectOwnership"), "BucketOwnerEnforced")
	check(t, "deletion", b.body["DeletionPolicy"], "RetainExceptOnCreate")
	check(t, "replacement", b.body["UpdateReplacePolicy"], "Retain")
	rules := at(t, b.properties, "LifecycleConfiguration", "Rules").([]any)
	if len(rules) != 5 || at(t, rules, 0, "Id") != "AbortIncompleteUploads" {
		t.Errorf("lifecycle rules are %v, want none that expires samples", rules)
	}
	check(t, "expiring answers", at(t, rules, 1, "Prefix"), "athena-results/")
	check(t, "expiring failed records", at(t, rules, 2), "map[ExpirationInDays:90 Id:ExpireFailedRecords Prefix:errors/ Status:Enabled]")
	check(t, "rollups", at(t, rules, 4),
		"map[Id:TierRollups Prefix:rollup/ Status:Enabled Transitions:[map[StorageClass:INTELLIGENT_TIERING TransitionInDays:0]]]")
	// The note about which records of an object were sent must outlive the object.
	check(t, "expiring replayed records", at(t, rules, 3), "map[ExpirationInDays:97 Id:ExpireReplayedRecords Prefix:replayed/ Status:Enabled]")
}

func TestBucketTakesTLSOnly(t *testing.T) {
	template := synthesized(t)
	p := one(t, template, "AWS::S3::BucketPolicy")
	check(t, "bucket", p.properties["Bucket"], "${"+one(t, template, "AWS::S3::Bucket").id+"}")
	var conditions []string
	for _, s := range at(t, p.properties, "PolicyDocument", "Statement").([]any) {
		check(t, "effect", at(t, s, "Effect"), "Deny")
		check(t, "action", at(t, s, "Action"), "s3:*")
		check(t, "principal", at(t, s, "Principal", "AWS"), "*")
		if n := len(list(at(t, s, "Resource"))); n != 2 {
			t.Errorf("%d resources are denied, want the bucket and its objects", n)
		}
		conditions = append(conditions, show(at(t, s, "Condition")))
	}
	want := []string{"map[Bool:map[aws:SecureTransport:false]]", "map[NumericLessThan:map[s3:TlsVersion:1.2]]"}
	if !slices.Equal(conditions, want) {
		t.Errorf("conditions are %v, want %v", conditions, want)
	}
}
