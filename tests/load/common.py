# SPDX-License-Identifier: GPL-2.0-or-later
"""What the loads share: points of the Test Anything Protocol, a table of figures, crowds of connections, and what a process uses."""
import contextlib
import os
import resource
import signal
import subprocess
import sys
import time

# A machine that does other things as well may take this long for anything but a load itself.
DEADLINE = 120


def run(*words, **options):
    return subprocess.run(words, check=True, capture_output=True, text=True, **options).stdout


def on(where, *words, **options):
    return run("ip", "netns", "exec", where, *words, **options)


def wait_for(condition, seconds=DEADLINE):
    """What @condition said last."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


class Report:
    def __init__(self):
        self.rows, self.count, self.failed = [], 0, 0

    def ok(self, what, condition, why=""):
        self.count += 1
        self.failed += not condition
        print(f"{'ok' if condition else 'not ok'} {self.count} - {what}", flush=True)
        if not condition and why:
            print("\n".join(f"# {line}" for line in str(why).splitlines()), flush=True)

    def figure(self, load, what, value):
        self.rows.append((load, what, value))

    def finish(self):
        for load, what, value in self.rows:
            print(f"# {load:7}{what:58}{value:>40}")
        print(f"1..{self.count}")
        return self.failed > 0


def memory_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def count_fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def kernel_counters(where=None):
    """Why a listener dropped a connection, as nstat(8) counts it."""
    names = ("TcpExtListenOverflows", "TcpExtListenDrops", "TcpExtTCPReqQFullDrop", "TcpExtTCPReqQFullDoCookies")
    output = (on(where, "nstat", "-asz", *names) if where else run("nstat", "-asz", *names)).splitlines()
    return {words[0].removeprefix("TcpExt"): int(words[1]) for line in output if (words := line.split()) and words[0] in names}


def raise_fd_limit(wanted):
    """The hard limit of what is started from here: @wanted, or where that is not allowed what it is."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError, OSError):
        hard = max(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Programs:
    """What was started, and is killed at the end."""

    def __init__(self):
        self.running = []

    def start(self, *words, where=None, **options):
        command = ["ip", "netns", "exec", where, *words] if where else list(words)
        self.running.append(subprocess.Popen(command, **options))
        return self.running[-1]

    def stop(self, program, number=signal.SIGKILL):
        program.send_signal(number)
        program.wait(DEADLINE)
        self.running.remove(program)

    def stop_all(self):
        for program in list(self.running):
            self.stop(program)


class Crowd:
    """Connections of one or more processes of crowd."""

    EACH = 9000  # for each process

    def __init__(self, programs, tool, what, protocol, count, rate, port, addresses, where=None):
        self.programs, self.lines = programs, []
        parts = -(-count // self.EACH)
        self.processes = [
            programs.start(tool, what, protocol, str(count // parts + (n < count % parts)), str(max(rate // parts, 1)), str(port), *addresses,
                           where=where, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for n in range(parts)
        ]

    def read(self):
        """The sum of what they say: {"open": 998, "ECONNREFUSED": 2, ...}; times are the worst."""
        total = {}
        for process in self.processes:
            words = process.stdout.readline().split()
            for name, value in zip(words[::2], words[1::2]):
                if name == "seconds" or name.endswith("_us"):
                    total[name] = max(total.get(name, 0), float(value))
                else:
                    total[name] = total.get(name, 0) + int(value)
        return total

    def ask(self):
        for process in self.processes:
            process.stdin.write("\n")
            process.stdin.flush()
        return self.read()

    def close(self):
        for process in self.processes:
            process.stdin.close()
        for process in self.processes:
            process.wait(DEADLINE)
            self.programs.running.remove(process)


def refused(said):
    """Names of errors and how often each befell a client."""
    return {name: value for name, value in said.items() if name.isupper()}


def serve(programs, tool, protocol, port, where=None, processes=4):
    server = programs.start(tool, "serve", protocol, str(port), str(processes), where=where, stdout=subprocess.PIPE, text=True)
    if server.stdout.readline() != "ready\n":
        sys.exit(f"nothing serves port {port}")
    return server
