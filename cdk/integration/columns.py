"""Types of the columns of the Glue tables."""


def duck_type(hive):
    """Returns DuckDB's name of a type of a Glue table: a list of structs, a map of texts, or a type of one value."""
    if hive.startswith("array<struct<"):
        fields = (f.split(":") for f in hive.removeprefix("array<struct<").removesuffix(">>").split(","))
        return "STRUCT(" + ", ".join(f'"{name}" {duck_type(kind)}' for name, kind in fields) + ")[]"
    return {"string": "VARCHAR", "int": "INTEGER", "map<string,string>": "MAP(VARCHAR, VARCHAR)"}.get(hive, hive.upper())
