package app_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// checkTerraform checks that a synthesized stack has what cdk/terraform/main.tf reads: the manifest, its files, one bucket, one
// template, and no parameters.
func checkTerraform(t *testing.T, out, stack string) {
	t.Helper()
	manifest := read(t, filepath.Join(out, stack+".assets.json"))
	var buckets, keys, templates []string
	for _, file := range manifest["files"].(map[string]any) {
		path := filepath.Join(out, at(file, "source", "path").(string))
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			t.Errorf("%s: the manifest names a file that is not there: %v", stack, err)
		}
		if packaging := at(file, "source", "packaging"); packaging != "file" {
			t.Errorf("%s: packaging of %s is %v, and Terraform uploads it as it is", stack, path, packaging)
		}
		destinations := file.(map[string]any)["destinations"].(map[string]any)
		if len(destinations) != 1 {
			t.Errorf("%s: %s has %d destinations", stack, path, len(destinations))
		}
		for _, to := range destinations {
			buckets, keys = append(buckets, at(to, "bucketName").(string)), append(keys, at(to, "objectKey").(string))
		}
		if strings.HasSuffix(path, ".template.json") {
			templates = append(templates, path)
		}
	}
	slices.Sort(buckets)
	if buckets = slices.Compact(buckets); len(buckets) != 1 || len(templates) != 1 {
		t.Fatalf("%s: buckets %v, templates %v, want one of each", stack, buckets, templates)
	}
	known := strings.NewReplacer("${AWS::AccountId}", "1", "${AWS::Region}", "r")
	if name := known.Replace(buckets[0]); strings.Contains(name, "${") {
		t.Errorf("%s: Terraform does not know all of the bucket's name %s", stack, buckets[0])
	}
	// CloudFormation's limits: a body in the call of 51,200 bytes, an object in S3 of 1 MB.
	if info, err := os.Stat(templates[0]); err != nil || info.Size() > 1_000_000 {
		t.Errorf("%s: the template is too large: %v, %v", stack, info, err)
	}
	template := read(t, templates[0])
	if parameters := template["Parameters"]; parameters != nil {
		t.Errorf("%s: the template has parameters, and Terraform gives none: %v", stack, parameters)
	}
	for id, resource := range template["Resources"].(map[string]any) {
		properties, _ := at(resource, "Properties").(map[string]any)
		code, _ := properties["Code"].(map[string]any)
		if code["S3Key"] == nil {
			continue
		}
		bucket := code["S3Bucket"]
		if sub, ok := bucket.(map[string]any); ok {
			bucket = sub["Fn::Sub"]
		}
		if bucket != buckets[0] || !slices.Contains(keys, code["S3Key"].(string)) {
			t.Errorf("%s: the code of %s is %v, which Terraform does not upload", stack, id, code)
		}
	}
}

// TestTerraformNames: the recipe's defaults, and the outputs that its documents name, are those of the app.
func TestTerraformNames(t *testing.T) {
	const folder = "../../terraform"
	text, err := os.ReadFile(filepath.Join(folder, "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	value := func(variable string) string {
		found := regexp.MustCompile(`variable "` + variable + `" \{[^}]*default += "([^"]*)"`).FindSubmatch(text)
		if found == nil {
			t.Fatalf("main.tf has no default of %s", variable)
		}
		return string(found[1])
	}
	committed := read(t, "../../../local/internal/template/default.json")
	stack := value("stack")
	for _, output := range regexp.MustCompile(`such as (\w+) and (\w+)`).FindStringSubmatch(string(text))[1:] {
		if at(committed, "Outputs", output) == nil {
			t.Errorf("main.tf names the output %s, which the stack does not have", output)
		}
	}
	var workgroups []any
	for _, resource := range committed["Resources"].(map[string]any) {
		if at(resource, "Type") == "AWS::Athena::WorkGroup" {
			workgroups = append(workgroups, at(resource, "Properties", "Name"))
		}
	}
	if !slices.Contains(workgroups, any(stack)) {
		t.Errorf("the default name of the stack is %s in main.tf, and workgroups, which have the stack's name, are %v", stack, workgroups)
	}
	if got, want := filepath.Join(folder, value("cdk_out")), filepath.Join("..", "..", "..", "cdk.out"); filepath.Clean(got) != want {
		t.Errorf("main.tf reads %s, and the CDK writes %s", got, want)
	}
	for _, capability := range []string{"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"} {
		if !strings.Contains(string(text), `"`+capability+`"`) {
			t.Errorf("main.tf does not acknowledge %s", capability)
		}
	}
}

// TestTerraformReferences: each name that the recipe uses is declared in it.
func TestTerraformReferences(t *testing.T) {
	text, err := os.ReadFile("../../terraform/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^(variable|data|resource) "(\w+)"(?: "(\w+)")?`).FindAllSubmatch(text, -1) {
		switch kind := string(found[1]); kind {
		case "variable":
			declared["var."+string(found[2])] = true
		case "data":
			declared["data."+string(found[2])+"."+string(found[3])] = true
		default:
			declared[string(found[2])+"."+string(found[3])] = true
		}
	}
	_, locals, _ := strings.Cut(string(text), "\nlocals {\n")
	locals, _, _ = strings.Cut(locals, "\n}")
	for _, found := range regexp.MustCompile(`(?m)^  (\w+) += `).FindAllStringSubmatch(locals, -1) {
		declared["local."+found[1]] = true
	}
	used := regexp.MustCompile(`\b(?:var|local|data\.aws_\w+|aws_\w+)\.\w+`).FindAllString(string(text), -1)
	for _, name := range used {
		if !declared[name] {
			t.Errorf("main.tf uses %s and does not declare it", name)
		}
	}
	if len(used) < 20 || len(declared) < 10 {
		t.Errorf("%d uses of %d names found", len(used), len(declared))
	}
}
