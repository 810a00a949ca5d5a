"""Compares a sample of `edge once` with software that this project did not write (psutil, df, vmstat, iostat, ip) and with
arithmetic over /proc and a control group, on this machine, while it works. Usage: values.py EDGE

Counters only grow. So the difference between two of edge's readings must be between two differences of psutil's readings: of two
readings within the same time, and of two around it. psutil reads all the time, and edge says when it read, so the bounds are close. A
right value is within them even on a busy machine. If the bounds of a window are further apart than TIGHT, the window is repeated. vmstat
and iostat measure another window than edge, so for them there is a tolerance."""

import ctypes
import hashlib
import hmac
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

import psutil

OVER = 5  # length of a window in seconds
WINDOWS = 8  # most windows that are tried
NEEDED = 2  # in so many windows with close bounds all values must agree
TIGHT = 0.15  # how far apart the bounds of the load's own counters may be
ROUNDED = 0.005  # the rounding of details to three digits
MIB = 1 << 20

# --- The load on the machine --------------------------------------------------------------------------------------------

stop = threading.Event()


def burn():
    """Uses a part of one core, in user mode and in the kernel."""
    zero = os.open("/dev/zero", os.O_RDONLY)
    while not stop.is_set():
        begin = time.monotonic()
        while time.monotonic() - begin < 0.02:
            sum(range(1000))
            os.read(zero, 1 << 18)
        time.sleep(0.03)


def write(directory):
    """Writes 64 KiB to the disk about 20 times a second."""
    with open(os.path.join(directory, "load"), "wb", buffering=0) as f:
        while not stop.is_set():
            f.seek(0)
            f.write(os.urandom(1 << 16))
            os.fdatasync(f.fileno())
            time.sleep(0.05)


class Worker:
    """A process with a name of its own, so that the details name it."""

    def __init__(self, name, work):
        self.name, self.pid = name, os.fork()
        if self.pid == 0:
            try:
                ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)  # PR_SET_NAME
                while True:
                    work()
            finally:
                os._exit(0)
        self.process = psutil.Process(self.pid)

    def read(self):
        with open(f"/proc/{self.pid}/stat", encoding="utf-8", errors="replace") as f:
            fields = f.read().rpartition(")")[2].split()
        io = self.process.io_counters()
        return {"ticks": int(fields[11]) + int(fields[12]), "cpu": sum(self.process.cpu_times()[:2]),
                "read": io.read_bytes, "written": io.write_bytes, "rss": self.process.memory_info().rss}

    def end(self):
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


def burn_once():
    """Most of the time CPU. It also writes, because on a busy machine five others may burn more."""
    with tempfile.TemporaryFile(dir=os.getcwd(), buffering=0) as f:
        for _ in range(100):
            begin = time.monotonic()
            while time.monotonic() - begin < 0.005:
                sum(range(1000))
            f.write(bytes(1 << 14))


def write_once():
    with tempfile.TemporaryFile(dir=os.getcwd(), buffering=0) as f:
        for _ in range(20):
            f.write(os.urandom(1 << 16))
            os.fdatasync(f.fileno())
            time.sleep(0.05)


class Unit:
    """A control group that looks like that of a service, with a worker in it. With cgroup v1 and v2 beside each other, edge gets a /sys
    in which v2 is where it is on a machine with v2 alone."""

    def __init__(self, directory, pid):
        self.name, self.path, self.environ = "edge-values.service", None, {}
        with open("/proc/mounts", encoding="utf-8") as f:
            points = [m[1] for m in (line.split() for line in f) if m[2] == "cgroup2"]
        try:
            path = os.path.join(points[0], self.name)
            os.makedirs(path, exist_ok=True)
            with open(os.path.join(path, "cgroup.procs"), "w", encoding="utf-8") as f:
                f.write(str(pid))
            self.path = path
        except (OSError, IndexError) as e:
            print(f"NOT CHECKED: units, because this user may not make a control group: {e}")
            return
        if points[0] != "/sys/fs/cgroup":
            root = os.path.join(directory, "sys")
            os.makedirs(os.path.join(root, "fs"))
            for entry in os.listdir("/sys"):
                if entry != "fs":
                    os.symlink(os.path.join("/sys", entry), os.path.join(root, entry))
            os.symlink(points[0], os.path.join(root, "fs", "cgroup"))
            self.environ = {"HOST_SYS": root}

    def read(self):
        found = {"cpu": 0.0, "memory": None}
        if self.path:
            with open(os.path.join(self.path, "cpu.stat"), encoding="utf-8") as f:
                found["cpu"] = int(dict(line.split() for line in f)["usage_usec"]) / 1e6
            try:
                with open(os.path.join(self.path, "memory.current"), encoding="utf-8") as f:
                    found["memory"] = int(f.read())
            except OSError:
                pass
        return found

    def end(self):
        if self.path:
            os.rmdir(self.path)


workers, unit = [], None


def send():
    """Sends about 500 packets a second over loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        to.bind(("127.0.0.1", 0))
        while not stop.is_set():
            for _ in range(10):
                s.sendto(bytes(1000), to.getsockname())
            time.sleep(0.02)


# --- Readings of psutil and /proc --------------------------------------------------------------------------------------------

def is_whole(disk):
    return os.path.exists(f"/sys/block/{disk}/device")


def pressure(what):
    try:
        with open(f"/proc/pressure/{what}") as f:
            return float(f.readline().split()[1].removeprefix("avg10="))
    except OSError:
        return None


def meminfo():
    with open("/proc/meminfo") as f:
        return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in f}


def read(directory):
    """One reading of all values: counters, whose differences are compared, and states."""
    cpu = psutil.cpu_times()
    busy = cpu.user + cpu.nice + cpu.system + cpu.irq + cpu.softirq + cpu.steal
    lo = psutil.net_io_counters(pernic=True)["lo"]
    disks = {name: d for name, d in psutil.disk_io_counters(perdisk=True).items() if is_whole(name)}
    mem, space = meminfo(), os.statvfs(directory)
    return {
        "at": time.time(),
        "counters": {
            "cpu_pct": busy, "cpu_user_pct": cpu.user + cpu.nice, "cpu_system_pct": cpu.system + cpu.irq + cpu.softirq,
            "cpu_steal_pct": cpu.steal, "all": busy + cpu.idle + cpu.iowait,
            "net_bytes_sent_per_s": lo.bytes_sent, "net_bytes_recv_per_s": lo.bytes_recv,
            "net_packets_sent_per_s": lo.packets_sent, "net_packets_recv_per_s": lo.packets_recv,
            "net_err_in_per_s": lo.errin, "net_err_out_per_s": lo.errout,
            "net_drop_in_per_s": lo.dropin, "net_drop_out_per_s": lo.dropout,
            "disk_read_bytes_per_s": sum(d.read_bytes for d in disks.values()),
            "disk_write_bytes_per_s": sum(d.write_bytes for d in disks.values()),
            "disk_read_ops_per_s": sum(d.read_count for d in disks.values()),
            "disk_write_ops_per_s": sum(d.write_count for d in disks.values()),
        },
        "disks": disks, "workers": {w.name: w.read() for w in workers}, "unit": unit.read(),
        "busy": {name: d.busy_time for name, d in disks.items()},
        "cores": [(c.user + c.nice + c.system + c.irq + c.softirq + c.steal, c.idle + c.iowait) for c in psutil.cpu_times(percpu=True)],
        "states": {
            "ram_available_bytes": mem["MemAvailable"],
            "ram_used_bytes": mem["MemTotal"] - mem["MemAvailable"],
            "ram_pct": 100 * (1 - mem["MemAvailable"] / mem["MemTotal"]),
            "swap_used_bytes": mem["SwapTotal"] - mem["SwapFree"],
            "load1": os.getloadavg()[0], "load5": os.getloadavg()[1], "load15": os.getloadavg()[2],
            "procs": len(psutil.pids()), "uptime_s": time.time() - psutil.boot_time(),
            "cpu_pressure_pct": pressure("cpu"), "mem_pressure_pct": pressure("memory"), "io_pressure_pct": pressure("io"),
        },
    }


# By how much a state may change between two readings, rounding included.
SLACK = {
    "ram_available_bytes": 32 * MIB, "ram_used_bytes": 32 * MIB, "ram_pct": 0.5, "swap_used_bytes": MIB, "procs": 5,
    "uptime_s": 2, "load1": 0.05, "load5": 0.03, "load15": 0.02,
    "cpu_pressure_pct": 1, "mem_pressure_pct": 1, "io_pressure_pct": 1,
}


class Window:
    """A sample of edge, with psutil's readings before, during and after it."""

    def __init__(self, edge, directory):
        self.readings = [read(directory)]
        tools = {
            "vmstat": subprocess.Popen(["vmstat", str(OVER), "2"], stdout=subprocess.PIPE, text=True),
            "iostat": subprocess.Popen(["iostat", "-dxky", str(OVER), "1"], stdout=subprocess.PIPE, text=True,
                                       env=os.environ | {"LC_ALL": "C"}),
        }
        self.link = [link("lo")]
        self.began = time.time()
        once = subprocess.Popen([edge, "once", "--over", f"{OVER}s", "--interface-include", "lo"],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | unit.environ)
        while once.poll() is None:
            self.readings.append(read(directory))
            time.sleep(0.02)
        self.link.append(link("lo"))
        self.readings.append(read(directory))
        self.sample = json.loads(once.stdout.read())
        self.output = {name: tool.communicate()[0] for name, tool in tools.items()}
        # edge reads, waits for OVER, sets the time of the sample and reads again. So at that time its first reading has ended and its second
        # has not begun.
        self.first, self.second = self.sample["ts"] - OVER + 0.001, self.sample["ts"] - 0.001

    def bounds(self, of):
        """Returns by how much a counter can have grown between edge's two readings: the least and the most."""
        inner = [r for r in self.readings[1:-1] if self.first <= r["at"] and r["at"] <= self.second]
        before = [r for r in self.readings if r["at"] <= self.began][-1]
        return max(0, of(inner[-1]) - of(inner[0])), of(self.readings[-1]) - of(before)

    def rate(self, name):
        """Returns the bounds of a rate per second. Edge's window is at least OVER, and at most the time from its start to the sample."""
        low, high = self.bounds(lambda r: r["counters"][name])
        return low / (self.sample["ts"] - self.began), high / OVER

    def per_second(self, of, slack=0.0):
        """The bounds of the rate of any counter, which may be cut off by slack at each end. Details have three digits."""
        low, high = self.bounds(of)
        return max(0, low - slack) / (self.sample["ts"] - self.began) * (1 - ROUNDED), (high + slack) / OVER * (1 + ROUNDED)

    def near(self, of):
        """What a state was around edge's second reading."""
        return [of(r) for r in self.readings if r["at"] >= self.second - 0.5]

    def share(self, name):
        low, high = self.bounds(lambda r: r["counters"][name])
        least, most = self.bounds(lambda r: r["counters"]["all"])
        # A CPU's counters are in ticks of a hundredth of a second. The kernel rounds them down for each core.
        ticks = 0.01 * (psutil.cpu_count() + 2)
        return 100 * max(0, low - ticks) / (most + ticks), 100 * (high + ticks) / (least - ticks)

    def core(self, i):
        """Returns the bounds of how busy a core was, in percent."""
        low, high = self.bounds(lambda r: r["cores"][i][0])
        least, most = self.bounds(lambda r: sum(r["cores"][i]))
        ticks = 0.03
        return 100 * max(0, low - ticks) / (most + ticks), min(100, 100 * (high + ticks) / (least - ticks))

    def states(self, name):
        near = [r["states"][name] for r in self.readings if r["at"] >= self.second - 0.5]
        if name == "procs":
            near = [r["states"][name] for r in self.readings]
        return min(near) - SLACK[name], max(near) + SLACK[name]


# --- The comparison -------------------------------------------------------------------------------------------------------

class Checks:
    def __init__(self):
        self.failed = []

    def between(self, name, got, low, high):
        good = got is not None and low - 1e-9 <= got <= high + 1e-9
        print("    " if good else "FAIL", f"{name:24} {got!s:>16}   in {low:.2f} .. {high:.2f}")
        if not good:
            self.failed.append(name)

    def equal(self, name, got, want):
        self.between(name, got, want, want) if isinstance(want, int) else self.same(name, got, want)

    def among(self, name, got, wanted):
        print("    " if got in wanted else "FAIL", f"{name:24} {got!s:>16}   is one of {wanted}")
        if got not in wanted:
            self.failed.append(name)

    def same(self, name, got, want):
        print("    " if got == want else "FAIL", f"{name:24} {got!s:>16}   is {want}")
        if got != want:
            self.failed.append(name)


def compare(w):
    c, s = Checks(), w.sample
    for name in w.readings[0]["counters"]:
        if name.startswith("cpu_"):
            low, high = w.share(name)
            c.between(name, s.get(name), low - 0.01, high + 0.01)
        elif name != "all":
            low, high = w.rate(name)
            c.between(name, s.get(name), low - 0.1, high + 0.1)
    busiest = [w.bounds(lambda r, d=d: r["busy"].get(d, 0)) for d in w.readings[0]["busy"]]
    c.between("disk_busy_pct", s.get("disk_busy_pct"), max(low for low, _ in busiest) / (OVER * 10) * 0.98 - 0.1,
              min(100, max(high for _, high in busiest) / (OVER * 10) + 0.1))
    could = [d for d, (_, high) in zip(w.readings[0]["busy"], busiest) if high >= 0.98 * max(low for low, _ in busiest) - 5]
    c.among("disk_busy_device", s.get("disk_busy_device"), could)
    cores = [w.core(i) for i in range(len(w.readings[0]["cores"]))]
    c.between("cpu_core_max_pct", s.get("cpu_core_max_pct"), max(low for low, _ in cores) - 0.01, max(high for _, high in cores) + 0.01)
    for name, first in w.readings[0]["states"].items():
        if first is None:
            c.same(name, s.get(name), None)  # the kernel does not have it
        else:
            c.between(name, s.get(name), *w.states(name))
    c.equal("ram_total_bytes", s["ram_total_bytes"], psutil.virtual_memory().total)
    c.equal("cpu_count", s["cpu_count"], psutil.cpu_count())
    c.same("hostname", s["hostname"], socket.gethostname())
    c.same("os", s["os"], platform.system().lower())
    c.same("arch", {"amd64": "x86_64", "arm64": "aarch64"}.get(s["arch"], s["arch"]), platform.machine())
    c.same("machine_id", s.get("machine_id"), machine_id())
    details(c, w)
    df(c, s)
    vmstat(c, s, w.output["vmstat"])
    iostat(c, s, w.output["iostat"])
    return c.failed


def machine_id():
    """Returns the id by the description of sd_id128_get_machine_app_specific(3). If systemd is here, it must give the same."""
    application = bytes.fromhex("3b3735d3ea3845678500b5760f9dfe8c")
    try:
        with open("/etc/machine-id") as f:
            key = f.read().strip()
    except OSError:
        return None
    if not re.fullmatch("[0-9a-f]{32}", key):
        return None
    digest = bytearray(hmac.new(bytes.fromhex(key), application, hashlib.sha256).digest()[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x40, digest[8] & 0x3F | 0x80
    try:
        theirs = subprocess.run(["systemd-id128", "machine-id", f"--app-specific={application.hex()}"], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        theirs = digest.hex()
    assert theirs == digest.hex(), f"systemd says {theirs}, its description {digest.hex()}"
    return theirs


def link(name):
    """The counters of an interface by ip, and when they were read; None without ip."""
    try:
        out = subprocess.run(["ip", "-json", "-s", "link", "show", name], stdout=subprocess.PIPE, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return time.time(), json.loads(out)[0]["stats64"]


def details(c, w):
    """The lists of the sample, each element by what another program or /proc says of it."""
    s = w.sample
    disk_details(c, w)
    (lo,) = s["interfaces"]
    for key, of in ("recv_bytes_per_s", "net_bytes_recv_per_s"), ("sent_bytes_per_s", "net_bytes_sent_per_s"), \
            ("recv_packets_per_s", "net_packets_recv_per_s"), ("sent_packets_per_s", "net_packets_sent_per_s"):
        low, high = w.per_second(lambda r, of=of: r["counters"][of])
        c.between("interfaces: lo " + key, lo.get(key), low - 0.1, high + 0.1)
    if all(w.link):
        (begin, first), (end, last) = w.link
        for key, side, of in ("recv_bytes_per_s", "rx", "bytes"), ("sent_packets_per_s", "tx", "packets"):
            want = (last[side][of] - first[side][of]) / (end - begin)
            c.between(f"interfaces: lo {key}, by ip", lo.get(key), want * 0.75, want * 1.25)
    else:
        print("NOT CHECKED: interfaces with ip, which is not here")
    for worker in workers:
        found = [p for p in s["processes"] if p["name"] == worker.name]
        c.same(f"processes: {worker.name} is listed", len(found), 1)
        for p in found:
            process_details(c, w, worker, p)
    if unit.path:
        unit_details(c, w)


def disk_details(c, w):
    listed = w.sample["disks"]
    for d in listed:
        name = d["device"]
        for key, of in ("read_bytes_per_s", "read_bytes"), ("write_bytes_per_s", "write_bytes"), \
                ("read_ops_per_s", "read_count"), ("write_ops_per_s", "write_count"):
            low, high = w.per_second(lambda r, of=of: getattr(r["disks"][name], of))
            c.between(f"disks: {name} {key}", d.get(key), low - 0.1, high + 0.1)
        low, high = w.per_second(lambda r: r["disks"][name].busy_time)
        c.between(f"disks: {name} busy_pct", d.get("busy_pct"), low / 10 - 0.1, min(100, high / 10 + 0.1))
        waits = w.bounds(lambda r: r["disks"][name].read_time + r["disks"][name].write_time)
        ops = w.bounds(lambda r: r["disks"][name].read_count + r["disks"][name].write_count)
        if ops[0] > 0:
            c.between(f"disks: {name} await_ms", d.get("await_ms"), waits[0] / ops[1] - 0.1, waits[1] / ops[0] + 0.1)
    c.same("disks", sorted(d["device"] for d in listed), sorted(w.readings[0]["disks"]))


def process_details(c, w, worker, p):
    me = worker.name
    low, high = w.per_second(lambda r: r["workers"][me]["ticks"] / os.sysconf("SC_CLK_TCK"), 0.02)
    c.between(f"processes: {me} cpu_pct", p.get("cpu_pct"), 100 * low, 100 * high)
    low, high = w.per_second(lambda r: r["workers"][me]["cpu"], 0.02)
    c.between(f"processes: {me} cpu_pct, by psutil", p.get("cpu_pct"), 100 * low, 100 * high)
    for key, of in ("read_bytes_per_s", "read"), ("write_bytes_per_s", "written"):
        low, high = w.per_second(lambda r, of=of: r["workers"][me][of])
        c.between(f"processes: {me} {key}", p.get(key), low - 0.1, high + 0.1)
    rss = w.near(lambda r: r["workers"][me]["rss"])
    c.between(f"processes: {me} rss_bytes", p["rss_bytes"], min(rss) - MIB, max(rss) + MIB)
    c.same(f"processes: {me}", (p["user"], p["pid"], p["count"]), (worker.process.username(), worker.pid, 1))


def unit_details(c, w):
    found = [u for u in w.sample.get("units", []) if u["name"] == unit.name]
    c.same("units: the one that was made is listed", len(found), 1)
    for u in found:
        low, high = w.per_second(lambda r: r["unit"]["cpu"])
        c.between("units: cpu_pct", u.get("cpu_pct"), 100 * low - 0.01, 100 * high + 0.01)
        memory = w.near(lambda r: r["unit"]["memory"])
        if None in memory:
            c.same("units: memory_bytes", u.get("memory_bytes"), None)  # version 1 has the memory controller
        else:
            c.between("units: memory_bytes", u.get("memory_bytes"), min(memory) - MIB, max(memory) + MIB)
    c.same("processes: the unit of a worker", [p.get("unit") for p in w.sample["processes"] if p["name"] == workers[0].name], [unit.name])


def filesystems(c, s, skip):
    """Each filesystem by df. df rounds its percentages up."""
    out = subprocess.run(["df", "-B1", "--output=pcent,ipcent,avail,size,source,fstype,target", *skip], stdout=subprocess.PIPE, text=True,
                         stderr=subprocess.DEVNULL, check=False).stdout
    rows = {r[6]: r for r in (line.split(None, 6) for line in out.splitlines()[1:])}
    for f in s["filesystems"]:
        used, inodes, free, size, source, kind, target = rows[f["mount"]]
        c.between(f"filesystems: {target} used_pct", f["used_pct"], int(used.rstrip("%")) - 1.5, int(used.rstrip("%")) + 0.5)
        if inodes != "-":
            c.between(f"filesystems: {target} inodes", f.get("inodes_used_pct"), int(inodes.rstrip("%")) - 1.5, int(inodes.rstrip("%")) + 0.5)
        c.between(f"filesystems: {target} free", f["free_bytes"], int(free) * (1 - ROUNDED) - 256 * MIB, int(free) * (1 + ROUNDED) + 256 * MIB)
        c.same(f"filesystems: {target}", (f["total_bytes"], f["device"], f["fstype"]), (int(size), source, kind))


def df(c, s):
    """Returns the fullest of df's local filesystems with a device, and of the root. It leaves out images and read-only filesystems. df rounds
    its percentages up."""
    skip = [a for t in ("squashfs", "iso9660", "erofs", "devtmpfs", "efivarfs", "autofs") for a in ("-x", t)]
    out = subprocess.run(["df", "-l", "-B1", "--output=pcent,ipcent,avail,source,target", *skip], stdout=subprocess.PIPE, text=True,
                         stderr=subprocess.DEVNULL, check=False).stdout
    filesystems(c, s, skip)
    fixed = {p.mountpoint for p in psutil.disk_partitions(all=True) if "ro" in p.opts.split(",")}
    rows = [line.split(None, 4) for line in out.splitlines()[1:]]
    rows = [r for r in rows if (r[3].startswith("/dev/") or r[4] == "/") and r[4] not in fixed]
    space = {target: (int(p.rstrip("%")), int(a)) for p, _, a, _, target in rows if p != "-"}
    inodes = [int(i.rstrip("%")) for _, i, _, _, _ in rows if i != "-"]
    if not space:
        print("NOT CHECKED: disk_used_pct; df shows no filesystem with a device")
        return
    most = max(p for p, _ in space.values())
    c.between("disk_used_pct, by df", s["disk_used_pct"], most - 1.5, most + 0.5)
    near = [target for target, (p, _) in space.items() if p >= most - 1]
    free = [space[target][1] for target in near]
    c.between("disk_free_bytes, by df", s["disk_free_bytes"], min(free) - 256 * MIB, max(free) + 256 * MIB)
    c.among("disk_used_mount, by df", s.get("disk_used_mount"), near)
    if inodes:
        c.between("inodes_used_pct, by df", s.get("inodes_used_pct"), max(inodes) - 1.5, max(inodes) + 0.5)
    else:
        c.same("inodes_used_pct, by df", s.get("inodes_used_pct"), None)


def vmstat(c, s, out):
    """Compares with vmstat. Its window is another one and its numbers are whole percents, so 6 points of difference are allowed."""
    rows = [line.split() for line in out.splitlines()]
    found = dict(zip(rows[1], map(int, rows[-1])))
    # Newer versions show guest time apart. It is part of edge's user time.
    for name, want in ("cpu_user_pct", found["us"] + found.get("gu", 0)), ("cpu_system_pct", found["sy"]), \
            ("cpu_iowait_pct", found["wa"]), ("cpu_steal_pct", found["st"]):
        c.between(name + ", by vmstat", s[name], want - 6, want + 6)


def iostat(c, s, out):
    """Compares with iostat. Its window is another one, so 20 percent and one burst of difference are allowed."""
    rows = [line.split() for line in out.splitlines() if line.strip()]
    head = next(i for i, r in enumerate(rows) if r[0].startswith("Device"))
    disks = [dict(zip(rows[head], [r[0], *map(float, r[1:])])) for r in rows[head + 1:]]
    disks = [d for d in disks if is_whole(d["Device"])]
    for name, key, unit, burst in ("disk_write_bytes_per_s", "wkB/s", 1024, MIB), ("disk_read_bytes_per_s", "rkB/s", 1024, MIB), \
            ("disk_write_ops_per_s", "w/s", 1, 20), ("disk_read_ops_per_s", "r/s", 1, 20):
        want = unit * sum(d[key] for d in disks)
        c.between(name + ", by iostat", s[name], want * 0.8 - burst, want * 1.2 + burst)
    busy = max(d["%util"] for d in disks)
    c.between("disk_busy_pct, by iostat", s["disk_busy_pct"], busy - 8, busy + 8)


def main():
    global unit
    edge = os.path.abspath(sys.argv[1])
    agreed, failures = 0, []
    with tempfile.TemporaryDirectory(dir=os.getcwd()) as directory:
        workers.extend([Worker("values-burn", burn_once), Worker("values-write", write_once)])
        unit = Unit(directory, workers[0].pid)
        work = [threading.Thread(target=burn), threading.Thread(target=write, args=[directory]), threading.Thread(target=send)]
        for t in work:
            t.start()
        try:
            for n in range(WINDOWS):
                w = Window(edge, directory)
                low, high = w.rate("net_packets_sent_per_s")
                print(f"--- window {n + 1}: the bounds of a steady counter are {100 * (1 - low / high):.0f}% apart")
                if low < (1 - TIGHT) * high:
                    print("the machine was too busy for a comparison; trying again")
                    continue
                if failed := compare(w):
                    failures.append(failed)
                    continue
                agreed += 1
                if agreed == NEEDED:
                    print(f"edge agrees with psutil, df, vmstat, iostat, ip and /proc, in {agreed} of {n + 1} windows")
                    return
        finally:
            stop.set()
            for t in work:
                t.join()
            for one in workers:
                one.end()
            unit.end()
    sys.exit(f"all values agree in {agreed} of {WINDOWS} windows, but {NEEDED} are needed; these did not: {failures}")


if __name__ == "__main__":
    main()
