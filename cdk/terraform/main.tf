# Deploys the stack that the CDK synthesizes, for teams that deploy with Terraform or OpenTofu. README.md says how to use it.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "region" {
  description = "Region of the stack."
  type        = string
}

variable "cdk_out" {
  description = "Folder that `make synth` wrote."
  type        = string
  default     = "../../cdk.out"
}

variable "stack" {
  description = "Name of the stack: the setting stackName of the synthesis."
  type        = string
  default     = "MetricsDashboard"
}

variable "create_bucket" {
  description = "Whether to create the bucket of the assets. Say false if the account and region are bootstrapped for the CDK: then it exists."
  type        = bool
  default     = true
}

provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  # The manifest lists the files that the template names, and the template itself.
  assets = jsondecode(file("${var.cdk_out}/${var.stack}.assets.json")).files
  files = {
    for hash, asset in local.assets : hash => {
      path = "${var.cdk_out}/${asset.source.path}"
      to   = values(asset.destinations)[0]
    }
  }
  bucket = replace(replace(values(local.files)[0].to.bucketName,
    "$${AWS::AccountId}", data.aws_caller_identity.current.account_id),
  "$${AWS::Region}", var.region)
  template = one([for f in values(local.files) : f.to.objectKey if endswith(f.path, ".template.json")])
}

resource "aws_s3_bucket" "assets" {
  count  = var.create_bucket ? 1 : 0
  bucket = local.bucket
}

resource "aws_s3_bucket_public_access_block" "assets" {
  count                   = var.create_bucket ? 1 : 0
  bucket                  = aws_s3_bucket.assets[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_object" "asset" {
  for_each    = local.files
  bucket      = local.bucket
  key         = each.value.to.objectKey
  source      = each.value.path
  source_hash = filemd5(each.value.path)
  depends_on  = [aws_s3_bucket_public_access_block.assets]
}

# CloudFormation takes a template of at most 51,200 bytes in the call, and of 1 MB from S3 (CloudFormation User Guide, "Understand
# CloudFormation quotas"). This one has hundreds of kilobytes.
resource "aws_cloudformation_stack" "metrics" {
  name         = var.stack
  template_url = "https://${local.bucket}.s3.${var.region}.${data.aws_partition.current.dns_suffix}/${local.template}"
  capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
  depends_on   = [aws_s3_object.asset]
}

output "outputs" {
  description = "Outputs of the stack, such as DeliveryStreamName and EdgePolicyArn."
  value       = aws_cloudformation_stack.metrics.outputs
}
