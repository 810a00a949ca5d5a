// Prints what cdk-nag's AwsSolutions pack finds in synthesized templates as JSON: for each template a list of
// {rule, resource, what}. Usage: node check.mjs TEMPLATE...
// It excuses nothing. The test compares the findings with excuses.json.
import { App, Stack } from "aws-cdk-lib";
import { CfnInclude } from "aws-cdk-lib/cloudformation-include";
import { AwsSolutionsChecks } from "cdk-nag";

function findings(templateFile) {
  const stack = new Stack(new App(), "Checked");
  new CfnInclude(stack, "Template", { templateFile });
  return new AwsSolutionsChecks().validateScope(stack).violations.flatMap(({ ruleName, description, violatingResources }) =>
    violatingResources.map(({ constructPath }) => ({ rule: ruleName, resource: constructPath.split("/").pop(), what: description })));
}

console.log(JSON.stringify(process.argv.slice(2).map(findings)));
