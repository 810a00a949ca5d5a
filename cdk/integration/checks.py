"""The checks of a deployed stack. They use AWS's own interfaces, so they are the same in an emulator and in an account."""

import contextlib
import time

from columns import samples_table
from says import expect


def check_resources(client, stack, template):
    """Reads the deployed resources back and compares them with the template. Returns the stack's parameters by name."""
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
           "conversion by the table", conversion["DatabaseName"])

    table = client("glue").get_table(DatabaseName=found["glue-database-name"], Name=found["glue-table-name"])["Table"]
    wanted = samples_table(template)
    columns = [(c["Name"], c["Type"]) for c in table["StorageDescriptor"]["Columns"]]
    expect(columns == [(c["Name"], c["Type"]) for c in wanted["StorageDescriptor"]["Columns"]], f"{len(columns)} columns")
    expect(wanted["Parameters"].items() <= table["Parameters"].items(), "partition projection",
           table["Parameters"]["projection.year.range"])
    crawler = client("glue").get_crawler(Name=stack)["Crawler"]
    policy = {k: crawler["SchemaChangePolicy"][k] for k in ("UpdateBehavior", "DeleteBehavior")}
    expect(policy == {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}, "crawler",
           (crawler.get("Schedule") or {}).get("ScheduleExpression", "without a schedule"))
    group = client("athena").get_work_group(WorkGroup=found["athena-workgroup"])["WorkGroup"]["Configuration"]
    expect(group["ResultConfiguration"]["OutputLocation"] == found["athena-results"], "workgroup")

    policy = client("iam").get_policy(PolicyArn=found["edge-policy-arn"])["Policy"]
    document = client("iam").get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
    resources = [r for s in document["PolicyVersion"]["Document"]["Statement"] for r in
                 (s["Resource"] if isinstance(s["Resource"], list) else [s["Resource"]])]
    expect(stream["DeliveryStreamARN"] in resources and len(resources) == 2, "edge policy is about this stack")
    return found


def check_alarms(client, stack, template, topic):
    """Checks that each alarm exists, sends to the topic, and is not on: a stack that works must not wake anybody."""
    wanted = sum(r["Type"] == "AWS::CloudWatch::Alarm" for r in template["Resources"].values())
    alarms = [a for page in client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=stack)
              for a in page["MetricAlarms"]]
    expect(len(alarms) == wanted and all(a["AlarmActions"] == [topic] for a in alarms), f"{len(alarms)} alarms go to the topic")
    on = [a["AlarmName"] for a in alarms if a["StateValue"] == "ALARM"]
    expect(not on, "no alarm is on:", on or ", ".join(sorted({a["StateValue"] for a in alarms})))


def wait_for_rows(place, client, found, wanted):
    """Queries Athena until all rows are there. Then checks that each row is there once, enriched, in the partition of its hour."""
    hour = " AND ".join(f"CAST({part} AS integer) = extract({part} FROM event_time)" for part in ("year", "month", "day", "hour"))
    sql = f"""SELECT count(*), count(DISTINCT session_id || ' ' || CAST(seq AS varchar)), count(DISTINCT hostname),
        sum(CASE WHEN {hour} AND cpu_count > 0 AND _processed_at IS NOT NULL THEN 1 ELSE 0 END)
        FROM "{found['glue-table-name']}" WHERE year >= '{time.gmtime().tm_year - 1}'"""
    until = time.monotonic() + place.patience
    while True:
        rows = place.athena(client, found["athena-workgroup"], found["glue-database-name"], sql)[0]
        if int(rows[0]) >= wanted or time.monotonic() > until:
            break
        time.sleep(place.patience / 50)
    expect(rows == [str(wanted), str(wanted), "1", str(wanted)],
           f"Athena finds each of the {wanted} samples once, enriched, in the partition of its hour", "" if rows[0] == str(wanted) else rows)
    failed = client("s3").list_objects_v2(Bucket=found["bucket-name"], Prefix=found["error-prefix"])
    expect(failed["KeyCount"] == 0, "nothing is below the error prefix", [o["Key"] for o in failed.get("Contents", [])] or "")


# What QuickSight's column types are in DuckDB.
TYPES = {"STRING": {"VARCHAR"}, "DECIMAL": {"DOUBLE"}, "DATETIME": {"TIMESTAMP"}, "INTEGER": {"BIGINT", "INTEGER"}}


def run_data_sets(template, run):
    """Runs the queries of QuickSight's data sets with the default value of each parameter. Compares the columns of the results with those
    that the data sets declare."""
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::QuickSight::DataSet":
            continue
        query = resource["Properties"]["PhysicalTableMap"]["query"]["CustomSql"]
        sql = query["SqlQuery"]
        for parameter in resource["Properties"]["DatasetParameters"]:
            (kind, p), = parameter.items()
            value, = p["DefaultValues"]["StaticValues"]
            sql = sql.replace(f"<<${p['Name']}>>", f"'{value}'" if kind == "StringDatasetParameter" else str(value))
        columns, rows = run(sql)
        right = [c[0] for c in columns] == [c["Name"] for c in query["Columns"]] and all(
            got[1] in TYPES[c["Type"]] for got, c in zip(columns, query["Columns"]))
        expect(right, f"data set {name}: {len(rows)} rows of its {len(columns)} columns", "" if right else (columns, query["Columns"]))


def run_queries(template, run):
    """Runs the saved queries."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Athena::NamedQuery":
            properties = resource["Properties"]
            _, rows = run(properties["QueryString"])
            # One host with samples of some seconds has no anomalies, no rates in its details, and may have no problems.
            name = properties["Name"]
            may_lack = name.startswith("Anomalies: ") or name in ("Overview: Needs attention", "Questions: Problems over time") or "UNNEST(elements)" in properties["QueryString"]
            wanted = len(rows) == 0 if name == "Questions: Duplicates" else len(rows) >= (0 if may_lack else 1)
            expect(wanted, f"query “{name}”:", f"{len(rows)} rows, such as {rows[0]}" if rows else "no rows")


def run_alerts(place, client, found):
    """Runs the function of the alerts by hand, if the stack has one. It writes what it told, and that it told nothing."""
    name = found.get("alerts-function-name")
    if name is None:
        return
    answer = client("lambda").invoke(FunctionName=name)
    said = answer["Payload"].read().decode()
    place.judge_alerts("FunctionError" not in answer, said)
    if "FunctionError" not in answer:
        state = client("s3").get_object(Bucket=found["bucket-name"], Key="alerts/told.json")["Body"].read()
        expect(b'"version":1' in state and b"pending" not in state, "the function of alerts has noted what it told", state[:200])
    attributes = client("sns").get_topic_attributes(TopicArn=found["alert-topic-arn"])["Attributes"]
    expect(attributes["TopicArn"] == found["alert-topic-arn"], "the topic of the alerts is there, with", attributes.get("SubscriptionsConfirmed", "no") + " confirmed subscriptions")


def check_gone(client, stack, found, kept):
    """Checks what is left of a destroyed stack: the bucket and its objects if they were to be kept, and nothing else."""
    names = [s["StackName"] for s in client("cloudformation").describe_stacks()["Stacks"]]
    expect(stack not in names, "the stack is gone")
    buckets = [b["Name"] for b in client("s3").list_buckets()["Buckets"]]
    if kept:
        objects = client("s3").list_objects_v2(Bucket=found["bucket-name"])["KeyCount"]
        expect(found["bucket-name"] in buckets and objects, f"the bucket and its {objects} objects are still there")
    else:
        expect(found["bucket-name"] not in buckets, "the bucket is gone")
    left = []
    with contextlib.suppress(client("glue").exceptions.EntityNotFoundException):
        left.append(client("glue").get_database(Name=found["glue-database-name"])["Database"]["Name"])
    left += [g["logGroupName"] for page in client("logs").get_paginator("describe_log_groups").paginate()
             for g in page["logGroups"] if stack in g["logGroupName"]]
    left += [p["Name"] for p in client("ssm").get_parameters_by_path(Path=f"/metrics-dashboard/{stack}")["Parameters"]]
    expect(not left, "no database, log group or parameter is left", left or "")
