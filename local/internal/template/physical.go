package template

import (
	"cmp"
	"strings"
)

// partition is the AWS partition of all ARNs.
const partition = "aws"

// physical holds the names of a deployed resource.
type physical struct {
	ref        any
	attributes map[string]any
}

// nameProperty returns the property that names a resource of a type. CloudFormation generates a name if the property is absent.
func nameProperty(resourceType string) string {
	switch resourceType {
	case typeStream:
		return "DeliveryStreamName"
	case typeFunction:
		return "FunctionName"
	case typeBucket:
		return "BucketName"
	case "AWS::IAM::Role":
		return "RoleName"
	case "AWS::IAM::ManagedPolicy":
		return "ManagedPolicyName"
	case "AWS::Logs::LogGroup":
		return "LogGroupName"
	case "AWS::Logs::LogStream":
		return "LogStreamName"
	case "AWS::SNS::Topic":
		return "TopicName"
	case "AWS::CloudWatch::Alarm":
		return "AlarmName"
	case "AWS::CloudWatch::Dashboard":
		return "DashboardName"
	case typeParameter, "AWS::Athena::WorkGroup", "AWS::Athena::NamedQuery", "AWS::Glue::Crawler":
		return "Name"
	}
	return ""
}

// name returns the name of a resource: the one in its properties, or else <stack>-<logicalId>, in lower case for a bucket. CloudFormation
// would append random letters to the second one.
func (r *reader) name(id string) string {
	res := r.Resources[id]
	properties := r.properties(id)
	var name string
	switch res.Type {
	case typeTable:
		name = properties.field("TableInput").field("Name").text()
	case typeDatabase:
		name = properties.field("DatabaseInput").field("Name").text()
	default:
		if property := nameProperty(res.Type); property != "" {
			name = properties.field(property).text()
		}
	}
	generated := r.opts.StackName + "-" + id
	switch res.Type {
	case typeBucket:
		generated = strings.Trim(shorten(strings.ToLower(generated), 63), "-.")
	case typeStream, typeFunction, "AWS::IAM::Role":
		generated = shorten(generated, 64)
	case typeTable, typeDatabase:
		generated = strings.ReplaceAll(strings.ToLower(generated), "-", "_")
	}
	return cmp.Or(name, generated)
}

// shorten cuts a generated name to the length that its service allows. It keeps the end, which differs for each logical id.
func shorten(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	half := limit / 2
	return name[:half] + name[len(name)-(limit-half):]
}

// physical returns what Ref and Fn::GetAtt give for a resource.
func (r *reader) physical(id string) physical {
	name := r.name(id)
	p := physical{ref: name, attributes: make(map[string]any)}
	set := func(attribute string, v any) { p.attributes[attribute] = v }
	switch r.Resources[id].Type {
	case typeStream:
		set("Arn", r.arn("firehose", "deliverystream/"+name))
	case typeFunction:
		set("Arn", r.arn("lambda", "function:"+name))
	case typeBucket:
		set("Arn", "arn:"+partition+":s3:::"+name)
		set("DomainName", name+".s3.amazonaws.com")
		set("RegionalDomainName", name+".s3."+r.opts.Region+".amazonaws.com")
	case typeParameter:
		properties := r.properties(id)
		set("Type", properties.field("Type").text())
		set("Value", properties.field("Value").text())
	case "AWS::IAM::Role":
		set("Arn", r.global("iam", "role/"+name))
		set("RoleId", "AROA"+strings.ToUpper(id))
	case "AWS::IAM::ManagedPolicy":
		p.ref = r.global("iam", "policy/"+name)
		set("PolicyArn", p.ref)
	case "AWS::Logs::LogGroup":
		set("Arn", r.arn("logs", "log-group:"+name+":*"))
	case "AWS::SNS::Topic":
		p.ref = r.arn("sns", name)
		set("TopicArn", p.ref)
		set("TopicName", name)
	case "AWS::KMS::Key":
		set("Arn", r.arn("kms", "key/"+name))
		set("KeyId", name)
	case "AWS::CloudWatch::Alarm":
		set("Arn", r.arn("cloudwatch", "alarm:"+name))
	}
	return p
}

func (r *reader) arn(service, resource string) string {
	return strings.Join([]string{"arn", partition, service, r.opts.Region, r.opts.AccountID, resource}, ":")
}

// global returns the ARN of a resource of a global service, without a region.
func (r *reader) global(service, resource string) string {
	return strings.Join([]string{"arn", partition, service, "", r.opts.AccountID, resource}, ":")
}
