# SPDX-License-Identifier: GPL-2.0-or-later
"""What breaks on the way: paths, routes, relays."""
from faults import GATEWAYS, PATHS, RELAYS, kind, parts
from hosts import Trouble, wait
from world import World

# The campus router's own table of rules, beside that of the laboratory's faults.
TABLE = "table inet chaos"


def campus_rules(world, rules):
    lines = [f"{TABLE} {{", "chain forward {", "type filter hook forward priority -10", *rules, "}", "}"]
    world.lab.command("run", "campus", "nft", "-f", "-", data="\n".join(lines) + "\n")


def campus_clear(world):
    world.lab.run("campus", f"nft delete {TABLE} 2>/dev/null || true")


def either_way(address, action):
    return [f"ip saddr {address} {action}", f"ip daddr {address} {action}"]


@kind("path-down", PATHS)
def path_down(world, target):
    host, interface = parts(target)
    world.lab.run(host, f"ip link set {interface} down")
    yield
    world.lab.run(host, f"ip link set {interface} up")


@kind("path-silent", PATHS)
def path_silent(world, target):
    address = world.address(*parts(target))
    world.lab.command("break", "path", address)
    yield
    world.lab.command("heal", "path", address)


@kind("card-silent", GATEWAYS)
def card_silent(world, target):
    """The address that carries the first subflow."""
    address = world.address(target, "ens3")
    campus_rules(world, [f"ip saddr {address} ip daddr 192.0.2.0/24 drop", f"ip saddr 192.0.2.0/24 ip daddr {address} drop"])
    yield
    campus_clear(world)


@kind("path-loss-20", PATHS, hold=(3.0, 6.0))
def path_loss(world, target):
    campus_rules(world, either_way(world.address(*parts(target)), "numgen random mod 100 < 20 drop"))
    yield
    campus_clear(world)


@kind("path-reordering", PATHS, hold=(3.0, 6.0))
def path_reordering(world, target):
    """Every fourth packet goes through a class of its own that lets one out each 12 ms."""
    lab, slow = world.lab, "1:ff0"
    for dev in ("lan", "wan"):
        lab.run("campus", f"tc class add dev {dev} parent 1: classid {slow} htb rate 1mbit burst 3028 cburst 3028 quantum 3028 && "
                f"tc qdisc add dev {dev} parent {slow} handle ff0: pfifo limit 20")
    campus_rules(world, either_way(world.address(*parts(target)), f"numgen random mod 4 0 meta priority set {slow}"))
    yield
    campus_clear(world)
    for dev in ("lan", "wan"):
        lab.run("campus", f"tc class del dev {dev} classid {slow}")


@kind("delay-jump", ("px",) + RELAYS, hold=(2.0, 5.0))
def delay_jump(world, target):
    before = world.lab.command("wire", target).split()[0]
    world.lab.command("wire", target, "delay=200ms")
    yield
    world.lab.command("wire", target, before)


@kind("relay-loss-20", RELAYS, hold=(3.0, 6.0))
def relay_loss(world, target):
    world.lab.command("wire", target, "loss=20%")
    yield
    world.lab.command("wire", target, "loss=0%")


@kind("mtu-drop", ("campus",))
def mtu_drop(world, _):
    """The campus router takes no packet above 1280 bytes any more, and says so."""
    routes = (("192.0.2.0/24", "wan", "192.0.2.1"), ("198.51.100.0/24", "lan", "198.51.100.1"))
    for net, dev, source in routes:
        world.lab.run("campus", f"ip route change {net} dev {dev} proto kernel scope link src {source} mtu lock 1280")
    yield
    for net, dev, source in routes:
        world.lab.run("campus", f"ip route change {net} dev {dev} proto kernel scope link src {source}")


@kind("route-cut", ("px",), strands=World.without_relay)
def route_cut(world, target):
    """The direct route: what is left are the relays, for connections that have not lost them to faults before."""
    world.lab.command("break", "route", target)
    yield
    world.lab.command("heal", "route", target)


@kind("relay-cut", RELAYS)
def relay_cut(world, target):
    world.lab.command("break", "host", target)
    yield
    world.lab.command("heal", "host", target)


@kind("relay-reboot", RELAYS, hold=(0.0, 0.5))
def relay_reboot(world, target):
    world.lab.command("reboot", target)
    yield


@kind("relay-drops-option-30", RELAYS)
def relay_drops_mptcp(world, target):
    """On all packets, of connections that stand, too."""
    world.lab.command("run", target, "nft", "-f", "-", 
                      data="table ip chaos {\nchain forward {\ntype filter hook forward priority -10\nreset tcp option mptcp\n}\n}\n")
    yield
    world.lab.run(target, "nft delete table ip chaos")


@kind("dhcp-away-until-expiry", PATHS, hold=(0.5, 1.5))
def dhcp_away(world, target):
    """The server is silent to one path, until its lease has ended."""
    host, interface = parts(target)
    mac = world.mac(host, interface)
    world.dhcp_policy(mac, {"silent": True})
    try:
        wait(f"{target} to lose its lease", lambda: not world.address(host, interface), 2 * world.LEASE_S + 10)
        yield
    finally:
        world.dhcp_policy(mac, None)


@kind("lease-change", PATHS, hold=(0.5, 1.5))
def lease_change(world, target):
    """Another address at the next renewal, and back again."""
    host, interface = parts(target)
    before, other = world.address(host, interface), f"198.51.100.{240 + PATHS.index(target)}"
    mac = world.mac(host, interface)
    world.dhcp_policy(mac, {"address": other})
    try:
        wait(f"{target} to have {other}", lambda: world.address(host, interface) == other, 2 * world.LEASE_S)
        yield
    finally:
        world.dhcp_policy(mac, None)
    # networkd 252 sometimes takes the lease and never sets its address, even when it is told to configure the interface again.
    try:
        wait(f"{target} to have {before} again", lambda: world.address(host, interface) == before, 2 * world.LEASE_S)
    except Trouble as trouble:
        if host != "gwn":
            raise
        world.note(f"{trouble}; networkd is restarted")
        world.lab.run(host, "systemctl restart systemd-networkd")
