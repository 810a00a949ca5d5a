"""The check of the rollup's function: it is run by hand over an hour that has ended."""

import datetime
import json

from says import expect


def run_rollup(place, client, found):
    """Copies an object of samples into an hour that has ended, and runs the function until nothing is due. The rows of the copy are of another
    hour, so the rollup has no rows. But the function has listed objects, run Athena, and made a partition."""
    s3, function = client("s3"), found["rollup-function-name"]
    ended = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=3)
    first = s3.list_objects_v2(Bucket=found["bucket-name"], Prefix=found["prefix"])["Contents"][0]["Key"]
    key = found["prefix"] + ended.strftime("year=%Y/month=%m/day=%d/hour=%H/copied.parquet")
    s3.copy_object(Bucket=found["bucket-name"], Key=key, CopySource={"Bucket": found["bucket-name"], "Key": first})

    answer = client("lambda").invoke(FunctionName=function)
    said = answer["Payload"].read().decode()
    if "FunctionError" in answer:
        place.refuse_rollup(said)
        return
    report = json.loads(said)
    expect(report["rolled"] >= 1 and report["failed"] == 0, "the function of the rollup has rolled up an hour", said)
    values = ended.strftime("%Y %m %d %H").split()
    table = found["glue-table-name"] + "_1m"
    partition = client("glue").get_partition(DatabaseName=found["glue-database-name"], TableName=table, PartitionValues=values)["Partition"]
    expect("/rollup/1m/" in partition["StorageDescriptor"]["Location"], "its partition points at the folder of the run",
           partition["StorageDescriptor"]["Location"])
    again = client("lambda").invoke(FunctionName=function)["Payload"].read().decode()
    expect(json.loads(again)["rolled"] == 0, "the next run has nothing to do", again)
