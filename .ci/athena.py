"""Checks `dashboard --athena` over Athena's and SSM's real protocol, against two services that this project did not write. moto gives
prepared answers and keeps the requests. ministack runs the SQL in DuckDB, over its own S3 and Glue.
moto's S3 and Firehose also check `dashboard failed --s3`.
Usage: athena.py DIRECTORY-OF-BINARIES"""

import base64
import contextlib
import csv
import io
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import boto3
import duckdb

sys.path.append(str(pathlib.Path(__file__).parent.parent / "cdk" / "integration"))
from columns import duck_type, samples_table  # noqa: E402

DASHBOARD = os.path.abspath(os.path.join(sys.argv[1], "dashboard"))
STACK = "MetricsDashboard"
TOOLS = pathlib.Path(sys.executable).parent
ROWS = 2500  # samples, which are fetched in three pages


def expect(condition, what, detail=""):
    print("ok  " if condition else "FAIL", what, "" if condition else detail, flush=True)
    if not condition:
        sys.exit(1)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def service(folder, name, command, health, environment, port):
    """Runs a service on loopback until the block ends, and yields its endpoint."""
    endpoint = f"http://127.0.0.1:{port}"
    log = folder / f"{name}.log"
    with open(log, "w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **environment})
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(endpoint + health, timeout=5).close()
                break
            if process.poll() is not None:
                expect(False, f"{name} starts", log.read_text()[-2000:])
            time.sleep(0.1)
        else:
            expect(False, f"{name} answers within a minute")
        yield endpoint
    finally:
        process.terminate()
        process.wait(30)


class Cloud:
    """One of the services, with a stack in it that the dashboard finds."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.environment = {
            **os.environ, "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        }
        client = lambda name: boto3.client(  # noqa: E731
            name, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        self.athena, self.ssm, self.s3, self.glue = map(client, ("athena", "ssm", "s3", "glue"))
        self.s3.create_bucket(Bucket="lake")

    def deploy(self, stack, table, workgroup=True):
        for name, value in {"athena-workgroup": stack, "glue-database-name": "metrics", "glue-table-name": table}.items():
            self.ssm.put_parameter(Name=f"/metrics-dashboard/{stack}/{name}", Value=value, Type="String")
        if workgroup:
            self.athena.create_work_group(Name=stack, Configuration={
                "ResultConfiguration": {"OutputLocation": "s3://lake/athena-results/"}, "EnforceWorkGroupConfiguration": True})

    def dashboard(self, *args, stdin=b"", code=0):
        """Runs the binary and returns its output. It must end with the given exit code."""
        done = subprocess.run([DASHBOARD, *args], env=self.environment, input=stdin, capture_output=True, timeout=120)
        if done.returncode != code:
            expect(False, " ".join(args), f"exit {done.returncode}, want {code}: {done.stderr.decode()}")
        return done.stdout, done.stderr.decode()

    def executions(self):
        ids = self.athena.list_query_executions(WorkGroup=STACK)["QueryExecutionIds"]
        return {i: self.athena.get_query_execution(QueryExecutionId=i)["QueryExecution"] for i in ids}


# --- moto ---

def post(endpoint, path, body):
    request = urllib.request.Request(endpoint + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=10).close()


def seed(endpoint, columns, rows):
    cell = lambda v: {} if v is None else {"VarCharValue": v}  # noqa: E731
    info = [{"CatalogName": "hive", "Name": n, "Label": n, "Type": t, "Nullable": "UNKNOWN", "CaseSensitive": True} for n, t in columns]
    lines = [{"Data": [cell(v) for v in row]} for row in [[n for n, _ in columns], *rows]]
    post(endpoint, "/moto-api/static/athena/query-results", {"results": [{"rows": lines, "column_info": info}]})


COLUMNS = [("host", "varchar"), ("n", "bigint"), ("load", "double"), ("up", "boolean"), ("at", "timestamp"), ("tags", "map")]
VALUES = [["o'neil, \"x\" 🦊", "9007199254740993", "0.1", "true", "2026-02-03 04:05:06.789", "{team=core}"], [None] * 6]


def formats(cloud, folder):
    ask = lambda form: (seed(cloud.endpoint, COLUMNS, VALUES), cloud.dashboard(  # noqa: E731
        "query", "--athena", "--format", form, "SELECT * FROM samples"))[1]
    out, err = ask("csv")
    want = [["host", "n", "load", "up", "at", "tags"], [*VALUES[0]], [""] * 6]
    expect(list(csv.reader(io.StringIO(out.decode()))) == want, "CSV", out)
    expect(re.fullmatch(r"dashboard: 0\.0 MB scanned, about 0\.00005 USD\n", err), "the least price of a query", err)
    rows = [json.loads(line) for line in ask("json")[0].splitlines()]
    first = {"host": VALUES[0][0], "n": 9007199254740993, "load": 0.1, "up": True, "at": "2026-02-03T04:05:06.789Z", "tags": "{team=core}"}
    expect(rows == [first, dict.fromkeys(first)], "JSON", rows)
    table = ask("table")[0].decode().splitlines()
    expect(len(table) == 4 and table[0].split() == [n for n, _ in COLUMNS] and table[3].split() == ["NULL"] * 6, "table", table)
    (folder / "answer.parquet").write_bytes(ask("parquet")[0])
    read = duckdb.sql(f"""SELECT host, n, load, up, strftime("at", '%H:%M:%S.%g'), tags FROM '{folder}/answer.parquet'""").fetchall()
    expect(read == [(VALUES[0][0], 9007199254740993, 0.1, True, "04:05:06.789", "{team=core}"), (None,) * 6], "Parquet", read)


def parameters(cloud):
    before = set(cloud.executions())
    seed(cloud.endpoint, [("host", "varchar")], [["o'neil ?"]])  # the hosts that there are, so that the host is not a typing mistake
    seed(cloud.endpoint, [("host", "varchar"), ("samples", "bigint")], [["o'neil", "3"]])
    out, _ = cloud.dashboard("panels", "--athena", "--range", "1h", "--host", "o'neil ?", "--tag", "team=a'b", "--format", "csv", "hosts-summary")
    expect(out == b"host,samples\no'neil,3\n", "a panel runs", out)
    hosts, asked = sorted((x for i, x in cloud.executions().items() if i not in before), key=lambda x: len(x.get("ExecutionParameters", [])))
    expect("neil" not in hosts["Query"] and "ExecutionParameters" not in hosts, "the hosts are listed whatever is chosen", hosts)
    text, values = asked["Query"], asked["ExecutionParameters"]
    expect("neil" not in text and text.count("?") == len(values) == 4, "a parameter for each question mark", text)
    expect({"'o''neil ?'", "'team'", "'a''b'"} <= set(values), "texts are literals of SQL", values)
    expect(re.search(r"ts >= \d+(\.\d+)? AND ts < \d+", text), "numbers stand in the text", text)
    expect(asked["WorkGroup"] == STACK and asked["QueryExecutionContext"]["Database"] == "metrics", "in the stack's workgroup and database")


def refusals(cloud):
    cloud.deploy("Gone", "samples", workgroup=False)
    for args, want in {
        ("--stack", "Gone"): "deploy it again or choose another with --stack",
        ("--stack", "Never"): "there is no stack Never in us-east-1",
        ("--region", "eu-west-1"): f"there is no stack {STACK} in eu-west-1",
    }.items():
        err = cloud.dashboard("query", "--athena", *args, "SELECT 1", code=1)[1]
        expect(want in err and err.count("\n") == 1, want, err)
    err = cloud.dashboard("query", "--athena", "DROP TABLE samples", code=1)[1]
    expect("only queries" in err, "nothing but queries is run", err)


def cancellation(cloud):
    transition = {"model_name": "athena::execution", "transition": {"progression": "manual", "times": 1_000_000}}
    post(cloud.endpoint, "/moto-api/state-manager/set-transition", transition)
    before = set(cloud.athena.list_query_executions(WorkGroup=STACK)["QueryExecutionIds"])
    process = subprocess.Popen([DASHBOARD, "query", "--athena", "SELECT 1"], env=cloud.environment, stderr=subprocess.PIPE)
    for _ in range(600):
        started = set(cloud.athena.list_query_executions(WorkGroup=STACK)["QueryExecutionIds"]) - before
        if started:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    state = cloud.athena.get_query_execution(QueryExecutionId=started.pop())["QueryExecution"]["Status"]["State"]
    expect(process.returncode == 1 and state == "CANCELLED", "Ctrl-C stops the query in Athena", (process.returncode, state, err))


def page(cloud):
    process = subprocess.Popen([DASHBOARD, "--athena", "--listen", "127.0.0.1:0"], env=cloud.environment, stderr=subprocess.PIPE, text=True)
    try:
        address = re.search(r"http://\S+/", process.stderr.readline()).group()
        get = lambda path: json.load(urllib.request.urlopen(address + path, timeout=60))  # noqa: E731
        seed(cloud.endpoint, [("last_ts", "double")], [["1770112800.5"]])
        status = get("api/status")
        expect(status["newest"] == 1770112800.5 and get("api/dashboards")["refresh_s"] == 300 and status["spent"]["usd"] > 0, "status", status)
        count = len(cloud.executions())
        get("api/status")
        expect(len(cloud.executions()) == count, "a status within a minute costs nothing more")
        # The first panel also asks which hosts there are.
        seed(cloud.endpoint, [("host", "varchar"), ("env", "varchar"), ("role", "varchar"), ("last_ts", "double")], [["a", "b", "c", "60.0"]])
        seed(cloud.endpoint, [("t", "double"), ("cpu_pct", "double"), ("interval_s", "integer")], [["60.0", "1.5", "3"]])
        data = get("api/panels/overview-cpu?range=1h")
        expect(data["data"] == [[60], [1.5], [3]] and data["cost"]["usd"] > 0 and data["to"] % 60 == 0, "a panel of the page", data)
    finally:
        process.send_signal(signal.SIGTERM)
    expect(process.wait(30) == 0, "the page ends")


def replay(cloud):
    """Sends failed records again, over S3's conditional writes and Firehose."""
    firehose = boto3.client("firehose", endpoint_url=cloud.endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    firehose.create_delivery_stream(DeliveryStreamName="again", ExtendedS3DestinationConfiguration={
        "RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::lake", "Prefix": "arrived/"})
    for name, value in {"bucket-name": "lake", "error-prefix": "errors/", "delivery-stream-name": "again"}.items():
        cloud.ssm.put_parameter(Name=f"/metrics-dashboard/{STACK}/{name}", Value=value, Type="String")
    line = lambda n: json.dumps({  # noqa: E731
        "attemptsMade": 1, "arrivalTimestamp": 1770112800000, "errorCode": "Lambda.ProcessingFailedStatus", "errorMessage": "why",
        "rawData": base64.b64encode(f'<{n}>'.encode()).decode(), "lambdaARN": "arn"}) + "\n"
    folder, records = "errors/processing-failed/2026/02/03/", range(1200)
    cloud.s3.put_object(Bucket="lake", Key=folder + "a", Body="".join(map(line, records[:1199])).encode())
    cloud.s3.put_object(Bucket="lake", Key=folder + "b+ c", Body=line(1199).encode())
    cloud.s3.put_object(Bucket="lake", Key=folder + "cut", Body=line(0)[:30].encode())
    listed = json.loads(cloud.dashboard("failed", "ls", "--s3", "--format", "json", "--reason", "Lambda.ProcessingFailedStatus")[0])
    expect((listed["records"], listed["day"], listed["example"]) == (1200, "2026-02-03", folder + "a#0"), "failed records are listed", listed)
    said = cloud.dashboard("failed", "replay", "--s3")[1]
    expect("1,200 records" in said and "2 objects" in said and "1 part of an object" in said, "they are sent", said)
    said = cloud.dashboard("failed", "replay", "--s3")[1]
    expect(" 0 records" in said, "and not sent again", said)
    keys = lambda prefix: [o["Key"] for o in cloud.s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])]  # noqa: E731
    expect(keys("errors/") == [folder + "cut"] and len(keys("replayed/processing-failed/")) == 2, "their objects moved", keys(""))
    arrived = b"".join(cloud.s3.get_object(Bucket="lake", Key=key)["Body"].read() for key in keys("arrived/"))
    expect(sorted(re.findall(rb"<(\d+)>", arrived), key=int) == [b"%d" % n for n in records], "each arrived once", len(arrived))


def moto(folder):
    port = free_port()
    with service(folder, "moto", [TOOLS / "moto_server", "-H", "127.0.0.1", "-p", str(port)], "/moto-api/data.json", {}, port) as endpoint:
        cloud = Cloud(endpoint)
        cloud.deploy(STACK, "samples")
        transition = {"model_name": "athena::execution", "transition": {"progression": "manual", "times": 1}}
        post(endpoint, "/moto-api/state-manager/set-transition", transition)  # queued, running, succeeded
        formats(cloud, folder)
        parameters(cloud)
        refusals(cloud)
        page(cloud)
        cancellation(cloud)
        replay(cloud)


# --- ministack ---

def write_lake(folder):
    """Writes samples as Parquet, with copies of one hour in four, and returns the columns of the template's table."""
    with open("local/internal/template/default.json") as file:
        table = samples_table(json.load(file))
    given = {
        "ts": "1770112800 + 3 * n", "session_id": "'s' || n % 3", "seq": "n", "hostname": "'host-' || n % 3", "interval_s": "3",
        "cpu_pct": "n % 100 + 0.25", "disk_busy_pct": "n % 50 + 0.5", "tags": "map {'team': 'core'}",
        "event_time": "to_timestamp(1770112800 + 3 * n) AT TIME ZONE 'UTC'",
    }
    columns = ", ".join(
        f'CAST({given.get(c["Name"], "NULL")} AS {duck_type(c["Type"])}) AS "{c["Name"]}"' for c in table["StorageDescriptor"]["Columns"])
    at = "to_timestamp(1770112800 + 3 * n) AT TIME ZONE 'UTC'"
    keys = ", ".join(f"strftime({at}, '{f}') AS {k['Name']}" for k, f in zip(table["PartitionKeys"], ("%Y", "%m", "%d", "%H")))
    names = ", ".join(k["Name"] for k in table["PartitionKeys"])
    for name, rows in {"a": ROWS, "again": ROWS // 4}.items():
        duckdb.sql(f"""SET TimeZone = 'UTC'; COPY (SELECT {columns}, {keys} FROM range({rows}) r (n))
            TO '{folder}/lake/analytics' (FORMAT parquet, PARTITION_BY ({names}), FILENAME_PATTERN '{name}-{{i}}', OVERWRITE_OR_IGNORE)""")
    return table


def ministack(folder):
    port = free_port()
    environment = {
        "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "TMPDIR": str(folder), "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"}
    (folder / "lake").mkdir()
    table = write_lake(folder)
    with service(folder, "ministack", [TOOLS / "ministack"], "/_ministack/health", environment, port) as endpoint:
        cloud = Cloud(endpoint)
        for path in (folder / "lake").rglob("*.parquet"):
            cloud.s3.upload_file(str(path), "lake", str(path.relative_to(folder / "lake")))
        cloud.glue.create_database(DatabaseInput={"Name": "metrics"})
        for stack, name in {STACK: "samples", "Other": "host_samples"}.items():
            cloud.deploy(stack, name)
            description = {**table["StorageDescriptor"], "Location": "s3://lake/analytics/"}
            cloud.glue.create_table(DatabaseName="metrics", TableInput={
                "Name": name, "TableType": "EXTERNAL_TABLE", "PartitionKeys": table["PartitionKeys"], "StorageDescriptor": description})
        engines(cloud, folder)
        assistant(cloud)
        err = cloud.dashboard("query", "--athena", "SELECT nope FROM samples", code=1)[1]
        expect(re.match(r"dashboard: query \S+ failed: .*nope", err), "a failed query says why", err)
        expect(cloud.executions()[err.split()[2]]["Status"]["State"] == "FAILED", "as the service has it")


def engines(cloud, folder):
    """Runs queries in both engines and expects the same results."""
    lake, panel = ["--lake", str(folder / "lake")], ["--from", "2026-02-03T10:00:00Z", "--to", "2026-02-03T12:00:00Z", "--host", "host-1", "disk-busy"]
    queries = {
        "three pages": "SELECT seq, ts, hostname, cpu_pct, hour, event_time FROM samples_once ORDER BY seq",
        "copies": "SELECT count(*) AS n, count(DISTINCT seq) AS once FROM samples",
        "no copies": "-- of one day\nWITH a AS (SELECT * FROM samples_once WHERE day = '03') SELECT count(*) AS n FROM a;",
        "a panel": cloud.dashboard("panels", *lake, "--sql", *panel)[0].decode(),
        "a panel without copies": cloud.dashboard("panels", *lake, "--sql", "--once", *panel)[0].decode(),
    }
    for what, sql in queries.items():
        duck = cloud.dashboard("query", *lake, "--format", "csv", "-", stdin=sql.encode())[0]
        for stack in (STACK, "Other"):
            out = cloud.dashboard("query", "--athena", "--stack", stack, "--format", "csv", "-", stdin=sql.encode())[0]
            rows = len(out.splitlines()) - 1
            expect(out == duck and rows > 0, f"{what}: {rows} rows, the same by both engines, stack {stack}", (out[:400], duck[:400]))
    text = cloud.dashboard("panels", "--athena", "--stack", "Other", "--sql", *panel)[0]
    expect(b' FROM "metrics"."host_samples"\n' in text, "a panel's text names the table", text)
    pasted = cloud.dashboard("query", "--athena", "--format", "csv", "-", stdin=text)[0]
    sent = cloud.dashboard("query", "--athena", "--format", "csv", "-", stdin=queries["a panel"].encode())[0]
    expect(pasted == sent, "and runs as it is", pasted[:400])
    out = cloud.dashboard("query", "--athena", "--format", "csv", queries["copies"])[0]
    expect(out == f"n,once\n{ROWS + ROWS // 4},{ROWS}\n".encode(), "the copies are there", out)
    out = cloud.dashboard("query", "--athena", "--format", "csv", "SELECT count(*) AS n FROM samples_once")[0]
    expect(out == f"n\n{ROWS}\n".encode(), "and not in samples_once", out)


def assistant(cloud):
    """Runs `dashboard mcp` over Athena, and asks it as an assistant does: a line of JSON for each request and each answer."""
    command = [DASHBOARD, "mcp", "--athena", "--stack", STACK, "--row-limit", "3"]
    with subprocess.Popen(command, env=cloud.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        def ask(number, method, **params):
            process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())["result"]

        client = {"name": "check", "version": "1"}
        ask(1, "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}) + "\n")
        once = 2 * 3600 // 3  # samples in the two hours of at, one each 3 s
        at = {"from": "2026-02-03T10:00:00Z", "to": "2026-02-03T12:00:00Z"}
        call = lambda number, name, **arguments: ask(number, "tools/call", name=name, arguments={**at, **arguments})  # noqa: E731
        counted = call(2, "query", sql="SELECT count(*) AS n, count(DISTINCT seq) AS once FROM samples")
        expect(counted["structuredContent"]["rows"] == [[once + ROWS // 4, once]], "an assistant's query runs in Athena", counted)
        many = call(3, "query", sql="SELECT seq FROM samples_once ORDER BY seq")["structuredContent"]
        expect(len(many["rows"]) == 3 and many["truncated"], "its answer is bounded", many)
        panel = call(4, "run_panel", panel="disk-busy")
        expect(not panel.get("isError") and panel["structuredContent"]["rows"], "a panel runs", panel)
        refused = call(5, "query", sql="DROP TABLE samples")
        expect(refused.get("isError"), "and nothing but queries", refused)
        process.stdin.close()
        expect(process.wait(30) == 0, "it ends with its input", process.returncode)


def main():
    with tempfile.TemporaryDirectory(prefix="athena-") as folder:
        moto(pathlib.Path(folder))
        ministack(pathlib.Path(folder))
    print("dashboard --athena works with moto and ministack")


main()
