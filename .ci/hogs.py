"""Shows that edge names the processes that use a machine. Usage: hogs.py EDGE

It starts edge in a PID namespace of its own, with 300 idle processes. In it, more than 200 hogs burn CPU, fill memory or write to the
disk, for 6 to 60 seconds each. Each hog notes its CPU time all the while, and its parent its rusage at the end. So the truth is measured,
however busy the machine is. The samples that edge spooled must name each hog in the interval of the details in which the hog used the most, with
its CPU time.

At most four hogs of a kind live in one interval: edge lists the first five of a kind, and one place is for the idle processes."""

import json
import mmap
import os
import random
import ctypes
import signal
import struct
import subprocess
import sys
import tempfile
import time

DETAILS = 10  # seconds between details
IDLE = 300
HOGS = 210
TOGETHER = 4  # hogs of a kind in an interval
NAMED = 0.99
TOLERANCE, TICKS = 0.05, 0.05  # of the CPU time, and seconds: the kernel counts in hundredths, and a hog starts and ends in between
MIB = 1 << 20
STEP = 0.1  # seconds between two notes of a hog
RECORD = struct.Struct("dd")  # time and CPU time so far
RESULT = struct.Struct("ddd")  # when it began and ended, and its CPU time

# --- A hog ----------------------------------------------------------------------------------------------------------------


def burn(until, note):
    while time.time() < until:
        begin = time.time()
        while time.time() - begin < STEP:
            sum(range(1000))
        note()


def fill(until, note):
    held = bytearray()
    while time.time() < until:
        if len(held) < 256 * MIB:  # more than the supervisors together
            held += os.urandom(1 << 12) * (32 * MIB >> 12)
        time.sleep(STEP)
        note()


def write(until, note):
    with tempfile.TemporaryFile(dir=os.getcwd(), buffering=0) as f:
        while time.time() < until:
            f.seek(0)
            f.write(os.urandom(1 << 12) * 256)
            os.fdatasync(f.fileno())
            note()
            time.sleep(STEP / 2)


KINDS = {"cpu": burn, "mem": fill, "io": write}


def name(text):
    ctypes.CDLL(None).prctl(15, text.encode(), 0, 0, 0)  # PR_SET_NAME


def supervise(hogs):
    """Forks a process that runs hogs one after the other, so far apart that no interval has two."""
    pid = os.fork()
    if pid == 0:
        try:
            name("supervisor")
            time.sleep(random.random() * DETAILS)
            for hog in hogs:
                hog.run()
                time.sleep(DETAILS + 1)
        finally:
            os._exit(0)
    return pid


class Hog:
    """A process with a name of its own, and what it and the supervisor that waited for it said of it."""

    def __init__(self, kind, number, seconds):
        self.kind, self.name, self.seconds = kind, f"hog-{kind}-{number}", seconds
        self.notes = mmap.mmap(-1, RECORD.size * (int(seconds / STEP) * 4 + 100))  # shared with the processes that fork
        self.result = mmap.mmap(-1, RESULT.size)

    def run(self):
        """Runs in the supervisor."""
        began = time.time()
        pid = os.fork()
        if pid == 0:
            try:
                self.work(began + self.seconds)
            finally:
                os._exit(0)
        rusage = os.wait4(pid, 0)[2]
        self.result[:] = RESULT.pack(began, time.time(), rusage.ru_utime + rusage.ru_stime)

    def work(self, until):
        name(self.name)
        room, count = len(self.notes) // RECORD.size, 0

        def note():
            nonlocal count
            if count < room:
                self.notes[count * RECORD.size:(count + 1) * RECORD.size] = RECORD.pack(time.time(), time.process_time())
                count += 1

        note()
        KINDS[self.kind](until, note)

    began = property(lambda self: RESULT.unpack(self.result[:])[0])
    ended = property(lambda self: RESULT.unpack(self.result[:])[1])
    total = property(lambda self: RESULT.unpack(self.result[:])[2])

    def timeline(self):
        found = []
        for at, cpu in RECORD.iter_unpack(self.notes[:len(self.notes) // RECORD.size * RECORD.size]):
            if at == 0:
                break
            found.append((at, cpu))
        return [(self.began, 0.0), *found, (self.ended, self.total)]

    def cpu(self, begin, end):
        """Its CPU time between two times."""
        def until(at):
            last = (self.began, 0.0)
            for point in self.timeline():
                if point[0] > at:
                    span = point[0] - last[0]
                    return last[1] + (point[1] - last[1]) * (at - last[0]) / span if span > 0 and at > last[0] else last[1]
                last = point
            return last[1]
        return until(end) - until(begin)


# --- The namespace --------------------------------------------------------------------------------------------------------


def inside(edge):
    """Runs as process 1 of the namespace."""
    random.seed(7)  # which hogs there are; when they run depends on the machine
    work = os.getcwd()
    idle = [subprocess.Popen(["sleep", "1000000"]) for _ in range(IDLE)]
    spool = os.path.join(work, "spool")
    environ = {"PATH": os.environ["PATH"], "HOME": work, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
               "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}  # nobody listens: the samples stay in the spool
    log = open(os.path.join(work, "edge.log"), "w", encoding="utf-8")  # closed with the process
    collector = subprocess.Popen([edge, "run", "--stream", "s", "--region", "eu-north-1", "--spool-dir", spool,
                                  "--detail-interval", f"{DETAILS}s"], env=environ, stderr=log)
    time.sleep(2 * DETAILS)
    hogs = [Hog(kind, i, random.uniform(6, 60) if random.random() < 0.15 else random.uniform(6, 12))
            for i in range(HOGS // len(KINDS)) for kind in KINDS]
    supervisors = [supervise([h for h in hogs if h.kind == kind][place::TOGETHER]) for kind in KINDS for place in range(TOGETHER)]
    while supervisors:
        pid, _ = os.wait()
        if pid == collector.pid:
            with open(log.name, encoding="utf-8") as f:
                sys.exit("edge ended:\n" + f.read())
        supervisors = [s for s in supervisors if s != pid]
    time.sleep(DETAILS + 4)
    collector.send_signal(signal.SIGTERM)
    collector.wait()
    for one in idle:
        one.kill()
    out = subprocess.run([edge, "spool", "cat", "--spool-dir", spool], env=environ, stdout=subprocess.PIPE, check=True).stdout
    sys.exit(judge(hogs, [json.loads(line) for line in out.splitlines()]))


def judge(hogs, samples):
    details = [s for s in samples if "processes" in s]
    intervals = []
    for before, s in zip(details, details[1:]):
        listed = {}
        for p in s["processes"]:
            listed.setdefault(p["name"], p)
        intervals.append((before["ts"], s["ts"], listed))
    late = max(b["ts"] - a["ts"] - DETAILS for a, b in zip(details, details[1:]))
    print(f"{len(hogs)} hogs, {len(samples)} samples, {len(details)} with details, the latest {late:.1f} s late")
    missing, wrong, errors = [], [], []
    for hog in hogs:
        # The right interval: the one with most of its CPU time or, for the others, most of its life.
        def weight(i):
            begin, end, _ = i
            return hog.cpu(begin, end) if hog.kind == "cpu" else min(end, hog.ended) - max(begin, hog.began)
        right = max(intervals, key=weight)
        if hog.name not in right[2]:
            missing.append(hog.name)
            print(f"MISSING {hog.name}: {weight(right):.2f} s in {right[0]:.0f} .. {right[1]:.0f} with {sorted(right[2])}")
            continue
        named = [i for i in intervals if hog.name in i[2]]
        got = sum(i[2][hog.name].get("cpu_pct", 0) / 100 * (i[1] - i[0]) for i in named)
        want = hog.total - sum(hog.cpu(i[0], i[1]) for i in intervals if hog.name not in i[2])
        errors.append(abs(got - want) / max(want, 0.01))
        if abs(got - want) > max(TOLERANCE * want, TICKS):
            wrong.append(hog.name)
            print(f"WRONG   {hog.name}: {got:.3f} s of CPU, in truth {want:.3f} s")
    burners = sorted(abs(e) for h, e in zip([h for h in hogs if h.name not in missing], errors) if h.kind == "cpu")
    share = 1 - len(missing) / len(hogs)
    right = 1 - (len(wrong) + len(missing)) / len(hogs)
    print(f"named in the right interval: {100 * share:.1f} %; with CPU time within {100 * TOLERANCE:.0f} % (or {TICKS} s): {100 * right:.1f} %")
    if burners:
        print(f"error of the CPU time of those that burn CPU: median {100 * burners[len(burners) // 2]:.2f} %, highest {100 * burners[-1]:.2f} %")
    if share < NAMED or right < NAMED:
        return f"want at least {100 * NAMED:.0f} %"
    return 0


def main():
    edge = os.path.abspath(sys.argv[1])
    if len(sys.argv) > 2:
        inside(edge)
    # A user without rights needs a user namespace.
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    with tempfile.TemporaryDirectory(dir=os.getcwd()) as directory:
        sys.exit(subprocess.run(["unshare", *user, "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable,
                                 os.path.abspath(__file__), edge, "inside"], cwd=directory, check=False).returncode)


if __name__ == "__main__":
    main()
