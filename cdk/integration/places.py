"""The places where the stack is deployed: ministack, which is an emulator of AWS, and an account. The steps in deploy.py are the same in
both. This file holds the differences: endpoint, credentials, what the emulator lacks, which engine runs SQL, how long to wait."""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile

import boto3
import botocore.config
import duckdb
import sqlglot

from columns import duck_type, samples_table, tables
from says import Failed, expect

# Types that ministack 1.5.33 does not support: it refuses the first. It cannot run the CDK's function that the second needs.
LACKING = {
    "AWS::Athena::NamedQuery": "named queries",
    "Custom::S3AutoDeleteObjects": "emptying the bucket with removalPolicy=destroy",
}
# The programs of the functions, by the beginnings of their logical ids.
PROGRAMS = {"Transform": "transform", "Rollup": "rollup", "Alerts": "alerts"}
UNPROVEN = [
    "the stack of QuickSight: it lacks AWS::QuickSight::DataSource, DataSet and Dashboard",
    "whether AWS grants what the policies say, and whether services may assume the roles (the emulator checks no permission)",
    "the end of the prefix (the emulator appends the hour of arrival; AWS's own example appends nothing after partition keys)",
    "buffering, and Firehose's own Parquet (the emulator delivers each record at once, by its own reading of the service)",
    "several JSON documents in one Lambda record, with partitioning and conversion together, as Firehose takes them",
    "creation order against IAM's delays (the emulator has none)",
    "what the crawler does to the table, and its permissions (the emulator does not crawl)",
    "the rows of the rollups, and the partitions that point at them (the emulator's Athena has no UNLOAD), and the hourly schedule",
    "the years of the projection, 2026 to NOW (the emulator reads what is there)",
    "the query of the alerts, so what they note and publish (the emulator's SQL lacks some functions of Athena), and their schedule",
    "whether alarms see the metrics that they name (the emulator publishes none for Firehose and EventBridge)",
]


class Place:
    """What is the same in both places."""

    def environment(self, region):
        """Returns the environment in which programs use this place. It has none of the machine's AWS_ variables."""
        return {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | {
            "AWS_REGION": region, "AWS_DEFAULT_REGION": region, "AWS_EC2_METADATA_DISABLED": "true", "CI": "true"}

    def athena(self, client, workgroup, database, sql):
        """Runs a query and returns its rows as texts."""
        athena = client("athena")
        started = athena.start_query_execution(QueryString=sql, WorkGroup=workgroup, QueryExecutionContext={"Database": database})
        while True:
            state = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])["QueryExecution"]["Status"]
            if state["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                break
            time.sleep(0.3)
        if state["State"] != "SUCCEEDED":
            raise Failed(f"{sql}: {state}")
        pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=started["QueryExecutionId"])
        rows = [[column.get("VarCharValue") for column in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
        return rows[1:]  # the first row has the names of the columns


class Emulator(Place):
    name = "emulator"
    patience = 10  # seconds until rows are found

    def __init__(self, folder):
        self.folder = folder
        self.left_out = {}
        self.unproven = UNPROVEN
        self.running = contextlib.ExitStack()

    def __enter__(self):
        self.endpoint = self.running.enter_context(ministack(self.folder))
        key = self.client("us-east-1")("kms").create_key()["KeyMetadata"]["Arn"]
        boundary = self.client("us-east-1")("iam").create_policy(PolicyName="Boundary", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))["Policy"]["Arn"]
        # They exist at the same time. The first two are in one region, so their names must not collide.
        self.deployments = [
            ("MetricsDashboard", "us-east-1", {}),
            ("Platform-Metrics", "us-east-1", {
                "stackName": "Platform-Metrics", "kmsKeyArn": key, "permissionsBoundary": boundary,
                "tags": "team=core,cost-centre=4711", "edgePolicyName": "metrics-edge", "readerPolicyName": "metrics-reader", "replayPolicyName": "metrics-replay",
                "expectRecords": "true",
            }),
            ("Everything", "eu-central-1", {
                "stackName": "Everything", "region": "eu-central-1", "deliveryStreamName": "in", "prefix": "a/b/",
                "bufferingTime": "60", "roleName": "deliver", "bucketName": "the-lake", "lambdaFunctionName": "enrich",
                "glueDatabaseName": "d", "glueTableName": "s", "crawlerSchedule": "cron(5 * * * ? *)", "athenaScanLimitGb": "1",
                "alarmEmail": "operator@example.org", "expectRecords": "true", "edgeRoles": "both", "rawRetentionDays": "30",
                "alertEmail": "people@example.org", "alertsEvery": "1", "dashboardUrl": "https://metrics.example.org/",
                "removalPolicy": "destroy",
                "quickSightPrincipalArn": "arn:aws:quicksight:us-east-1:000000000000:user/default/someone",
            }),
        ]
        return self

    def __exit__(self, *_):
        self.running.close()

    def environment(self, region):
        return super().environment(region) | {
            "AWS_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

    def client(self, region):
        return lambda service: boto3.client(
            service, endpoint_url=self.endpoint, region_name=region, aws_access_key_id="test", aws_secret_access_key="test",
            config=botocore.config.Config(s3={"addressing_style": "path"}, read_timeout=60))

    def ready(self, cdk, region):
        cdk(self.environment(region), "bootstrap", f"aws://000000000000/{region}", "--app", "")

    def judge_alerts(self, succeeded, said):
        """The emulator does not support all of the SQL: it has no tables of partitions, and lacks some functions. The function then fails with
        the engine's reason, after it has read its state and the rules."""
        asked = re.search("ask for the problems of all hosts: .*query [0-9a-f-]+ failed: ", said)
        expect(succeeded or asked, "the function of alerts runs" + ("" if succeeded else ", up to the query"), said[:1500])

    def refuse_rollup(self, said):
        """The emulator runs no UNLOAD. Until then the function has found its settings, listed objects and partitions, and started the query."""
        expect("UNLOAD" in said and "rollup/1m/" in said, "the function of the rollup runs, up to Athena's UNLOAD", said[:200])

    def prepare(self, assembly, stack):
        """Removes from a synthesized template what the emulator does not support, and builds the functions for this machine."""
        file = assembly / f"{stack}.template.json"
        template = json.loads(file.read_text())
        for name, resource in list(template["Resources"].items()):
            if resource["Type"] in LACKING:
                del template["Resources"][name]
                self.left_out[resource["Type"]] = self.left_out.get(resource["Type"], 0) + 1
            elif resource["Type"] == "AWS::Lambda::Function":  # the emulator does not tell functions where it is
                resource["Properties"].setdefault("Environment", {}).setdefault("Variables", {})["AWS_ENDPOINT_URL"] = self.endpoint
        text = json.dumps(template, indent=1)
        file.write_text(text)
        # The CLI uploads the template under its hash, so the new text needs the new hash.
        files = json.loads((assembly / f"{stack}.assets.json").read_text())["files"]
        old = next(h for h, f in files.items() if f["source"]["path"] == file.name)
        for other in assembly.glob("*.json"):
            other.write_text(other.read_text().replace(old, hashlib.sha256(text.encode()).hexdigest()))

        # The emulator runs a function as a process of this machine, which may not be arm64.
        for name, resource in template["Resources"].items():
            program = next((p for prefix, p in PROGRAMS.items() if name.startswith(prefix)), None)
            if resource["Type"] != "AWS::Lambda::Function" or program is None:
                continue
            package = assembly / ("asset." + resource["Properties"]["Code"]["S3Key"])
            binary = self.folder / "bootstrap"
            subprocess.run(["go", "build", "-trimpath", "-tags", "lambda.norpc", "-o", binary, "./cmd/" + program], cwd="functions",
                           env={**os.environ, "CGO_ENABLED": "0", "GOOS": "linux", "GOWORK": "off"}, check=True, timeout=600)
            with zipfile.ZipFile(package, "w") as archive:
                archive.write(binary, "bootstrap")
        return template

    def runner(self, client, found, stack, synthesized):
        """Returns a function that runs Athena's SQL. The emulator does not support all of it, so sqlglot translates the SQL and DuckDB runs
        it over the objects in the bucket."""
        s3, bucket, local = client("s3"), found["bucket-name"], self.folder / stack / "objects"
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=found["prefix"]):
            for item in page.get("Contents", []):
                path = local / item["Key"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
        database = duckdb.connect()
        database.execute("SET TimeZone = 'UTC'")
        objects = f"""read_parquet('{local}/{found['prefix']}**/*.parquet', hive_partitioning = true, hive_types_autocast = false)"""
        # The emulator's objects lack the fields that no sample has. Athena takes lists from the table's definition.
        there = {c[0] for c in database.execute(f"DESCRIBE SELECT * FROM {objects}").fetchall()}
        columns = samples_table(synthesized)["StorageDescriptor"]["Columns"]
        lists = {c["Name"]: c["Type"] for c in columns if c["Type"].startswith("array<")}
        database.execute(f"""CREATE TABLE "{found['glue-table-name']}" AS SELECT {", ".join(
            ["*" + (f" EXCLUDE ({', '.join(sorted(lists.keys() & there))})" if lists.keys() & there else "")] +
            [f"TRY_CAST({name if name in there else 'NULL'} AS {duck_type(kind)}) AS {name}" for name, kind in lists.items()])} FROM {objects}""")
        for table in tables(synthesized, "Rollup"):  # empty: they have no partitions yet
            database.execute(f"""CREATE TABLE "{table['Name']}" ({', '.join(
                f'"{c["Name"]}" {duck_type(c["Type"])}' for c in table["StorageDescriptor"]["Columns"] + table["PartitionKeys"])})""")

        def run(sql):
            sql, = sqlglot.transpile(sql.replace(f'"{found["glue-database-name"]}".', ""), read="athena", write="duckdb",
                                     error_level=sqlglot.ErrorLevel.RAISE, unsupported_level=sqlglot.ErrorLevel.RAISE)
            # Of a list of structs, Athena's UNNEST makes a column of each field, DuckDB's makes one column.
            sql = sql.replace("CROSS JOIN UNNEST(elements) AS element(", "CROSS JOIN LATERAL (SELECT UNNEST(elements, max_depth := 2)) AS element(")
            # Two things that sqlglot does not know: a list of quantiles gives a list, and the quotient of two whole numbers is whole.
            sql = re.sub(r"CAST\((APPROX_QUANTILE\([^\[\]]*, \[[^\[\]]*\]\)) AS DOUBLE\)", r"\1", sql).replace(") / 2]", ") // 2]")
            return [(c[0], c[1]) for c in database.execute("DESCRIBE " + sql).fetchall()], database.execute(sql).fetchall()
        return run

    def report(self):
        print("Not shown by this emulator:")
        for kind, n in self.left_out.items():
            print(f"  - {LACKING[kind]}: it lacks {kind} ({n} taken out)")
        for what in self.unproven:
            print(f"  - {what}")


class Account(Place):
    name = "account"
    # In seconds: the transform's buffer, the stream's buffer of 60 s, which Firehose may exceed by half, and a cold start fit in.
    patience = 900

    def __init__(self, _folder):
        self.session = boto3.Session()
        credentials = self.session.get_credentials()
        if credentials is None or not self.session.region_name:
            raise Failed("no AWS credentials or no region in the environment; set AWS_REGION and for example AWS_PROFILE")
        # The programs have another home directory and do not find a profile there, so they get the keys.
        keys = credentials.get_frozen_credentials()
        self.keys = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}
        if keys.token:
            self.keys["AWS_SESSION_TOKEN"] = keys.token
        name = "Trial" + secrets.token_hex(4)
        self.deployments = [(name, self.session.region_name, {
            "stackName": name, "bufferingTime": "60", "removalPolicy": "destroy", "rawRetentionDays": "1", "errorRetentionDays": "1",
        })]

    def __enter__(self):
        who = self.session.client("sts").get_caller_identity()
        print(f"As {who['Arn']} in {self.session.region_name}, this deploys a stack with a random name, sends some samples, runs queries and "
              "destroys the stack.\nIt takes about 20 minutes and costs about 5 US cents: 40 queries of 10 MB, some runs of a function, some "
              "objects for minutes, and some hours of alarms and a dashboard, which are free in most accounts.", flush=True)
        return self

    def __exit__(self, *_):
        pass

    def environment(self, region):
        return super().environment(region) | self.keys

    def client(self, region):
        return lambda service: self.session.client(service, region_name=region)

    def ready(self, _cdk, region):
        stacks = self.client(region)("cloudformation")
        try:
            stacks.describe_stacks(StackName="CDKToolkit")
        except stacks.exceptions.ClientError:
            raise Failed(f"region {region} is not bootstrapped; run: npx aws-cdk bootstrap") from None

    def judge_alerts(self, succeeded, said):
        expect(succeeded, "the function of alerts runs", said[:500])

    def refuse_rollup(self, said):
        raise Failed("the function of the rollup failed: " + said)

    def prepare(self, assembly, stack):
        return json.loads((assembly / f"{stack}.template.json").read_text())

    def runner(self, client, found, _stack, _synthesized):
        def run(sql):
            return None, self.athena(client, found["athena-workgroup"], found["glue-database-name"], sql)
        return run

    def report(self):
        print("If something failed, look first at: several JSON documents in one Lambda record with partitioning and conversion "
              "together (errors/ in the bucket, the log stream “delivery”); whether services may assume the roles; the end of "
              "the prefix.")


@contextlib.contextmanager
def ministack(folder):
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
