"""Runs the commands of all documents as they are written there, against one `local up`, and checks what arrives. Commands of
`aws` run with both versions of the AWS CLI.

usage, in the root of the repository and with version 2 of the CLI in PATH: readme.py DIRECTORY-OF-BINARIES AWS-CLI-1"""

import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import textwrap

import duckdb

BIN, CLI_1 = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
# What local/README.md says about other versions than the newest one.
ONLY_2 = "--cli-binary-format raw-in-base64-out"
BEFORE_2_13 = "aws --endpoint-url $AWS_ENDPOINT_URL"


@dataclasses.dataclass
class Run:
    """How to run a command. It must end with exit code 0."""

    add: str = ""  # more arguments, so that it ends soon or uses a free port; the last of two equal flags counts
    instead: tuple = ()  # pairs: a text in the command, and what replaces it
    said: str = ""  # a pattern that its output must match
    until: str = ""  # it keeps running: the next command starts once it has printed this; it is interrupted before the next one that keeps running
    stays: bool = False  # it is interrupted only after the last command
    clis: tuple = (2,)  # versions of the AWS CLI to run it with


# What replaces sudo: a folder takes the place of the root directory.
AS_ROOT = Run(instead=(("sudo ", ""), (" /", " root/")))
ACCOUNT = "needs an AWS account"
SYSTEMD = "needs root and systemd; make unit runs the unit"
EMULATOR = "needs an AWS account; make emulator deploys and destroys in an emulator"
FRESH = "make fresh-machine runs it"
PACKAGE = "needs a release; make try-release installs, upgrades and removes its packages"
ELSEWHERE = "needs another operating system"
FREE_PORT = ":0"

# How to run each command of the documents, or why it is not run. A command is found by the text with which it begins; they run in this order.
COMMANDS = {
    "local/README.md": {
        "bin/local demo": Run("--for 8s --dir demo --listen 127.0.0.1:0 --dashboard 127.0.0.1:0", said="Dashboard on http://"),
        "bin/local up": Run(instead=((":4566", FREE_PORT),), until=r"http://127\.0\.0\.1:\d+", stays=True),
        "bin/local fleet": Run("--hosts 2 --dir fleet", said=r"delivered 16\d,\d{3} rows"),
        "bin/local rollup": Run(instead=(("--dir lake", "--dir fleet"),), said=r"samples_1h  \d{4}-\d\d-\d\d .*48 rows"),
        "export AWS_": Run(),
        "bin/edge run": Run(until="first sample taken", said="undelivered=0"),
        "aws firehose put-record ": Run(said='"RecordId": "', clis=(1, 2)),
        "aws ssm get-parameters-by-path": Run(said="/metrics-dashboard/MetricsDashboard/delivery-stream-name", clis=(1, 2)),
        "python3 ": Run(said="RecordId"),
    },
    "edge/README.md": {
        "bin/edge check": Run(),
        "bin/edge run": Run(until="first sample taken", said="undelivered=0"),
        "bin/edge status": Run(),
        "bin/edge once": Run(said='"hostname":'),
        "sudo install": AS_ROOT,
        "sudo systemctl": SYSTEMD,
        "aws ssm put-parameter": Run(clis=(1, 2)),
        "anchor=$(aws rolesanywhere": ACCOUNT,
        "aws iam": ACCOUNT,
        "aws rolesanywhere": ACCOUNT,
        "echo AWS_CONFIG_FILE=": AS_ROOT,
    },
    "RUNBOOK.md": {
        "aws ssm get-parameters-by-path": Run(said=r"edge-config\s{", clis=(1, 2)),
        "dashboard failed ": ACCOUNT,
        "function=$(aws ssm get-parameter": Run(clis=(1, 2)),
        "function=$(aws ssm get-parameter --name /metrics-dashboard/MetricsDashboard/alerts": "the parameter is there only if alerts are on",
        "aws lambda invoke": ACCOUNT,
    },
    "dashboard/README.md": {
        "bin/dashboard --lake": Run("--listen 127.0.0.1:0", until="http://127.0.0.1:"),
        "bin/dashboard query --lake": Run(said=r"me +7"),
        "bin/dashboard panels --lake": Run(said="hosts-summary"),
        "bin/dashboard --athena": ACCOUNT,
        "bin/dashboard query --athena": ACCOUNT,
        "bin/dashboard panels --athena": ACCOUNT,
        "bin/dashboard failed ls --s3": ACCOUNT,
        "bin/dashboard failed replay --s3": ACCOUNT,
        "bin/dashboard failed replay --lake": "needs a stack that runs; TestRefusedRecordsComeBack in local/internal/e2e runs it",
        "openssl rand": Run(),
        "bin/dashboard --lake lake --listen :8443": "needs a certificate; TestTeamPage in dashboard/internal/cli makes one and runs it",
        "bin/dashboard --lake lake --trust-header": Run("--listen 127.0.0.1:0", until="http://127.0.0.1:"),
        "oauth2-proxy": "needs oauth2-proxy and an identity provider",
    },
    "docs/first-hour.md": {
        "make demo": FRESH,
        "bin/dashboard query --lake": Run(said="hostname +samples +cpu"),
        "bin/local fleet": Run("--hosts 2 --days 1 --dir fleet-of-docs", said=r"delivered 11,\d{3} rows"),
        "bin/dashboard --lake": Run("--listen 127.0.0.1:0", until="http://127.0.0.1:"),
        "npx aws-cdk@": EMULATOR,
        "bin/edge check": ACCOUNT,
        "bin/edge run": ACCOUNT,
        "bin/dashboard --athena": ACCOUNT,
        "aws ssm put-parameter": ACCOUNT,
    },
    "docs/machines.md": {
        "sudo apt install": PACKAGE,
        "echo 'region": PACKAGE,
        "sudo systemctl": PACKAGE,
        "sudo systemd-run": PACKAGE,
        "sudo edge": PACKAGE,
        "sudo dnf install": PACKAGE,
        "sudo install": ELSEWHERE,
        "sudo launchctl": ELSEWHERE,
        ".\\edge.exe": ELSEWHERE,
        "install": ELSEWHERE,
        "edge status": ELSEWHERE,
        "sysrc": ELSEWHERE,
        "service": ELSEWHERE,
    },
    "docs/problems.md": {
        "aws ssm put-parameter": ACCOUNT,
    },
    "docs/dashboards.md": {
        "bin/dashboard --lake": Run("--listen 127.0.0.1:0", until="http://127.0.0.1:"),
        "bin/dashboard --athena": ACCOUNT,
        "bin/dashboard query --lake": Run(said="hostname"),
        "bin/dashboard panels --lake": Run(said="hosts-summary"),
    },
    "docs/opentelemetry.md": {"bin/dashboard query --lake": Run(said="host_name")},
    "docs/grafana.md": {
        "bin/dashboard grafana": Run(said="overview.json"),
        "bin/local rollup": Run(),
    },
    "docs/alerts.md": {
        "npx aws-cdk@": EMULATOR,
        "aws sns subscribe": ACCOUNT,
        "openssl rand": Run(),
        "bin/dashboard --lake lake --notify": "needs a webhook; TestNotify in dashboard/internal/cli has one and runs it",
    },
    "docs/operations.md": {"npx aws-cdk@": EMULATOR, "npx aws-cdk@2.1148.1 import": ACCOUNT, "aws s3 sync": ACCOUNT, "echo '{\"Bucket": ACCOUNT,
        "make cost": "a test runs the program cost"},
    "release/README.md": {"sha256sum": PACKAGE, "cosign": PACKAGE},
    "README.md": {"make demo": FRESH, "make test": FRESH},
    "CONTRIBUTING.md": {"make demo": FRESH, "make test": FRESH, "make check": "CI runs it"},
    "cdk/terraform/README.md": {
        "make synth": "CI runs it",
        "cd cdk/terraform": "the next commands, which are not run, start there",
        "terraform": "needs an AWS account and Terraform's registry",
    },
    "cdk/README.md": {
        "npx aws-cdk@": EMULATOR,
        "for output in EdgePolicyArn": ACCOUNT,
        "aws iam": ACCOUNT,
        "aws lakeformation": ACCOUNT,
    },
}


def expect(condition, what, detail=""):
    print("ok  " if condition else "FAIL", what, "" if condition else detail, flush=True)
    if not condition:
        sys.exit(1)


def commands(document):
    """Yields the commands in a document's indented blocks, without comments and with the lines that continue them. Fenced blocks in these
    languages have the contents of files; others have commands."""
    block, before = [], ""
    files = r"(?ms)^```(?:yaml|json|ini|sql)$.*?^```$"
    shell = r"(?ms)^```[a-z]*$(.*?)^```$"
    text = re.sub(files, "", pathlib.Path(document).read_text())
    text = re.sub(shell, lambda fence: textwrap.indent(fence[1], "    "), text)
    for line in [*text.splitlines(), ""]:
        # A paragraph's line may be indented too.
        if line.startswith("    ") and (block or not before.strip()):
            block.append(line)
            continue
        before = line
        text = textwrap.dedent("\n".join(block))
        block = []
        if not text or text.startswith(("{", "[", "#!", "SELECT ")) or "──" in text:  # the content of a file, a query, or a drawing
            continue
        for command in re.split(r"\n(?! |done)", text):  # a line that is indented further continues a command
            yield re.sub(r" {2,}#.*", "", command)


def plan(document):
    """Yields the commands of a document, and what the table says about each."""
    entries, found = COMMANDS.get(document, {}), []
    for command in commands(document):
        matching = sorted((e for e in entries if command.startswith(e)), key=len)[-1:]  # the longest
        if not matching:
            expect(False, f"{document}: {command.splitlines()[0]}", "has no entry in COMMANDS")
        found.append((matching[0], command, entries[matching[0]]))
    unused = set(entries) - {entry for entry, _, _ in found}
    expect(not unused, f"{document}: {len(found)} commands", f"COMMANDS has more: {unused}")
    return found


class Shell:
    """A user's shell: a folder with bin/ and edge/, in which the exports of the READMEs have effect."""

    def __init__(self, folder):
        self.folder, self.exports, self.cli, self.going = folder, "", {1: "aws", 2: "aws"}, []
        (folder / "bin").symlink_to(BIN)
        (folder / "edge").symlink_to(pathlib.Path("edge").resolve())
        for name in "home", "root/usr/local/bin", "root/etc/systemd/system":
            (folder / name).mkdir(parents=True)

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
        # systemd sets it too. Otherwise edge would use the spool of a collector that runs on this machine.
        state = {"STATE_DIRECTORY": str(self.folder / "state")}
        return os.environ | state | {"HOME": str(self.folder / "home"), "PATH": f"{path}:{os.environ['PATH']}", "AWS_PAGER": ""}

    def start(self, command, cli=2):
        environment = self.environment(cli)
        command = re.sub(r"^(\w+=\$\(|)aws ", lambda begin: f"{begin[1]}{self.cli[cli]} ", command)
        # exec replaces the shell, so that a signal reaches the program.
        program = command if "\n" in command or "'" in command or re.match(r"\w+=", command) else "exec " + command
        return subprocess.Popen(["bash", "-euc", self.exports + program], cwd=self.folder, env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, command, how):
        title = f"$ {command.splitlines()[0][:100]}"
        if command.startswith("export "):
            self.exports += command.replace("http://127.0.0.1:4566", self.address) + "\n"
            expect(True, title)
            return
        for text, other in how.instead:
            command = command.replace(text, other)
        command = f"{command} {how.add}".rstrip()
        if how.until:
            self.go(title, command, how)
            return
        for cli in how.clis:
            process = self.start(command.replace(ONLY_2, "") if cli == 1 else command, cli)
            out, _ = process.communicate(timeout=120)
            expect(process.returncode == 0 and re.search(how.said, out), title, f"exit {process.returncode}, want {how.said!r}: {out}")

    def parse(self, command):
        """Lets the AWS CLI, version 2, read a command that needs an account. Nothing listens at its endpoint. The CLI exits with 252 if it
        does not know the service, the command or a parameter, or if a value has a wrong form."""
        title = f"the AWS CLI knows $ {command.splitlines()[0][:80]}"
        for name, content in ("ca.pem", "certificate"), ("alert-rules.json", "{}"):
            (self.folder / name).write_text(content)
        command = re.sub(r"<[^>\n]+>", "arn:aws:iam::123456789012:policy/placeholder", command)
        # ARN stands for one in the documents, and the CLI checks the length of ARNs.
        command = re.sub(r"\bARN\b", "arn:aws:iam::123456789012:policy/placeholder", command)
        environment = self.environment(2) | {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "eu-central-1", "AWS_MAX_ATTEMPTS": "1"}
        shell = """aws() {
            result=0
            command aws --endpoint-url http://127.0.0.1:1 "$@" > said 2>&1 || result=$?
            if [ $result = 252 ]; then cat said >> refused; fi
            echo arn:aws:iam::123456789012:policy/placeholder
        }
        function=name
        """
        refused = self.folder / "refused"
        refused.write_text("")
        ended = subprocess.run(["bash", "-c", shell + command], cwd=self.folder, env=environment, text=True, capture_output=True, timeout=120)
        expect((self.folder / "said").exists() and refused.read_text() == "", title, refused.read_text() or ended.stderr)
        (self.folder / "said").unlink()

    def go(self, title, command, how):
        """Starts a command that keeps running, and ends the one before it."""
        self.interrupt(lambda other: not other.stays)
        process = self.start(command)
        self.going.append((title, process, how))
        for line in process.stdout:
            if found := re.search(how.until, line):
                if how.stays:
                    self.address = found.group()
                return
        expect(False, title, f"ended without {how.until}")

    def interrupt(self, which):
        for title, process, how in [g for g in reversed(self.going) if which(g[2])]:
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
            expect(process.wait(60) == 0 and re.search(how.said, rest), title, f"exit {process.returncode}, want {how.said!r}: {rest}")
        self.going = [g for g in self.going if not which(g[2])]


def find_cli(major):
    """Returns the path of a CLI and its version. Version 2 is the first such CLI in PATH."""
    for path in [CLI_1] if major == 1 else [pathlib.Path(folder) / "aws" for folder in os.get_exec_path()]:
        if os.access(path, os.X_OK):
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
            version = tuple(map(int, re.match(r"aws-cli/(\d+)\.(\d+)", said).groups()))
            if version[0] == major:
                expect(True, said.split()[0])
                return path, version
    expect(False, f"AWS CLI {major}", "is not there; the package awscli has version 2")


def main():
    documents = subprocess.run(["git", "ls-files", "*.md"], capture_output=True, text=True, check=True).stdout.split()
    others = sorted(set(documents) - set(COMMANDS))
    plans = {document: plan(document) for document in [*COMMANDS, *others]}
    with tempfile.TemporaryDirectory(prefix="readme-") as folder:
        shell = Shell(pathlib.Path(folder))
        try:
            for document, found in plans.items():
                if document == "dashboard/README.md":  # all samples are in the lake once the stack has ended
                    shell.interrupt(lambda _: True)
                for entry, command, how in found:
                    if isinstance(how, str) and re.search(r"^(\w+=\$\()?aws |^for ", command):
                        shell.parse(command)
                    elif isinstance(how, str):
                        print("not ", entry, f"({how})")
                    else:
                        shell.run(command, how)
            shell.interrupt(lambda _: True)
        finally:
            for _, process, _ in shell.going:
                process.kill()
        rows = duckdb.connect().execute(
            f"SELECT count(*) FILTER (hostname = 'me' AND cpu_pct = 7), count(DISTINCT session_id) FROM '{folder}/lake/**/*.parquet'").fetchone()
        expect(rows[0] == 3, "the rows of both CLIs and of boto3 are in the lake", rows)
        expect(rows[1] >= 3, "and those of edge run, twice, and of edge check", rows)


main()
