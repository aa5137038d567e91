# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benches share: namespaces of their own, waiting for a state, processor time, and results that have one form.

A result is a value of a measure, for a name (Neo, a peer, a limit) and where it applies at a size; all rounds are kept:
{"measure": "1 stream down, GiB/s", "name": "neo", "at": null, "values": [2.1, 2.2, 2.0]}. The unit is the last word of the measure.
"""
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time

INSIDE = "NEO_BENCH_INSIDE"


def enter_namespaces(*kinds):
    """Starts the same program again in namespaces of its own; what it leaves behind ends with them."""
    if os.environ.get(INSIDE) == "yes":
        return
    os.environ[INSIDE] = "yes"
    os.execvp("unshare", ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", *kinds, sys.executable, *sys.argv])


def run(*command, check=True, **options):
    """What it printed. What it complained of is in the exception when it fails."""
    try:
        return subprocess.run([str(word) for word in command], check=check, **{"capture_output": True, "text": True, **options}).stdout
    except subprocess.CalledProcessError as error:
        error.add_note(str(error.stderr))
        raise


def wait_until(what, test, seconds=20):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            sys.exit(f"waited in vain: {what}")
        time.sleep(0.02)


def wait_for_port(port, process=None):
    def listens():
        if process and process.poll() is not None:
            sys.exit(f"{process.args[0]} ended with {process.returncode}")
        return f":{port} " in run("ss", "-Hltn")

    wait_until(f"a listener on port {port}", listens)


def become_racer(build, listener, conf):
    """Goes on as a racer, which gets the listener as from systemd (sd_listen_fds(3)), with the options that it has."""
    os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)  # also where it was 3 already
    os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    os.execv(f"{build}/racer/neo-racer", ["neo-racer", f"--config={conf}"])


def tree(pid):
    """The process and its descendants."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        return [pid] + [member for child in children.read().split() for member in tree(int(child))]
    return [pid]


def cpu_seconds(pid):
    """User and system time of the process, its descendants and those that have ended."""
    ticks = 0
    for member in tree(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{member}/stat", encoding="utf-8") as stat:
            ticks += sum(int(field) for field in stat.read().rsplit(")", 1)[1].split()[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def busy_seconds():
    """Processor time of the whole machine that was not idle: also what interrupts did for somebody."""
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system, _, _, irq, softirq, *_ = map(int, stat.readline().split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def resident_kib(pid):
    """Proportional set size of the process and its descendants."""
    total = 0
    for member in tree(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{member}/smaps_rollup", encoding="ascii") as rollup:
            total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return total


def slab_kib():
    """What the kernel holds in objects: sockets, tracked connections."""
    with open("/proc/meminfo", encoding="ascii") as info:
        return next(int(line.split()[1]) for line in info if line.startswith("Slab:"))


def sizes(text):
    """An argument "1,10,100"."""
    return [int(word) for word in text.split(",")]


class Results:
    def __init__(self):
        self.values, self.missing = {}, {}

    def note(self, measure, name, value, at=None):
        self.values.setdefault((measure, name, at), []).append(value)

    def lacks(self, name, why):
        """@name was to be measured and cannot be, here."""
        self.missing[name] = why
        print(f"{name}: {why}", file=sys.stderr)

    def save(self, path):
        if not path:
            return
        rows = [{"measure": measure, "name": name, "at": at, "values": values} for (measure, name, at), values in self.values.items()]
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"results": rows, "missing": self.missing}, file, indent=1)

    def table(self, ratios=()):
        """Medians, a row for each measure and size. @ratios: pairs of names, the first is divided by the second."""
        names = list(dict.fromkeys(name for _, name, _ in self.values))
        rows = list(dict.fromkeys((measure, at) for measure, _, at in self.values))
        print(f"{'':44}" + "".join(f"{name:>12}" for name in names) + "".join(f"{f'{a}/{b}':>14}" for a, b in ratios))
        for measure, at in rows:
            medians = {name: statistics.median(self.values[measure, name, at]) for name in names if (measure, name, at) in self.values}
            label = measure if at is None else f"{measure} at {at}"
            shown = [f"{shorten(medians[name]):>12}" if name in medians else f"{'-':>12}" for name in names]
            shown += [f"{medians[a] / medians[b]:14.3f}" if medians.get(b) and a in medians else f"{'':14}" for a, b in ratios]
            print(f"{label:44}" + "".join(shown))


def shorten(value):
    """Three digits, and no exponent."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
