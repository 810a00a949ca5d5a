"""Runs the commands of the READMEs that talk to the local stack as they are written there, each `aws` by both versions of the
AWS CLI, and looks at what arrives. Usage: readme.py DIRECTORY-OF-BINARIES AWS-CLI-1, with version 2 in PATH"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

import duckdb

BIN, CLI_1 = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
# What local/README.md says of other versions than the newest.
ONLY_2 = "--cli-binary-format raw-in-base64-out"
BEFORE_2_13 = "aws --endpoint-url $AWS_ENDPOINT_URL"


def expect(condition, what, detail=""):
    print("ok  " if condition else "FAIL", what, "" if condition else detail, flush=True)
    if not condition:
        sys.exit(1)


def commands(readme, pattern):
    """The commands of a README's indented blocks that match, each with the lines that continue it."""
    found, block = [], []
    for line in [*pathlib.Path(readme).read_text().splitlines(), ""]:
        if line.startswith("    "):
            block.append(line[4:])
            continue
        for first in re.split(r"\n(?! )", "\n".join(block)):  # a line that is indented further continues a command
            if re.match(pattern, first):
                found.append(first)
        block = []
    expect(found, f"{readme}: {len(found)} commands {pattern}")
    return found


class Shell:
    """A user's shell: a folder with bin/, and the READMEs' export in force."""

    def __init__(self, folder):
        self.folder, self.exports, self.cli = folder, "", {1: "aws", 2: "aws"}
        (folder / "bin").symlink_to(BIN)
        (folder / "home").mkdir()

    def environment(self, cli):
        path = self.folder / f"path-{cli}"
        if not path.exists():
            path.mkdir()
            program, version = find_cli(cli)
            if (2, 0) < version < (2, 13):
                self.cli[cli] = BEFORE_2_13
            (path / "aws").symlink_to(program)
            (path / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
            (path / "python3").chmod(0o755)
        return os.environ | {"HOME": str(self.folder / "home"), "PATH": f"{path}:{os.environ['PATH']}", "AWS_PAGER": ""}

    def start(self, command, cli=2, **options):
        environment = self.environment(cli)
        if command.startswith("aws "):
            command = command.replace("aws", self.cli[cli], 1)
        # In place of the shell, so that a signal reaches the program.
        program = command if "\n" in command or "'" in command else "exec " + command.partition("  #")[0]
        return subprocess.Popen(["bash", "-euc", self.exports + program], cwd=self.folder, env=environment, text=True, **options)

    def run(self, command, cli=2):
        process = self.start(command, cli, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=60)
        expect(process.returncode == 0, f"$ {command.splitlines()[0][:90]}", f"exit {process.returncode}: {out}{err}")
        return out


def find_cli(major):
    """The path of a CLI and its version. Version 2 is the first of that in PATH."""
    for path in [CLI_1] if major == 1 else [pathlib.Path(folder) / "aws" for folder in os.get_exec_path()]:
        if os.access(path, os.X_OK):
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
            version = tuple(map(int, re.match(r"aws-cli/(\d+)\.(\d+)", said).groups()))
            if version[0] == major:
                expect(True, said.split()[0])
                return path, version
    expect(False, f"AWS CLI {major}", "is not there; the package awscli has version 2")


def start_stack(shell):
    command, = commands("local/README.md", "bin/local up")
    process = shell.start(command.replace(":4566", ":0"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            shell.exports = "".join(c + "\n" for c in commands("local/README.md", "export AWS_"))
            shell.exports = shell.exports.replace("http://127.0.0.1:4566", found.group())
            return process
    sys.exit("local up ended without naming its address")


def aws(shell):
    put, = commands("local/README.md", "aws firehose put-record ")
    find, = commands("local/README.md", "aws ssm get-parameters-by-path ")
    tune, = commands("edge/README.md", "aws ssm put-parameter ")
    look, = commands("RUNBOOK.md", "aws ssm get-parameters-by-path ")
    expect(ONLY_2 in put, "put-record is written for version 2")
    for version in 1, 2:
        answer = json.loads(shell.run(put if version == 2 else put.replace(ONLY_2, ""), version))
        expect(answer["RecordId"], f"AWS CLI {version} puts a record")
        names = [p["Name"] for p in json.loads(shell.run(find, version))["Parameters"]]
        expect("/metrics-dashboard/MetricsDashboard/delivery-stream-name" in names, f"and finds {len(names)} parameters")
        shell.run(tune, version)
        expect("edge-config\t{" in shell.run(look, version), "and writes one that is there afterwards")


def edge(shell):
    """edge/README.md's commands, in its order: check, run, status, once."""
    for command in commands("edge/README.md", "bin/edge (check|once)") + commands("local/README.md", "bin/edge run"):
        if " run" not in command:
            shell.run(command)
            continue
        process = shell.start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for line in process.stdout:
            if "first sample taken" in line:
                break
        shell.run(*commands("edge/README.md", "bin/edge status"))
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        expect(process.wait(60) == 0 and "undelivered=0" in rest, f"$ {command}", rest)


def main():
    with tempfile.TemporaryDirectory(prefix="readme-") as folder:
        shell = Shell(pathlib.Path(folder))
        stack = start_stack(shell)
        try:
            aws(shell)
            boto3, = commands("local/README.md", "python3 ")
            shell.run(boto3)
            edge(shell)
        finally:
            stack.send_signal(signal.SIGTERM)
            rest = stack.stdout.read()
        expect(stack.wait(60) == 0, "local up flushed and ended with exit 0", rest)
        rows = duckdb.connect().execute(
            f"SELECT count(*) FILTER (hostname = 'me' AND cpu_pct = 7), count(DISTINCT session_id) FROM '{folder}/lake/**/*.parquet'").fetchone()
        expect(rows[0] == 3, "the rows of both CLIs and of boto3 are in the lake", rows)
        expect(rows[1] >= 1, "and those of edge", rows)
        for command in commands("dashboard/README.md", "bin/dashboard (query|panels) --lake"):
            shell.run(command)


main()
