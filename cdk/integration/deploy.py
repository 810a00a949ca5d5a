"""Deploys, checks, deploys again and destroys the stack with the CDK CLI. The script `run` starts it in the root of the repository. A run in
an emulator tests this program; a run in an account tests the stack.

usage: deploy.py emulator|account EDGE [--yes]"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import checks
import places
import rollup
from says import Failed, expect, step

CDK = os.environ["CDK"]  # the path of the CDK CLI


def cdk(environment, *arguments):
    """Runs the CDK CLI and returns its output."""
    done = subprocess.run([CDK, *arguments, "--no-color"], env=environment, text=True, timeout=900,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        print(done.stdout)
        expect(False, "cdk " + arguments[0])
    return done.stdout


def send(edge, environment, stack, folder):
    """Runs edge for some seconds and returns how many samples it delivered. Edge finds the stream through SSM."""
    home = folder / stack
    process = subprocess.Popen(
        [edge, "run", "--stack", stack, "--interval", "1s", "--max-latency", "2s"], cwd=home, text=True,
        env={**environment, "HOME": str(home), "STATE_DIRECTORY": str(home / "state"), "XDG_STATE_HOME": str(home / "state")},
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


def try_out(place, edge, folder, stack, region, context, after):
    """Deploys one stack and checks it. Adds to `after` what destroys the stack, so that this happens even if a check fails."""
    step(f"{stack} in {region}")
    environment, client, assembly = place.environment(region), place.client(region), folder / stack / "cdk.out"
    assembly.parent.mkdir()
    (assembly.parent / "state").mkdir()
    flags = [part for key, value in context.items() for part in ("-c", f"{key}={value}")]
    cdk(environment, "synth", "--quiet", "--output", str(assembly), *flags)
    synthesized = json.loads((assembly / f"{stack}.template.json").read_text())
    board = assembly / f"{stack}-QuickSight.template.json"
    template = place.prepare(assembly, stack)

    place.ready(cdk, region)
    found = {}
    kept = "removalPolicy" not in context
    deploy = ("deploy", stack, "--exclusively", "--require-approval", "never", "--app", str(assembly))

    def destroy():
        step(f"destroy {stack}")
        cdk(environment, "destroy", stack, "--exclusively", "--force", "--app", str(assembly))
        if found:
            checks.check_gone(client, stack, found, kept)

    def take_down():
        destroy()
        if found and kept and not context:  # one stack is enough
            import_bucket()
            destroy()

    def import_bucket():
        """Follows docs/operations.md, "Use a bucket that was kept"."""
        step(f"import the bucket that {stack} left, and deploy")
        bucket = next(name for name, resource in template["Resources"].items() if resource["Type"] == "AWS::S3::Bucket")
        expect(f'"{bucket}"' in pathlib.Path("docs/operations.md").read_text(), "the documentation names the bucket's logical id:", bucket)
        mapping = folder / stack / "kept.json"
        mapping.write_text(json.dumps({bucket: {"BucketName": found["bucket-name"]}}))
        said = cdk(environment, "import", stack, "--resource-mapping", str(mapping), "--app", str(assembly))
        expect(f"{bucket}: importing" in said and "✅" in said, "cdk import")
        expect("✅" in cdk(environment, *deploy), "cdk deploy")
        again = checks.check_resources(client, stack, template)
        expect(again["bucket-name"] == found["bucket-name"], "the new stack has the old bucket")
        rows = place.athena(client, again["athena-workgroup"], again["glue-database-name"],
                            f"""SELECT count(DISTINCT session_id || ' ' || CAST(seq AS varchar)) FROM "{again['glue-table-name']}"
                                WHERE year >= '{time.gmtime().tm_year - 1}'""")
        expect(rows == [[str(delivered)]], f"Athena finds the {delivered} samples that edge delivered to the old stack", rows)
        found.update(again)

    after.callback(take_down)
    expect("✅" in cdk(environment, *deploy), f"cdk deploy: {len(template['Resources'])} resources")
    found.update(checks.check_resources(client, stack, template))
    delivered = send(edge, environment, stack, folder)
    checks.wait_for_rows(place, client, found, delivered)
    run = place.runner(client, found, stack, synthesized)
    checks.run_queries(synthesized, run)
    if board.exists():
        checks.run_data_sets(json.loads(board.read_text()), run)
    checks.run_alerts(place, client, found)
    checks.check_alarms(client, stack, template, found["alarm-topic-arn"])
    expect("(no changes)" in cdk(environment, *deploy), "cdk deploy again: no changes")
    expect("There were no differences" in cdk(environment, "diff", stack, "--exclusively", "--app", str(assembly)), "cdk diff: no differences")
    # It runs when the alarms of all stacks have been checked. In the emulator it fails, and that sets off an alarm of another stack, too.
    after.callback(rollup.run_rollup, place, client, found)


def main():
    arguments = argparse.ArgumentParser(usage=__doc__.splitlines()[-1].removeprefix("usage: "))
    arguments.add_argument("place", choices=["emulator", "account"])
    arguments.add_argument("edge", type=pathlib.Path)
    arguments.add_argument("--yes", action="store_true", help="deploy to the account without asking")
    given = arguments.parse_args()
    if given.place == "account" and not given.yes and os.environ.get("INTEGRATION") != "yes":
        sys.exit("This deploys a stack to the AWS account of the environment and costs about 5 US cents. To do so, run "
                 "INTEGRATION=yes make integration, or pass --yes.")
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="integration-") as name:
            folder = pathlib.Path(name)
            with {"emulator": places.Emulator, "account": places.Account}[given.place](folder) as place:
                # All stacks are deployed before the first one is destroyed.
                with contextlib.ExitStack() as after:
                    for stack, region, context in place.deployments:
                        try_out(place, given.edge.resolve(), folder, stack, region, context, after)
                place.report()
    except Failed as failure:
        sys.exit(f"failed: {failure}")
    print(f"All as expected, after {(time.monotonic() - began) / 60:.0f} minutes.")


main()
