"""Checks the local stack with software that this project did not write: boto3 sends records and reads parameters; pyarrow, DuckDB and
Polars read the Parquet files.

usage: interop.py DIRECTORY-OF-BINARIES"""

import base64
import glob
import gzip
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import boto3
import duckdb
import polars
import pyarrow
import pyarrow.parquet
from botocore.config import Config
from botocore.exceptions import ClientError

sys.path.append(str(pathlib.Path(__file__).parent.parent / "cdk" / "integration"))
from columns import samples_table  # noqa: E402

STACK = "MetricsDashboard"
NOW = int(time.time())
ROWS = 60  # plain samples, sent one by one


def start(binary, lake):
    """Starts the local stack on a free port and returns it with its endpoint."""
    process = subprocess.Popen(
        [binary, "up", "--dir", lake, "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    for line in process.stdout:
        print("   ", line, end="")
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return process, found.group()
    sys.exit("local up ended without naming its address")


def clients(endpoint):
    # The checks are about the service's own answers, so boto3 must not retry.
    options = dict(
        endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any",
        config=Config(retries={"max_attempts": 0}),
    )
    return boto3.client("firehose", **options), boto3.client("ssm", **options)


def expect(condition, what, detail=""):
    print("ok  " if condition else "FAIL", what, detail)
    if not condition:
        sys.exit(1)


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        expect(error.response["Error"]["Code"] == code, f"{code}: {error.response['Error']['Message'][:90]}")
        return
    expect(False, f"{code}: the call succeeded")


def sample(n):
    return {"ts": NOW - 1, "session_id": "boto3", "seq": n, "interval_s": 1, "hostname": "h", "cpu_pct": n / 2,
            "tags": {"team": "core", "n": str(n)}, "ram_total_bytes": 2**40 + n, **lists(n)}


# Every third sample has details, every third has lists that are empty or have elements that are, the others have none.
def lists(n):
    if n % 3 == 0:
        return {"sensors": [{"name": f"cpu {n}", "celsius": 40 + n / 2}, {"celsius": 7, "name": "disk", "later": [1]}],
                "filesystems": [{"mount": "/", "used_pct": n / 4, "free_bytes": 2**41 + n}],
                "processes": [{"name": "java", "pid": n + i, "count": 1, "cpu_pct": i / 2} for i in range(n % 5)]}
    return {"sensors": [None, {}, {"name": "fan"}], "processes": [], "filesystems": None} if n % 3 == 1 else {}


def put(firehose, stream):
    for n in range(ROWS):  # as a producer does that does not make packs
        answer = firehose.put_record(DeliveryStreamName=stream, Record={"Data": json.dumps(sample(n)).encode()})
        expect(answer["RecordId"], f"record {n}") if n == 0 else None
    bad = [b"", b"\x00\xff rubbish", b'{"ts":"text"}', b'{"ts":3600}', b'{"ts":4102444800}',
           json.dumps({"ts": NOW, "cpu_pct": "high"}).encode(), gzip.compress(bytes(17 << 20))]
    good = gzip.compress("\n".join(json.dumps(sample(ROWS + n)) for n in range(40)).encode())
    answer = firehose.put_record_batch(DeliveryStreamName=stream, Records=[{"Data": d} for d in [*bad, good]])
    expect(answer["FailedPutCount"] == 0 and len(answer["RequestResponses"]) == len(bad) + 1, "batch accepted")
    return bad


def limits(firehose, stream):
    batch = firehose.put_record_batch
    record = {"Data": b"{}"}
    # botocore checks only the lower bound of the count. So these requests reach the service.
    refused("ValidationException", batch, DeliveryStreamName=stream, Records=[record] * 501)
    refused("ValidationException", batch, DeliveryStreamName=stream, Records=[{"Data": bytes(1_024_001)}])
    refused("InvalidArgumentException", batch, DeliveryStreamName=stream, Records=[{"Data": bytes(1_000_000)}] * 5)
    refused("ResourceNotFoundException", batch, DeliveryStreamName="no-such-stream", Records=[record])
    refused("ResourceNotFoundException", firehose.put_record, DeliveryStreamName="no-such-stream", Record=record)


def parquet(lake, columns):
    files = glob.glob(f"{lake}/*/analytics/year=*/month=*/day=*/hour=*/*.parquet")
    expect(files, f"{len(files)} Parquet files")
    total = []
    for name in files:
        file = pyarrow.parquet.ParquetFile(name)
        expect(file.metadata.num_row_groups <= 3, f"{file.metadata.num_row_groups} row groups")
        group = file.metadata.row_group(0)
        codecs = {group.column(i).compression for i in range(group.num_columns)}
        expect(codecs == {"SNAPPY"}, "compression", codecs)
        fields = [(f.name, re.sub(r" \('.*'\)", "", str(f.type))) for f in file.schema_arrow]
        expect(fields == columns, f"{len(fields)} columns as in the Glue table", "" if fields == columns else f"{fields} != {columns}")
        total += file.read().to_pylist()
    expect(sorted(r["seq"] for r in total) == list(range(ROWS + 40)), f"pyarrow reads {len(total)} rows, each once")
    details(files, total)
    duck = duckdb.connect().execute(
        "SELECT seq, cpu_pct, ram_total_bytes, swap_pct, tags['n'], event_time FROM read_parquet(?) ORDER BY seq", [files],
    ).fetchall()
    arrow = sorted((r["seq"], r["cpu_pct"], r["ram_total_bytes"], r["swap_pct"], dict(r["tags"])["n"], r["event_time"]) for r in total)
    expect(duck == arrow, "DuckDB and pyarrow agree")
    expect({c.physical_type for c in (group.column(i) for i in range(group.num_columns)) if c.path_in_schema == "event_time"} == {"INT96"},
           "timestamps are INT96, as Firehose writes them")
    expect(all(row[3] is None for row in duck), "absent values are NULL")
    expect(duck[3][:3] == (3, 1.5, 2**40 + 3), "values", duck[3])


def details(files, rows):
    """Compares the lists that pyarrow, DuckDB and Polars read with those that were put."""
    expect(all(".bag.array_element." in p for p in paths(files[0]) if p.startswith("sensors.")), "lists are laid out as Hive does")
    columns = ["seq", "sensors", "filesystems", "processes"]
    arrow = sorted(([row[c] for c in columns] for row in rows), key=lambda row: row[0])
    duck = duckdb.connect().execute(f"SELECT {', '.join(columns)} FROM read_parquet(?) ORDER BY seq", [files]).fetchall()
    frame = polars.concat([polars.read_parquet(f, columns=columns, hive_partitioning=False) for f in files]).sort("seq")
    expect(arrow == [list(row) for row in duck], "DuckDB and pyarrow agree on lists")
    expect(arrow == [list(row) for row in frame.iter_rows()], "Polars and pyarrow agree on lists")
    for seq, sensors, filesystems, processes in arrow:
        put = lists(seq)
        for name, got in (("sensors", sensors), ("filesystems", filesystems), ("processes", processes)):
            want = put.get(name)
            known = want and [e and {k: v for k, v in e.items() if k != "later"} for e in want]
            plain = got and [e and {k: v for k, v in e.items() if v is not None} for e in got]
            if plain != (known if want else want):
                expect(False, f"{name} of {seq}", f"{got}, want {want}")
    expect(True, "lists are as they were put: with elements, without, with elements that are null, NULL")


def paths(name):
    group = pyarrow.parquet.ParquetFile(name).metadata.row_group(0)
    return [group.column(i).path_in_schema for i in range(group.num_columns)]


def arrow_type(hive):
    """Returns pyarrow's name of a type of the Glue table."""
    if found := re.fullmatch("array<struct<(.*)>>", hive):
        fields = (field.split(":") for field in found.group(1).split(","))
        return "list<array_element: struct<" + ", ".join(f"{name}: {arrow_type(kind)}" for name, kind in fields) + ">>"
    names = {"double": "double", "string": "string", "bigint": "int64", "int": "int32", "timestamp": "timestamp[ns]",
             "map<string,string>": "map<string, string>"}
    return names[hive]


def glue_columns():
    """Returns the columns of the committed template's table, with pyarrow's names of their types."""
    with open("local/internal/template/default.json") as file:
        table = samples_table(json.load(file))
    return [(c["Name"], arrow_type(c["Type"])) for c in table["StorageDescriptor"]["Columns"]]


def main():
    lake = tempfile.mkdtemp(prefix="interop-")
    process, endpoint = start(os.path.join(sys.argv[1], "local"), lake)
    try:
        firehose, ssm = clients(endpoint)
        path = f"/metrics-dashboard/{STACK}/"
        pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True)
        parameters = [p for page in pages for p in page["Parameters"]]
        stream = ssm.get_parameter(Name=path + "delivery-stream-name")["Parameter"]["Value"]
        expect(path + "region" in [p["Name"] for p in parameters], f"{len(parameters)} parameters below {path}")
        description = firehose.describe_delivery_stream(DeliveryStreamName=stream)["DeliveryStreamDescription"]
        expect(description["DeliveryStreamStatus"] == "ACTIVE", "stream " + stream)
        limits(firehose, stream)
        bad = put(firehose, stream)
    finally:
        process.send_signal(signal.SIGTERM)
        print("   ", process.stdout.read())
    expect(process.wait(60) == 0, "local up flushed and ended with exit 0")
    parquet(lake, glue_columns())
    kept = []
    for name in filter(os.path.isfile, glob.glob(f"{lake}/*/errors/**", recursive=True)):
        with open(name) as file:
            kept += [json.loads(line) for line in file]
    expect(sorted(base64.b64decode(k["rawData"]) for k in kept) == sorted(bad), f"{len(kept)} bad records kept with their bytes")
    expect(all(k.get("errorCode") or k.get("lastErrorCode") for k in kept), "each with a reason")
    print(f"{pyarrow.__name__} {pyarrow.__version__}, duckdb {duckdb.__version__}, polars {polars.__version__}, boto3 {boto3.__version__}: all as expected")


main()
