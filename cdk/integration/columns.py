"""The Glue table of samples in a template, and the types of columns of Glue tables."""


def samples_table(template):
    """Returns the properties of the template's table of samples, as Glue takes them. The tables of rollups have other names."""
    table, = tables(template, "Table")
    return table


def tables(template, name):
    """Returns the properties of the template's tables whose logical id begins so."""
    return [r["Properties"]["TableInput"] for id, r in template["Resources"].items() if r["Type"] == "AWS::Glue::Table" and id.startswith(name)]


def duck_type(hive):
    """Returns DuckDB's name of a type of a Glue table: a list of structs, a map of texts, or a type of one value."""
    if hive.startswith("array<struct<"):
        fields = (f.split(":") for f in hive.removeprefix("array<struct<").removesuffix(">>").split(","))
        return "STRUCT(" + ", ".join(f'"{name}" {duck_type(kind)}' for name, kind in fields) + ")[]"
    return {"string": "VARCHAR", "int": "INTEGER", "map<string,string>": "MAP(VARCHAR, VARCHAR)"}.get(hive, hive.upper())
