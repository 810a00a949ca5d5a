"""Checks resources of a synthesized template against AWS's own service models, which are part of botocore. CloudFormation sends the
properties of a resource to the service's API. The check is whether they have the names, types, required members, lengths, ranges, patterns
and values that the API accepts. It covers the types below: their properties have the same names as the API's members.

usage: apimodel.py TEMPLATE..."""

import json
import re
import sys

import botocore.loaders
import botocore.model

OPERATIONS = {
    "AWS::Athena::NamedQuery": ("athena", "CreateNamedQuery"),
    "AWS::QuickSight::DataSource": ("quicksight", "CreateDataSource"),
    "AWS::QuickSight::DataSet": ("quicksight", "CreateDataSet"),
    "AWS::QuickSight::Dashboard": ("quicksight", "CreateDashboard"),
}
ARN = "arn:aws:service:us-east-1:123456789012:resource/id"
KINDS = {"string": str, "boolean": bool, "integer": int, "long": int, "double": (int, float), "float": (int, float)}


def resolved(value):
    """Returns a value in which plausible texts replace CloudFormation's functions."""
    if isinstance(value, list):
        return [resolved(v) for v in value]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": "AWS::AccountId"}:
        return "123456789012"
    if len(value) == 1 and (function := next(iter(value))) in ("Ref", "Fn::GetAtt", "Fn::Join", "Fn::Sub"):
        return ARN if function == "Fn::GetAtt" else "name"
    return {k: resolved(v) for k, v in value.items()}


def problems(shape, value, path):
    kind = shape.type_name
    limits = shape.metadata
    size = None
    if kind == "structure":
        if not isinstance(value, dict):
            yield f"{path}: want a structure"
            return
        for name in shape.required_members:
            if name not in value:
                yield f"{path}: {name} is missing"
        for name, member in value.items():
            if name not in shape.members:
                yield f"{path}: there is no {name} in {shape.name}"
            else:
                yield from problems(shape.members[name], member, f"{path}.{name}")
    elif kind == "list":
        if not isinstance(value, list):
            yield f"{path}: want a list"
            return
        size = len(value)
        for i, member in enumerate(value):
            yield from problems(shape.member, member, f"{path}[{i}]")
    elif kind == "map":
        size = len(value)
        for key, member in value.items():
            yield from problems(shape.key, key, f"{path} key {key}")
            yield from problems(shape.value, member, f"{path}.{key}")
    else:
        if not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
            yield f"{path}: {value!r} is not a {kind}"
            return
        size = len(value) if kind == "string" else value
        if getattr(shape, "enum", None) and value not in shape.enum:
            yield f"{path}: {value!r} must be one of {shape.enum}"
        pattern = limits.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            yield f"{path}: {value!r} does not match {pattern}"
    if size is not None and not limits.get("min", size) <= size <= limits.get("max", size):
        yield f"{path}: {size} is not within {limits.get('min')}..{limits.get('max')} of {shape.name}"


def main():
    models = {}
    checked, found = {}, []
    for file in sys.argv[1:]:
        with open(file) as f:
            template = json.load(f)
        for name, resource in template["Resources"].items():
            if resource["Type"] not in OPERATIONS:
                continue
            service, operation = OPERATIONS[resource["Type"]]
            if service not in models:
                models[service] = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model(service, "service-2"))
            shape = models[service].operation_model(operation).input_shape
            properties = resolved(resource["Properties"])
            found += [f"{file}: {p}" for p in problems(shape, properties, name)]
            checked[resource["Type"]] = checked.get(resource["Type"], 0) + 1
    for line in found:
        print(line)
    missing = OPERATIONS.keys() - checked.keys()
    if missing:
        print("no resource of", *sorted(missing))
    if found or missing:
        sys.exit(1)
    print(", ".join(f"{n} of {kind}" for kind, n in sorted(checked.items())), "agree with AWS's API models")


main()
