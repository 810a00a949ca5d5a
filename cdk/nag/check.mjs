// Prints the findings of cdk-nag's AwsSolutions pack in a synthesized template as JSON: [{rule, resource, what}].
// Usage: node check.mjs TEMPLATE. It excuses nothing; what is excused stands in excuses.json and is compared by the test.
import { App, Stack } from "aws-cdk-lib";
import { CfnInclude } from "aws-cdk-lib/cloudformation-include";
import { AwsSolutionsChecks } from "cdk-nag";

const stack = new Stack(new App(), "Checked");
new CfnInclude(stack, "Template", { templateFile: process.argv[2] });

const findings = [];
for (const { ruleName, description, violatingResources } of new AwsSolutionsChecks().validateScope(stack).violations) {
  for (const { constructPath } of violatingResources) {
    findings.push({ rule: ruleName, resource: constructPath.split("/").pop(), what: description });
  }
}
console.log(JSON.stringify(findings));
