# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of neo-racer: many that stay, and all the time others that come and go.

    crowd --127.0.0.n:1080--> neo-racer (user nobody, as its unit has it) --MPTCP--> 127.0.1.1:2000, 127.0.1.2:2000  crowd serve

A process that may not have enough file descriptors has part of the connections, and more processes the rest.
"""
import os
import subprocess

from common import Crowd, DEADLINE, count_fds, cpu_seconds, kernel_counters, memory_kb, raise_fd_limit, refused, run, serve, wait_for

PORT, SERVER = 1080, 2000
OPEN_RATE = 2000  # in a second, of those that stay
SPARE, FDS = 64, 3  # of a process, and of a connection: SPARE_FDS and FDS_OF_A_CONNECTION of racer/server.c
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--no-new-privs"]


def start_racers(load, count):
    """As few as the limit of file descriptors allows, with some to spare for those that come and go."""
    limit = raise_fd_limit((count + load.rate) * FDS + SPARE)
    number = -(-(count + load.rate) * FDS // (limit - SPARE))
    racers = []
    for n in range(number):
        path = os.path.join(load.directory, f"racer{n}.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"[Racer]\nListen=0.0.0.0:{PORT + n}\nEndpoints=127.0.1.1:{SERVER} 127.0.1.2:{SERVER}\n")
        racers.append(load.programs.start(*NOBODY, os.path.join(load.build, "racer/neo-racer"), f"--config={path}"))
    for n in range(number):
        if not wait_for(lambda n=n: run("ss", "-Hltn", f"sport = :{PORT + n}")):
            raise RuntimeError(f"no racer listens on port {PORT + n}")
    load.report.figure("racer", f"processes ({limit} file descriptors each)", number)
    return [racer.pid for racer in racers]


class Load:
    def __init__(self, shared, count, rate, seconds):
        self.build, self.directory, self.programs, self.report = shared.build, shared.directory, shared.programs, shared.report
        self.count, self.rate, self.seconds, self.tool = count, rate, seconds, shared.tool
        self.addresses = [f"127.0.0.{n}" for n in range(1, 9)] + ["-"]

    def crowds(self, what, count, rate, number):
        return [Crowd(self.programs, self.tool, what, "tcp", count // number + (n < count % number), rate // number, PORT + n, self.addresses)
                for n in range(number)]


def total(crowds, read):
    said = {}
    for one in [read(crowd) for crowd in crowds]:
        for name, value in one.items():
            said[name] = max(said.get(name, 0), value) if name == "seconds" or name.endswith("_us") else said.get(name, 0) + value
    return said


def fds_are(pids, wanted):
    return all(count_fds(pid) <= most for pid, most in zip(pids, wanted))


def measure(shared, count, rate, seconds):
    load, report = Load(shared, count, rate, seconds), shared.report
    serve(load.programs, load.tool, "mptcp", SERVER)
    pids = start_racers(load, count)
    before, fds, counters = sum(map(memory_kb, pids)), [count_fds(pid) + 16 for pid in pids], kernel_counters()
    held = load.crowds("hold", count, OPEN_RATE, len(pids))
    said = total(held, Crowd.read)
    report.ok(f"racer: {count} connections are open, none was refused", said["open"] == count and not refused(said), said)
    memory, used = sum(map(memory_kb, pids)) - before, sum(map(cpu_seconds, pids))
    report.figure("racer", f"{count} opened in", f"{said['seconds']:.1f} s")
    report.figure("racer", "resident memory for each open connection", f"{memory / count:.2f} kB")
    report.figure("racer", "file descriptors for each open connection", f"{sum(map(count_fds, pids)) / count:.2f}")
    report.ok("racer: at most 4 kB of memory for each", memory < 4 * count, f"{memory} kB")

    passing = load.crowds("pass", rate * seconds, rate, len(pids))
    said = total(passing, Crowd.read)
    report.ok(f"racer: {rate * seconds} more came and went beside them, none was refused", said["passed"] == rate * seconds and not refused(said), said)
    report.figure("racer", f"new connections for {seconds} s, wanted {rate}/s", f"{said['passed'] / said['seconds']:.0f}/s")
    report.figure("racer", "connect, byte there and back, p50 / p99 / longest",
                  f"{said['p50_us'] / 1000:.1f} / {said['p99_us'] / 1000:.1f} / {said['max_us'] / 1000:.0f} ms")
    report.figure("racer", "processor time of the racer for each of them", f"{(sum(map(cpu_seconds, pids)) - used) / said['passed'] * 1e6:.0f} us")
    dropped = {name: value - counters[name] for name, value in kernel_counters().items() if value > counters[name]}
    report.figure("racer", "refused by clients' kernel, racer, servers' kernel", " ".join(f"{k}={v}" for k, v in dropped.items()) or "none")

    said = total(held, Crowd.ask)
    report.ok(f"racer: all {count} answer afterwards", said["alive"] == count, said)
    for crowd in held:
        crowd.close()
    report.ok("racer: closed, their file descriptors are free", wait_for(lambda: fds_are(pids, fds), DEADLINE), [count_fds(pid) for pid in pids])
    load.programs.stop_all()
