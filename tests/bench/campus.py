# SPDX-License-Identifier: GPL-2.0-or-later
"""The network of tests/bench/paths: a gateway with many paths, a campus that limits each address, wires with delay, a server."""
import os
import re
import subprocess

from harness import run, wait_until

RELAYS = ("192.0.2.11", "192.0.2.12")


def inside(namespace, *command):
    return ["ip", "netns", "exec", namespace, *command] if namespace else list(command)


def address(path):
    return f"198.51.100.{10 + path}"


class Net:
    """The three namespaces. Paths are numbered from 1; each has a rate in Mbit/s and one of the wires."""

    def __init__(self, build, directory):
        self.build, self.directory, self.processes = build, directory, []

    def start(self, *command, **options):
        process = subprocess.Popen([str(word) for word in command], **options)
        self.processes.append(process)
        return process

    def down(self):
        """So that the next one may have the same names."""
        for process in self.processes:
            process.kill()
            process.wait()
        for name in ("campus", "server"):
            run("ip", "netns", "del", name)
        for link in re.findall(r"^\d+: (neo\d+|va)@", run("ip", "-o", "link"), re.M):
            run("ip", "link", "del", link, check=False)
        for rule in re.findall(r"^(\d+):.*lookup 1\d\d\d", run("ip", "rule"), re.M):
            run("ip", "rule", "del", "pref", rule)
        run("umount", "-l", "/run")

    def wire(self, number, delay_ms):
        control = f"{self.directory}/wire{number}"
        self.start(f"{self.build}/tests/lab/neo-wire", "run", control, "/run/netns/campus", f"wan{number}", "/run/netns/server", f"wan{number}",
                   f"delay={delay_ms}ms", stdout=subprocess.DEVNULL)
        wait_until("a wire", lambda: os.path.exists(control))
        for name, last in (("campus", 1), ("server", 2)):
            run("ip", "-n", name, "addr", "add", f"10.0.{number}.{last}/24", "dev", f"wan{number}")
            run("ip", "-n", name, "link", "set", f"wan{number}", "up")

    def up(self, wires):
        run("mount", "-t", "tmpfs", "none", "/run")
        os.mkdir("/run/netns")
        run("ip", "link", "set", "lo", "up")
        for name in ("campus", "server"):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb", "netns", "campus")
        run("ip", "link", "set", "va", "up")
        run("ip", "-n", "campus", "link", "set", "vb", "up")
        run("ip", "-n", "campus", "addr", "add", "198.51.100.1/24", "dev", "vb")
        run(*inside("campus", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0"))
        for number, delay in enumerate(wires, 1):
            self.wire(number, delay)
        for remote in ("192.0.2.10", *RELAYS):
            run("ip", "-n", "server", "addr", "add", f"{remote}/32", "dev", "lo")
        run("ip", "-n", "campus", "route", "add", "192.0.2.0/24", "via", "10.0.1.2")
        run("ip", "-n", "server", "route", "add", "198.51.100.0/24", "via", "10.0.1.1")
        for device in ("vb", *(f"wan{n}" for n in range(1, len(wires) + 1))):
            run("tc", "-n", "campus", "qdisc", "add", "dev", device, "root", "handle", "1:", "htb")

    def limit(self, path, wire, rate):
        """As tests/lab does: a queue of 80 ms for each address."""
        for device, side in (("vb", "dst"), (f"wan{wire}", "src")):
            run("tc", "-n", "campus", "class", "add", "dev", device, "parent", "1:", "classid", f"1:{path:x}", "htb", "rate", f"{rate}mbit",
                "burst", 3028, "cburst", 3028, "quantum", 3028)
            run("tc", "-n", "campus", "qdisc", "add", "dev", device, "parent", f"1:{path:x}", "bfifo", "limit", max(rate * 10000, 32768))
            run("tc", "-n", "campus", "filter", "add", "dev", device, "parent", "1:", "protocol", "ip", "u32", "match", "ip", side,
                f"{address(path)}/32", "flowid", f"1:{path:x}")
        if wire > 1:
            run("ip", "-n", "campus", "rule", "add", "from", address(path), "lookup", wire)
            run("ip", "-n", "campus", "route", "replace", "default", "via", f"10.0.{wire}.2", "table", wire)
            run("ip", "-n", "server", "route", "add", f"{address(path)}/32", "via", f"10.0.{wire}.1")

    def path(self, path):
        run("ip", "link", "add", "link", "va", "name", f"neo{path}", "type", "macvlan", "mode", "bridge")
        self.configure(path, address(path))

    def configure(self, path, own):
        run("ip", "link", "set", f"neo{path}", "up")
        run("ip", "addr", "replace", f"{own}/24", "dev", f"neo{path}", "noprefixroute")
        run("ip", "route", "replace", "198.51.100.0/24", "dev", f"neo{path}", "table", 1000 + path)
        run("ip", "route", "replace", "default", "via", "198.51.100.1", "dev", f"neo{path}", "table", 1000 + path)

    def silence(self, *what, verb="add"):
        """What comes from or goes to an address is dropped without a word."""
        for side in ("from", "to"):
            run("ip", "-n", "campus", "rule", verb, side, *what, "pref", 10, "blackhole")
