"""Bootstraps, deploys, checks, deploys again and destroys the stack with the CDK CLI against ministack, an emulator of AWS.
Started by `run`, from the root of the repository.

What the emulator does not know is taken out of the template before, and listed at the end with what else stays unproven."""

import contextlib
import hashlib
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
import urllib.request

import boto3
import botocore.config
import duckdb
import sqlglot

CDK = "aws-cdk@" + os.environ.get("CDK_CLI", "2.1148.1")

# Types that ministack 1.5.33 lacks: it refuses the first ones, and cannot run the CDK's function behind the last.
LACKING = {
    "AWS::Athena::NamedQuery": "named queries",
    "AWS::QuickSight::DataSource": "the QuickSight data source and whether its role is enough",
    "AWS::QuickSight::DataSet": "QuickSight data sets, and how their parameters are written into the SQL",
    "AWS::QuickSight::Dashboard": "the QuickSight dashboard",
    "Custom::S3AutoDeleteObjects": "emptying the bucket with removalPolicy=destroy",
}
UNPROVEN = [
    "whether AWS grants what the policies say (the emulator checks no permission)",
    "the end of the prefix (the emulator appends the hour of arrival; AWS's own example appends nothing after partition keys)",
    "buffering, and Firehose's own Parquet (the emulator delivers each record at once, by its own reading of the service)",
    "creation order against IAM's delays (the emulator has none)",
    "what the crawler does to the table, and its permissions (the emulator does not crawl)",
    "whether alarms see the metrics that they name (the emulator publishes none for Firehose)",
]

DEPLOYMENTS = [
    ("MetricsDashboard", "us-east-1", {}),
    ("Everything", "eu-central-1", {
        "stackName": "Everything", "region": "eu-central-1", "deliveryStreamName": "in", "prefix": "a/b/",
        "bufferingTime": "60", "roleName": "deliver", "bucketName": "the-lake", "lambdaFunctionName": "enrich",
        "glueDatabaseName": "d", "glueTableName": "s", "crawlerSchedule": "cron(5 * * * ? *)", "athenaScanLimitGb": "1",
        "alarmEmail": "operator@example.org", "edgeRoles": "both", "rawRetentionDays": "30", "removalPolicy": "destroy",
        "quickSightPrincipalArn": "arn:aws:quicksight:us-east-1:000000000000:user/default/someone",
    }),
]


def expect(condition, what, detail=""):
    print("ok  " if condition else "FAIL", what, detail, flush=True)
    if not condition:
        sys.exit(1)


@contextlib.contextmanager
def emulator(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = open(folder / "emulator.log", "w")
    process = subprocess.Popen(
        [pathlib.Path(sys.executable).with_name("ministack")], stdout=log, stderr=subprocess.STDOUT,
        # Its broker for IoT and its SFTP server would listen on every interface.
        env={**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "TMPDIR": str(folder),
             "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"})
    try:
        endpoint = f"http://127.0.0.1:{port}"
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(endpoint + "/_ministack/health", timeout=5).close()
                break
            if process.poll() is not None:
                expect(False, "the emulator starts", (folder / "emulator.log").read_text()[-2000:])
            time.sleep(0.1)
        else:
            expect(False, "the emulator answers within a minute")
        yield endpoint
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def cdk(environment, *arguments):
    """Runs the CDK CLI and returns what it says."""
    done = subprocess.run(["npx", "--yes", CDK, *arguments, "--no-color"], env=environment, text=True, timeout=240,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        print(done.stdout)
        expect(False, "cdk " + arguments[0])
    return done.stdout


def take_out(assembly, stack):
    """Takes what the emulator lacks out of a synthesized template, and returns how many of each type."""
    file = assembly / f"{stack}.template.json"
    template = json.loads(file.read_text())
    out = {}
    for name, resource in list(template["Resources"].items()):
        if resource["Type"] in LACKING:
            del template["Resources"][name]
            out[resource["Type"]] = out.get(resource["Type"], 0) + 1
            # What tells about it goes with it: a parameter and an output.
            for section in ("Resources", "Outputs"):
                for other, body in list(template[section].items()):
                    if f'"Fn::GetAtt": ["{name}", "Arn"]' in json.dumps(body) and body.get("Type") not in LACKING:
                        del template[section][other]
    text = json.dumps(template, indent=1)
    file.write_text(text)
    # The CLI uploads the template under its hash, once.
    files = json.loads((assembly / f"{stack}.assets.json").read_text())["files"]
    old = next(h for h, f in files.items() if f["source"]["path"] == file.name)
    for other in assembly.glob("*.json"):
        other.write_text(other.read_text().replace(old, hashlib.sha256(text.encode()).hexdigest()))
    return template, out


def build_for_this_machine(assembly):
    """Puts the transform for this machine's processor in place of arm64's, as the emulator starts it here."""
    target, = assembly.glob("asset.*/bootstrap")
    subprocess.run(["go", "build", "-trimpath", "-tags", "lambda.norpc", "-o", target, "./cmd/transform"], cwd="functions",
                   env={**os.environ, "CGO_ENABLED": "0", "GOOS": "linux", "GOWORK": "off"}, check=True, timeout=240)


def clients(endpoint, region):
    def client(service):
        return boto3.client(service, endpoint_url=endpoint, region_name=region, aws_access_key_id="test",
                            aws_secret_access_key="test",
                            config=botocore.config.Config(s3={"addressing_style": "path"}, read_timeout=60))
    return client


def check_resources(client, stack, template):
    """Reads the deployed resources back and compares them with the template."""
    pages = client("ssm").get_paginator("get_parameters_by_path").paginate(Path=f"/metrics-dashboard/{stack}")
    found = {p["Name"].rsplit("/", 1)[1]: p["Value"] for page in pages for p in page["Parameters"]}
    wanted = sorted(r["Properties"]["Name"].rsplit("/", 1)[1] for r in template["Resources"].values()
                    if r["Type"] == "AWS::SSM::Parameter")
    expect(sorted(found) == wanted, f"{len(found)} parameters in SSM")

    stream = client("firehose").describe_delivery_stream(DeliveryStreamName=found["delivery-stream-name"])
    stream = stream["DeliveryStreamDescription"]
    expect(stream["DeliveryStreamStatus"] == "ACTIVE", "stream is active:", stream["DeliveryStreamName"])
    to = stream["Destinations"][0]["ExtendedS3DestinationDescription"]
    of = template["Resources"]["Stream"]["Properties"]["ExtendedS3DestinationConfiguration"]
    expect(to["Prefix"] == of["Prefix"] and to["ErrorOutputPrefix"] == of["ErrorOutputPrefix"], "prefixes")
    expect(to["BufferingHints"] == of["BufferingHints"], "buffering", to["BufferingHints"])
    expect(to["BucketARN"] == "arn:aws:s3:::" + found["bucket-name"], "bucket")
    conversion = to["DataFormatConversionConfiguration"]["SchemaConfiguration"]
    expect((conversion["DatabaseName"], conversion["TableName"]) == (found["glue-database-name"], found["glue-table-name"]),
           "conversion by the table")

    table = client("glue").get_table(DatabaseName=found["glue-database-name"], Name=found["glue-table-name"])["Table"]
    wanted = next(r for r in template["Resources"].values() if r["Type"] == "AWS::Glue::Table")["Properties"]["TableInput"]
    columns = [(c["Name"], c["Type"]) for c in table["StorageDescriptor"]["Columns"]]
    expect(columns == [(c["Name"], c["Type"]) for c in wanted["StorageDescriptor"]["Columns"]], f"{len(columns)} columns")
    expect(table["Parameters"] == wanted["Parameters"], "partition projection")
    crawler = client("glue").get_crawler(Name=stack)["Crawler"]
    expect(crawler["SchemaChangePolicy"] == {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}, "crawler",
           crawler["Schedule"]["ScheduleExpression"])
    group = client("athena").get_work_group(WorkGroup=found["athena-workgroup"])["WorkGroup"]["Configuration"]
    expect(group["ResultConfiguration"]["OutputLocation"] == found["athena-results"], "workgroup")

    alarms = [a for page in client("cloudwatch").get_paginator("describe_alarms").paginate() for a in page["MetricAlarms"]]
    alarms = [a for a in alarms if a["AlarmName"].startswith(stack)]
    expect(len(alarms) == 10 and all(a["AlarmActions"] == [found["alarm-topic-arn"]] for a in alarms), f"{len(alarms)} alarms")
    policy = client("iam").get_policy(PolicyArn=found["edge-policy-arn"])["Policy"]
    document = client("iam").get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
    resources = [r for s in document["PolicyVersion"]["Document"]["Statement"] for r in
                 (s["Resource"] if isinstance(s["Resource"], list) else [s["Resource"]])]
    expect(stream["DeliveryStreamARN"] in resources and len(resources) == 3, "edge policy is about this stack")
    return found


def send(edge, environment, stack, folder):
    """Runs our own edge, which finds the stream through SSM, for some seconds."""
    process = subprocess.Popen(
        [edge, "run", "--stack", stack, "--interval", "1s", "--max-latency", "2s"], cwd=folder, text=True,
        env={**environment, "HOME": str(folder), "STATE_DIRECTORY": str(folder), "XDG_STATE_HOME": str(folder)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        process.communicate(timeout=9)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    text, _ = process.communicate(timeout=60)
    counts = re.search(r"delivered=(\d+) undelivered=(\d+) dropped=(\d+)", text)
    expect(process.returncode == 0 and counts, "edge ended with exit 0", "" if counts else text)
    delivered, undelivered, dropped = map(int, counts.groups())
    expect(delivered > 0 and undelivered == dropped == 0, f"edge found the stream through SSM and delivered {delivered} samples")
    return delivered


def delivered_rows(client, bucket, prefix, wanted, folder):
    """Downloads what the emulator's Firehose wrote, and returns a DuckDB connection with the rows as the table's name."""
    s3, local = client("s3"), folder / bucket
    for _ in range(100):  # the emulator writes after it acknowledges
        objects = [item["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
                   for item in page.get("Contents", [])]
        for key in objects:
            path = local / key
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        failed = [key for key in objects if not key.startswith(prefix)]
        expect(not failed, "nothing below the error prefix", failed) if failed else None
        database = duckdb.connect()
        if objects:
            database.execute(f"CREATE TABLE rows AS SELECT * FROM read_parquet('{local}/{prefix}**/*.parquet', "
                             "hive_partitioning = true, hive_types_autocast = false)")
            if database.execute("SELECT count(*) FROM rows").fetchone()[0] >= wanted:
                return database
        time.sleep(0.1)
    expect(False, f"{wanted} rows within ten seconds", objects)


def check_rows(database, wanted):
    rows, distinct, hosts, right = database.execute("""SELECT count(*), count(DISTINCT (session_id, seq)), count(DISTINCT hostname),
        count(*) FILTER (strftime(event_time, '%Y %m %d %H') = concat_ws(' ', year, month, day, hour) AND cpu_count > 0
                         AND _processed_at IS NOT NULL) FROM rows""").fetchone()
    expect((rows, distinct, hosts, right) == (wanted, wanted, 1, wanted),
           f"Parquet holds each of the {rows} samples once, enriched, in the partition of its hour")


def translated(sql):
    """Athena's SQL in DuckDB's, by sqlglot."""
    sql, = sqlglot.transpile(sql, read="athena", write="duckdb", error_level=sqlglot.ErrorLevel.RAISE,
                             unsupported_level=sqlglot.ErrorLevel.RAISE)
    return sql


# What QuickSight's column types are in DuckDB.
TYPES = {"STRING": {"VARCHAR"}, "DECIMAL": {"DOUBLE"}, "DATETIME": {"TIMESTAMP"}, "INTEGER": {"BIGINT", "INTEGER"}}


def run_data_sets(template, database, schema, table):
    """Runs the queries of QuickSight's data sets, with the default of each parameter in its place, and compares what they
    give with the columns that the data sets declare."""
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::QuickSight::DataSet":
            continue
        query = resource["Properties"]["PhysicalTableMap"]["query"]["CustomSql"]
        sql = query["SqlQuery"].replace(f'"{schema}"."{table}"', f'"{table}"')
        for parameter in resource["Properties"]["DatasetParameters"]:
            kind, p = parameter.popitem()
            value, = p["DefaultValues"]["StaticValues"]
            sql = sql.replace(f"<<${p['Name']}>>", f"'{value}'" if kind == "StringDatasetParameter" else str(value))
        got = database.execute("DESCRIBE " + translated(sql)).fetchall()
        right = [column[0] for column in got] == [c["Name"] for c in query["Columns"]] and all(
            column[1] in TYPES[c["Type"]] for column, c in zip(got, query["Columns"]))
        rows = len(database.execute(translated(sql)).fetchall())
        expect(right, f"data set {name}: {rows} rows of its {len(got)} columns", "" if right else (got, query["Columns"]))


def run_queries(template, database, table):
    """Runs the named queries."""
    database.execute(f'ALTER TABLE rows RENAME TO "{table}"')
    database.execute("SET TimeZone = 'UTC'")
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Athena::NamedQuery":
            properties = resource["Properties"]
            rows = database.execute(translated(properties["QueryString"])).fetchall()
            # One host that is watched for some seconds is neither unusual nor, with luck, in trouble.
            name = properties["Name"]
            wanted = (len(rows) == 0 if name == "Delivery: Duplicates" else
                      len(rows) >= (0 if name.startswith("Anomalies: ") or name == "Overview: Needs attention" else 1))
            expect(wanted, f"query “{name}”:", f"{len(rows)} rows, such as {rows[0]}" if rows else "no rows")


def main():
    with tempfile.TemporaryDirectory(prefix="emulator-") as folder:
        run(pathlib.Path(folder))


def run(folder):
    if len(sys.argv) > 1:
        edge = pathlib.Path(sys.argv[1]).resolve()
    else:
        edge = folder / "edge"
        subprocess.run(["go", "build", "-o", edge, "."], cwd="edge", env={**os.environ, "CGO_ENABLED": "0"}, check=True,
                       timeout=240)
    lacking = {}
    with emulator(folder) as endpoint:
        for stack, region, context in DEPLOYMENTS:
            print(f"--- {stack} in {region}")
            environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | {
                "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_REGION": region, "AWS_DEFAULT_REGION": region, "AWS_EC2_METADATA_DISABLED": "true", "CI": "true"}
            assembly = folder / stack
            flags = [part for key, value in context.items() for part in ("-c", f"{key}={value}")]
            cdk(environment, "synth", "--quiet", "--output", str(assembly), *flags)
            synthesized = json.loads((assembly / f"{stack}.template.json").read_text())
            template, out = take_out(assembly, stack)
            lacking.update({kind: lacking.get(kind, 0) + n for kind, n in out.items()})
            build_for_this_machine(assembly)

            cdk(environment, "bootstrap", f"aws://000000000000/{region}", "--app", "")
            deploy = ("deploy", "--require-approval", "never", "--app", str(assembly))
            expect("✅" in cdk(environment, *deploy), f"cdk deploy: {len(template['Resources'])} resources")
            client = clients(endpoint, region)
            found = check_resources(client, stack, template)
            delivered = send(edge, environment, stack, folder)
            database = delivered_rows(client, found["bucket-name"], found["prefix"], delivered, folder)
            check_rows(database, delivered)
            run_queries(synthesized, database, found["glue-table-name"])
            run_data_sets(synthesized, database, found["glue-database-name"], found["glue-table-name"])
            expect("(no changes)" in cdk(environment, *deploy), "cdk deploy again: no changes")
            expect("There were no differences" in cdk(environment, "diff", "--app", str(assembly)), "cdk diff: no differences")
            cdk(environment, "destroy", "--force", "--app", str(assembly))
            names = [s["StackName"] for s in client("cloudformation").describe_stacks()["Stacks"]]
            expect(stack not in names, "cdk destroy")
            if "removalPolicy" not in context:
                buckets = [b["Name"] for b in client("s3").list_buckets()["Buckets"]]
                objects = client("s3").list_objects_v2(Bucket=found["bucket-name"])["KeyCount"]
                expect(found["bucket-name"] in buckets and objects, f"the bucket and its {objects} objects are still there")
    print("Not shown by this emulator:")
    for kind, n in lacking.items():
        print(f"  - {LACKING[kind]}: it lacks {kind} ({n} taken out)")
    for what in UNPROVEN:
        print(f"  - {what}")


main()
