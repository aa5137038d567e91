# SPDX-License-Identifier: GPL-2.0-or-later
"""neo-pathd as the path manager of many connections, on both sides.

    neo1 ... neoN (macvlans of va), 198.51.100.11 ..., table 1001 ... === vb  192.0.2.10: crowd serve, neo-pathd --accept
"""
import os
import time

from common import Crowd, cpu_seconds, kernel_counters, memory_kb, on, refused, run, serve, wait_for

REMOTE, PORT, FIRST = "192.0.2.10", 5000, "198.51.100.10"
RATE = 500
LOOK_SECONDS = 4  # between two looks of neo-pathd at the counters of subflows that are still


def set_up():
    run("ip", "netns", "add", "server")
    here = ["link add va type veth peer name vb netns server", "addr add 198.51.100.10/24 dev va", "link set va up", "route add default via 198.51.100.1"]
    there = ["link set lo up", f"addr add {REMOTE}/32 dev lo", "addr add 198.51.100.1/24 dev vb", "link set vb up"]
    run("ip", "-batch", "-", input="\n".join(here))
    run("ip", "-n", "server", "-batch", "-", input="\n".join(there))
    on("server", "sysctl", "-qw", "net.ipv4.tcp_max_syn_backlog=16384")


def path_lines(n):
    return [f"link add link va name neo{n} type macvlan mode bridge", f"link set neo{n} up"] + address_lines(n)


def address_lines(n):
    return [f"addr replace 198.51.100.{10 + n}/24 dev neo{n} noprefixroute", f"route replace 198.51.100.0/24 dev neo{n} table {1000 + n}",
            f"route replace default via 198.51.100.1 dev neo{n} table {1000 + n}"]


def add_paths(number):
    run("ip", "-batch", "-", input="\n".join(line for n in range(1, number + 1) for line in path_lines(n)))


def manager(where=None):
    words = ("cat", "/proc/sys/net/mptcp/pm_type")
    return (on(where, *words) if where else run(*words)).strip()


def start_pathd(shared, where, *words):
    log = open(os.path.join(shared.directory, f"pathd-{where or 'gateway'}.log"), "w+", encoding="utf-8")
    pathd = shared.programs.start(os.path.join(shared.build, "paths/neo-pathd"), *words, where=where, stderr=log, stdout=log)
    if not wait_for(lambda: manager(where) == "1"):
        raise RuntimeError("neo-pathd has not become the path manager")
    return pathd.pid


def count_here():
    return len(run("ss", "-tnH", "state", "established", "dport", "=", f":{PORT}").splitlines())


def count_there():
    return len(on("server", "ss", "-tnH", "state", "established", "sport", "=", f":{PORT}").splitlines())


def subflows(report, what, wanted):
    began = time.monotonic()
    have = wait_for(lambda: count_here() == wanted and count_there() == wanted, 300)
    report.ok(f"paths: {what}", have, f"{count_here()} subflows here, {count_there()} there, {wanted} wanted")
    report.figure("paths", what, f"{time.monotonic() - began:.1f} s")


def measure_idle(report, pids, looks):
    before, began = [cpu_seconds(pid) for pid in pids], time.monotonic()
    time.sleep(looks * LOOK_SECONDS)
    seconds = time.monotonic() - began
    shares = [(cpu_seconds(pid) - was) / seconds * 100 for pid, was in zip(pids, before)]
    report.figure("paths", "processor when nothing happens, gateway / server", " / ".join(f"{share:.2f}%" for share in shares))
    report.ok("paths: idle when nothing happens", max(shares) < 10, shares)


def measure(shared, connections, paths, looks):
    report, programs = shared.report, shared.programs
    set_up()
    configuration = os.path.join(shared.directory, "paths.conf")
    with open(configuration, "w", encoding="ascii") as file:
        file.write("[Paths]\nPathManager=userspace\n")
    pids = [start_pathd(shared, None, "--config", configuration), start_pathd(shared, "server", "--accept")]
    serve(programs, shared.tool, "mptcp", PORT, where="server")
    counters = kernel_counters("server")
    sizes = [list(map(memory_kb, pids))]
    held = Crowd(programs, shared.tool, "hold", "mptcp", connections, RATE, PORT, [REMOTE, f"-{FIRST}"])
    said = held.read()
    report.ok(f"paths: {connections} connections, none was refused", said["open"] == connections and not refused(said), said)
    sizes.append(list(map(memory_kb, pids)))
    used = list(map(cpu_seconds, pids))
    add_paths(paths - 1)
    subflows(report, f"{connections} connections x {paths} subflows, on both sides", connections * paths)
    report.figure("paths", "processor time for all joins, gateway / server", " / ".join(f"{cpu_seconds(pid) - was:.1f} s" for pid, was in zip(pids, used)))
    sizes.append(list(map(memory_kb, pids)))
    per_connection = [(b - a) / connections for a, b in zip(sizes[0], sizes[1])]
    per_subflow = [(b - a) / (connections * (paths - 1)) for a, b in zip(sizes[1], sizes[2])]
    report.figure("paths", "resident memory: empty, with all, gateway / server",
                  f"{sizes[0][0]} to {sizes[2][0]} / {sizes[0][1]} to {sizes[2][1]} kB")
    report.figure("paths", "for each connection of one subflow, gateway / server", " / ".join(f"{kb:.2f} kB" for kb in per_connection))
    report.figure("paths", "for each further subflow, gateway / server", " / ".join(f"{kb:.2f} kB" for kb in per_subflow))
    report.ok("paths: at most 8 kB for a connection and 2 kB for a subflow", max(per_connection) < 8 and max(per_subflow) < 2, (per_connection, per_subflow))
    measure_idle(report, pids, looks)
    run("ip", "link", "set", "neo1", "down")
    subflows(report, "a path goes down: its subflows are closed", connections * (paths - 1))
    run("ip", "-batch", "-", input="\n".join(["link set neo1 up"] + address_lines(1)))
    subflows(report, "it comes back: one subflow of each connection", connections * paths)
    said = held.ask()
    report.ok(f"paths: all {connections} answer", said["alive"] == connections, said)
    dropped = {name: value - counters[name] for name, value in kernel_counters("server").items() if value > counters[name]}
    report.figure("paths", "refused by the server's kernel", " ".join(f"{k}={v}" for k, v in dropped.items()) or "none")
    held.close()
    subflows(report, "hung up: none is left", 0)
    report.figure("paths", "resident memory after, gateway / server", " / ".join(f"{memory_kb(pid)} kB" for pid in pids))
    programs.stop_all()
    run("ip", "netns", "del", "server")
