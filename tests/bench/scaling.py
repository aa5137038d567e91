# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of docs/SCALING.md: what each role needs for a Gbit/s, a connection and a subflow, and how many hosts that makes."""
import dataclasses
import math

GBIT_IN_GIB = 1e9 / 8 / 2**30
SEGMENT = 1448  # bytes of data in a full packet
PACKETS_PER_GBIT = 1e9 / 8 / SEGMENT

# The host that is reckoned with, and how far it is loaded.
CORES, CARD_GBIT, MEMORY_GIB, LOAD = 8, 10, 16, 0.7
LIMIT_NOFILE, SPARE_FDS, FDS = 524288, 64, 3  # neo-racer@.service, racer/server.c
PORTS = 65535 - 1024 + 1  # from one address to one address and port: with net.ipv4.ip_local_port_range from 1024 on; a relay's MASQUERADE has them anyway
# What a user does at the busiest time.
CONNECTIONS, SUBFLOWS, KBIT = 10, 4, 50
USERS, GBITS = (1000, 10000, 100000, 1000000), (1, 10, 100)


@dataclasses.dataclass
class Costs:
    """Processor cores for a Gbit/s of each role, and memory."""
    gateway: float
    relay: float
    proxy: float
    racer_kib: float  # of a connection, the process alone
    socket_kib: float  # of an MPTCP subflow at one end, the kernel's objects
    conntrack: float  # bytes of a tracked connection


def difference(figures, area, measure, name, base):
    """Processor cores for a Gbit/s, from what the machine was busy with and without."""
    values = figures.median(area, measure, name), figures.median(area, measure, base)
    return (values[0] - values[1]) * GBIT_IN_GIB if None not in values else None


def costs(figures):
    full, small = (figures.median("relay", f"established, {size}, us/packet", "neo") for size in ("full", "small"))
    sockets = figures.curve("status", "kernel's memory, KiB for each subflow with both ends", "kernel")
    memory = [point for point in figures.curve("racer", "memory, KiB for each", "neo") if point[0] >= 1000]
    found = (difference(figures, "racer", "MPTCP: 8 streams down, machine busy s/GiB", "neo", "direct"),
             # an acknowledgement for each second packet
             (full + small / 2) * PACKETS_PER_GBIT / 1e6 if full and small else None,
             difference(figures, "proxy", "download by MPTCP, machine busy s/GiB", "in the namespace", "directly"),
             memory[-1][2] if memory else None, sockets[-1][2] / 2 if sockets else None,
             figures.median("relay", "conntrack with all, bytes", "neo"))
    return Costs(*(max(value, 0) for value in found)) if None not in found else None


def hosts(needs):
    """@needs: (what, how many hosts by it). The number that is enough, and what asks for it."""
    what, most = max(needs, key=lambda need: need[1])
    return math.ceil(most), what


def gateways(c, gbit, connections, endpoints=1):
    return hosts([("processor", gbit * c.gateway / (CORES * LOAD)), ("card", gbit / (CARD_GBIT * LOAD)),
                  ("file descriptors", connections * FDS / (LIMIT_NOFILE - SPARE_FDS)),
                  ("ports to the endpoints", connections / (endpoints * PORTS)),
                  ("memory", connections * (c.racer_kib + c.socket_kib * (1 + SUBFLOWS)) / (MEMORY_GIB * LOAD * 2**20))])


def relays(c, gbit, subflows, endpoints=1):
    return hosts([("processor", gbit * c.relay / (CORES * LOAD)), ("card", gbit / (CARD_GBIT * LOAD)), ("ports to the proxies", subflows / (endpoints * PORTS)),
                  ("memory", subflows * c.conntrack / (MEMORY_GIB * LOAD * 2**30))])


def proxies(c, gbit, connections):
    return hosts([("processor", gbit * c.proxy / (CORES * LOAD)), ("card", gbit / (CARD_GBIT * LOAD)),
                  ("ports of the namespace's loopback", connections / PORTS),
                  ("memory", connections * (c.racer_kib + c.socket_kib * (3 + SUBFLOWS)) / (MEMORY_GIB * LOAD * 2**20))])


def say(result):
    return f"{result[0]} ({result[1]})"


def resources(figures, c):
    relay_memory = figures.median("relay", "conntrack object, bytes", "neo")
    rows = (
        ("gateway: racer and MPTCP", f"{c.gateway:.2f} cores", f"{CORES * LOAD / c.gateway:.0f} Gbit/s" if c.gateway > 0 else "-",
         "racer, --mptcp: machine busy, less that of direct loopback"),
        ("relay", f"{c.relay:.2f} cores", f"{CORES * LOAD / c.relay:.0f} Gbit/s", f"relay: a full packet and half an acknowledgement, {PACKETS_PER_GBIT:,.0f} packets a second"),
        ("proxy host: namespace and racer", f"{c.proxy:.2f} cores", f"{CORES * LOAD / c.proxy:.0f} Gbit/s" if c.proxy > 0 else "-",
         "proxy, --mptcp: machine busy, less that of a download through a router"),
        ("racer: a connection", f"{c.racer_kib:.2f} KiB, {FDS} file descriptors", f"{(LIMIT_NOFILE - SPARE_FDS) // FDS:,} connections", "racer: grow; LimitNOFILE= of the unit"),
        ("a subflow, at each end", f"{c.socket_kib:.1f} KiB of the kernel's memory", f"{MEMORY_GIB * LOAD * 2**20 / c.socket_kib:,.0f} subflows", "status, without what is in the queues"),
        ("relay: a tracked connection", f"{c.conntrack:.0f} bytes, {relay_memory:.0f} of them its object", f"{PORTS:,} to each port of a proxy", "relay: conntrack"),
    )
    lines = ["| what | each Gbit/s or each one | a host carries | measured by |", "|---|---|---|---|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def rates(c):
    lines = ["| | gateways | relays | proxy hosts |", "|---|---|---|---|"]
    for gbit in GBITS:
        lines.append(f"| {gbit} Gbit/s | {say(gateways(c, gbit, 0))} | {say(relays(c, gbit, 0))} | {say(proxies(c, gbit, 0))} |")
    return "\n".join(lines)


def users(c):
    lines = ["| users | Gbit/s | connections | subflows | gateways | relays | proxy hosts |", "|---|---|---|---|---|---|---|"]
    for count in USERS:
        gbit, connections = count * KBIT / 1e6, count * CONNECTIONS
        subflows = connections * SUBFLOWS
        servers = proxies(c, gbit, connections)
        lines.append(f"| {count:,} | {gbit:.3g} | {connections:,} | {subflows:,} | {say(gateways(c, gbit, connections, servers[0]))} | "
                     f"{say(relays(c, gbit / 2, subflows / 2, servers[0]))} | {say(servers)} |")
    return "\n".join(lines)


def balance(figures):
    """From tests/bench/balance."""
    lines = ["| | joins refused | subflows that stand after two seconds, of those wanted |", "|---|---|---|"]
    for name, words in (("shared", "one shared address, nothing else set"), ("own", "own addresses announced, no joins to the shared one")):
        for connections, *_ in figures.curve("proxy", "joins refused", name)[-1:]:
            cells = [figures.spread("proxy", measure, name, connections) for measure in ("joins refused", "subflows that stand")]
            lines.append(f"| {words} | {cells[0][1]:.0f} ({cells[0][0]:.0f} to {cells[0][2]:.0f}) | {cells[1][1]:.0f} of {connections * 4} |")
    return "\n".join(lines) if len(lines) > 2 else None


def vrrp(figures):
    """From tests/bench/vrrp."""
    lines = ["| `advert_int` | a dead gateway: until a new connection is served | a planned change: the longest connection, those lost |", "|---|---|---|"]
    for interval, *_ in figures.curve("proxy", "dead gateway, s", "neo"):
        dead, longest, lost = (figures.spread("proxy", measure, "neo", interval) for measure in
                               ("dead gateway, s", "planned change, longest connection, s", "planned change, connections lost"))
        lines.append(f"| {interval:g} s | {dead[1]:.2f} s ({dead[0]:.2f} to {dead[2]:.2f}) | {longest[1]:.2f} s ({longest[0]:.2f} to {longest[2]:.2f}), {lost[2]:.0f} |")
    return "\n".join(lines) if len(lines) > 2 else None


def blocks(figures):
    """NAME -> text for the markers of docs/SCALING.md; none where something was not measured."""
    c = costs(figures)
    if not c:
        return {}
    host = f"{CORES} cores, {MEMORY_GIB} GiB and a card of {CARD_GBIT} Gbit/s, loaded to {LOAD:.0%}"
    user = f"{CONNECTIONS} open connections of {SUBFLOWS} subflows each and {KBIT} kbit/s"
    shared = {name: block for name, block in (("balance", balance(figures)), ("vrrp", vrrp(figures))) if block}
    return {**shared, "resources": resources(figures, c), "rates": rates(c), "users": users(c), "host": host, "user": user}
