# SPDX-License-Identifier: GPL-2.0-or-later
"""Flows through a relay of neo-relay, from 20 clients.

    client --198.51.100.0/25-- relay (.1) --198.51.100.128/25-- (.130) proxy: crowd serve
    .11 to .30
"""
import os
import time

from common import Crowd, DEADLINE, kernel_counters, on, refused, run, serve, wait_for

RELAY, PROXY, PORT = "198.51.100.1", "198.51.100.130", 443
CLIENTS = [f"198.51.100.{n}" for n in range(11, 31)]
RATE = 4000  # new flows in a second: 200 for each client, below SynRate=


def link(one, interface, addresses, other, other_interface, other_address):
    run("ip", "link", "add", interface, "netns", one, "type", "veth", "peer", "name", other_interface, "netns", other)
    for where, name, own in ((one, interface, addresses), (other, other_interface, [other_address])):
        run("ip", "-n", where, "link", "set", name, "up")
        for address in own:
            run("ip", "-n", where, "addr", "add", f"{address}/25", "dev", name)


def make_hosts():
    for host in ("client", "relay", "proxy"):
        run("ip", "netns", "add", host)
        run("ip", "-n", host, "link", "set", "lo", "up")
        on(host, "sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65000")
    link("client", "near", CLIENTS, "relay", "in", RELAY)
    link("relay", "out", ["198.51.100.129"], "proxy", "far", PROXY)


def make_libraries(build, directory):
    """The stock extensions of iptables and those of the build."""
    stock, libraries = run("pkg-config", "--variable=xtlibdir", "xtables").strip(), os.path.join(directory, "xtables")
    os.mkdir(libraries)
    own = {"libxt_RELAY.so": "RELAY", "libxt_RELAYBACK.so": "RELAY", "libxt_mptcp.so": "mptcp"}
    for name in set(os.listdir(stock)) - set(own):
        os.symlink(os.path.join(stock, name), os.path.join(libraries, name))
    for name, file in own.items():
        os.symlink(os.path.join(build, f"xtables-ext/libxt_{file}.so"), os.path.join(libraries, name))
    return libraries


class Relay:
    def __init__(self, shared):
        self.program, self.file = os.path.join(shared.build, "xtables-ext/neo-relay"), os.path.join(shared.directory, "load.conf")
        self.environment = dict(os.environ, XTABLES_LIBDIR=make_libraries(shared.build, shared.directory))
        with open(self.file, "w", encoding="ascii") as file:
            file.write(f"[Relay]\nProxy={PROXY}\nPorts={PORT}\nListen={RELAY}\n")

    def do(self, verb):
        began = time.monotonic()
        on("relay", self.program, verb, f"--config={self.file}", "load", env=self.environment)
        return time.monotonic() - began


def tracked():
    return int(on("relay", "cat", "/proc/sys/net/netfilter/nf_conntrack_count"))


def entry_bytes():
    """The size of an entry of connection tracking and of those that are in use on this machine."""
    with open("/proc/slabinfo", encoding="ascii") as slabs:
        for line in slabs:
            if line.startswith("nf_conntrack "):
                words = line.split()
                return int(words[3]), int(words[1])
    return 0, 0


def measure(shared, count):
    report, programs = shared.report, shared.programs
    make_hosts()
    relay = Relay(shared)
    relay.do("start")
    serve(programs, shared.tool, "mptcp", PORT, where="proxy")
    counters, (size, entries) = kernel_counters("proxy"), entry_bytes()
    held = Crowd(programs, shared.tool, "hold", "mptcp", count, RATE, PORT, [RELAY] + [f"-{client}" for client in CLIENTS], where="client")
    said = held.read()
    report.ok(f"relay: {count} flows stand through it, none was refused", said["open"] == count and not refused(said), said)
    now, (_, entries_now) = tracked(), entry_bytes()
    report.ok("relay: an entry of connection tracking for each, and no more", count <= now <= count + count // 50, f"{now} entries")
    report.figure("relay", f"{count} opened in", f"{said['seconds']:.1f} s")
    report.figure("relay", "connect, byte there and back, p50 / p99", f"{said['p50_us'] / 1000:.1f} / {said['p99_us'] / 1000:.1f} ms")
    report.figure("relay", "entries of connection tracking", now)
    report.figure("relay", "memory of the kernel for each entry", f"{size} bytes ({entries_now - entries} more in the slab)")
    dropped = {name: value - counters[name] for name, value in kernel_counters("proxy").items() if value > counters[name]}
    report.figure("relay", "refused by the proxy's kernel", " ".join(f"{k}={v}" for k, v in dropped.items()) or "none")
    said = held.ask()
    report.ok(f"relay: all {count} answer", said["alive"] == count, said)
    report.figure("relay", f"a byte there and back on {count}", f"{said['seconds']:.1f} s")
    report.figure("relay", f"reload with {count} flows", f"{relay.do('reload'):.2f} s")
    said = held.ask()
    report.ok("relay: and after a reload", said["alive"] == count, said)
    report.figure("relay", f"drain of {count} flows", f"{relay.do('drain'):.2f} s")
    report.figure("relay", "stop", f"{relay.do('stop'):.2f} s")
    report.ok("relay: stopped, none is tracked", wait_for(lambda: tracked() < count // 50, DEADLINE), f"{tracked()} entries")
    programs.stop_all()
    for host in ("client", "relay", "proxy"):
        run("ip", "netns", "del", host)
