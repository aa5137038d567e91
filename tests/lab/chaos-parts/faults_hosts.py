# SPDX-License-Identifier: GPL-2.0-or-later
"""What breaks on a host: services, and what they live from."""
import os

from faults import GATEWAYS, RELAYS, kind, parts, skipped
from hosts import HERE

RACERS = tuple(f"{host}:neo-racer@{port}" for host in GATEWAYS for port in (8443, 18388))
JOURNALS = "/var/log/journal /run/log/journal"


def restarted(world, target):
    host, unit = parts(target)
    world.lab.run(host, f"systemctl restart {unit}")
    yield


def killed(world, target):
    """systemd brings it back; or a person, where Debian's unit has no Restart=."""
    host, unit = parts(target)
    world.lab.run(host, f"systemctl kill -s KILL {unit}")
    yield
    if world.lab.run(host, f"systemctl show -P Restart {unit}") == "no":
        world.lab.run(host, f"systemctl start {unit}")


AT_ONCE = {"hold": (0.0, 1.0)}
for name, targets, more in (
    ("networkmanager", ("gw:NetworkManager",), {}),
    ("networkd", ("gwn:systemd-networkd", "px:systemd-networkd", "ra:systemd-networkd"), {}),
    ("neo-pathd", ("gwn:neo-pathd",), {}),
    ("racer", RACERS, {}),
    ("front", ("px:neo-front@main:443",), {}),
    ("v2ray", ("px:v2ray",), {"ends": "1080"}),
    ("shadowsocks", ("px:shadowsocks-libev-server@main",), {"ends": "1081"}),
):
    kind(name + "-restart", targets, **AT_ONCE, **more)(restarted)
    kind(name + "-killed", targets, **AT_ONCE, **more)(killed)


@kind("daemon-reexec", GATEWAYS + RELAYS + ("px",), **AT_ONCE)
def daemon_reexec(world, target):
    world.lab.run(target, "systemctl daemon-reexec")
    yield


@kind("reload", ("px:neo-netns@main", "px:neo-netns@second", "ra:neo-relay@main", "rb:neo-relay@main", "gwn:neo-pathd") + RACERS, **AT_ONCE)
def reloaded(world, target):
    host, unit = parts(target)
    world.lab.run(host, f"systemctl reload {unit}")
    yield


@kind("conntrack-full", RELAYS)
def conntrack_full(world, target):
    """The relay's table holds as many connections as it can, all of which look as if they were in use."""
    with open(os.path.join(HERE, "chaos-parts/fill_conntrack.py"), encoding="utf-8") as file:
        program = file.read()
    world.note(f"{target}: {world.lab.command('run', target, 'python3', '-', 'fill', data=program)}")
    yield
    world.note(f"{target}: {world.lab.command('run', target, 'python3', '-', 'empty', data=program)}")


@kind("journal-full", GATEWAYS + RELAYS + ("px",))
def journal_full(world, target):
    """No more room where the journal is. Without any room for a first file it would not start."""
    world.lab.run(target, f"for d in {JOURNALS}; do mkdir -p $d; mount -t tmpfs -o size=20m chaos $d; done; systemctl restart systemd-journald; "
                  f"for d in {JOURNALS}; do dd if=/dev/zero of=$d/fill bs=64k 2>/dev/null || true; done; logger -p user.err chaos")
    yield
    world.lab.run(target, f"for d in {JOURNALS}; do umount -l $d; done; systemctl restart systemd-journald")


@kind("journal-stopped", GATEWAYS + ("px",))
def journal_stopped(world, target):
    """Nobody reads what is logged."""
    world.lab.run(target, "systemctl kill -s STOP systemd-journald")
    yield
    world.lab.run(target, "systemctl kill -s CONT systemd-journald")


def limited(world, target, limit):
    """The soft limit of a unit's main process, for as long as the fault; new connections are tried meanwhile."""
    host, unit = parts(target)
    pid = world.lab.run(host, f"systemctl show -P MainPID {unit}")
    before = world.lab.run(host, f"prlimit --noheadings -o SOFT --{limit} --pid {pid}")
    now = {"nofile": f"$(ls /proc/{pid}/fd | wc -l)", "as": f"$(awk '/^VmSize/ {{ print $2 * 1024 }}' /proc/{pid}/status)"}[limit]
    world.lab.run(host, f"prlimit --pid {pid} --{limit}={now}:")
    world.probe("limited")
    yield
    # The process may have died of it; the next one has the limits of its unit.
    world.lab.run(host, f"prlimit --pid {pid} --{limit}={before}: 2>/dev/null || true")


LIMITED = RACERS + ("gwn:neo-pathd", "px:neo-front@main:443")


@kind("fd-limit", LIMITED)
def fd_limit(world, target):
    yield from limited(world, target, "nofile")


@kind("memory-limit", LIMITED)
def memory_limit(world, target):
    yield from limited(world, target, "as")


skipped("clock-jump", "the hosts share the machine's clock, which no namespace separates")
skipped("apt-upgrade", "the hosts have the build laid over them, not packages; tests/package/test-package upgrades packages under a transfer")
