package athena

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Target is the table to query and the workgroup to query it in.
type Target struct {
	Region    string
	Workgroup string
	Database  string
	Table     string
}

// Name is the table in Athena's SQL.
func (t Target) Name() string { return identifier(t.Database) + "." + identifier(t.Table) }

// rollup is the table of a rollup in Athena's SQL.
func (t Target) rollup(r panels.Rollup) string {
	return identifier(t.Database) + "." + identifier(r.TableOf(t.Table))
}

// relation is the name of the table for a person's query. A query runs in the table's database, so the plain name samples is
// enough for a table that is called so.
func (t Target) relation() string {
	if t.Table == panels.Samples {
		return panels.Samples
	}
	return t.Name()
}

func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Find looks up a stack in the region of cfg. The stack's parameters in SSM name its workgroup, database and table.
func Find(ctx context.Context, cfg aws.Config, stack string) (Target, error) {
	t := Target{Region: cfg.Region}
	err := Parameters(ctx, cfg, stack, map[string]*string{
		"athena-workgroup": &t.Workgroup, "glue-database-name": &t.Database, "glue-table-name": &t.Table,
	})
	if err != nil {
		return Target{}, err
	}
	return t, nil
}

// Parameters looks up parameters of a stack in SSM, in the region of cfg, by their names below the stack's path. It fails unless it
// finds all of them.
func Parameters(ctx context.Context, cfg aws.Config, stack string, values map[string]*string) error {
	folder := record.ParameterPath(stack)
	var names []string
	for name := range values {
		names = append(names, path.Join(folder, name))
	}
	out, err := ssm.NewFromConfig(cfg).GetParameters(ctx, &ssm.GetParametersInput{Names: names})
	if err != nil {
		return fmt.Errorf("look up the stack %s in %s: %w", stack, cfg.Region, explain(err))
	}
	for _, p := range out.Parameters {
		if value, ok := values[path.Base(aws.ToString(p.Name))]; ok {
			*value = aws.ToString(p.Value)
		}
	}
	var missing []error
	for name, value := range values {
		if *value == "" {
			missing = append(missing, errors.New(name))
		}
	}
	switch {
	case len(missing) == len(values):
		return fmt.Errorf("there is no stack %s in %s (no parameters below %s): deploy it there, or name another with "+
			"--stack and --region", stack, cfg.Region, folder)
	case len(missing) > 0:
		return fmt.Errorf("the stack %s in %s lacks the parameter %s%w: deploy it again", stack, cfg.Region, folder, missing[0])
	}
	return nil
}

// Parameter looks up one parameter of a stack, as [Parameters] does. It returns "" if the parameter does not exist.
func Parameter(ctx context.Context, cfg aws.Config, stack, name string) (string, error) {
	out, err := ssm.NewFromConfig(cfg).GetParameters(ctx, &ssm.GetParametersInput{Names: []string{path.Join(record.ParameterPath(stack), name)}})
	if err != nil {
		return "", fmt.Errorf("look up the parameter %s of the stack %s in %s: %w", name, stack, cfg.Region, explain(err))
	}
	for _, p := range out.Parameters {
		return aws.ToString(p.Value), nil
	}
	return "", nil
}
