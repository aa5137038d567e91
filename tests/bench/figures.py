# SPDX-License-Identifier: GPL-2.0-or-later
"""From all rounds of all measurements (bench.json) to what people read: medians and spread, ratios, the way cost grows; tables and charts of them."""
import math
import re
import statistics
import textwrap

import chart

# What is said of Neo. Area, words, measure (and at which size), its unit, whether more is better, who else does it, and the limit.
# The first measure that begins so is meant, so that words in it may tell the duration.
FORWARDERS = ("proxyd", "socat", "haproxy", "haproxys", "nginx")
MANAGERS = ("kernel", "networkmanager", "mptcpd", "sspi")
SCRIPTS = ("ip -batch", "ip in a loop")
ROWS = (
    ("racer", "one stream down", "1 stream down, GiB/s", None, "GiB/s", True, FORWARDERS, "direct"),
    ("racer", "one stream up", "1 stream up, GiB/s", None, "GiB/s", True, FORWARDERS, "direct"),
    ("racer", "8 streams down", "8 streams down, GiB/s", None, "GiB/s", True, FORWARDERS, "direct"),
    ("racer", "8 streams up", "8 streams up, GiB/s", None, "GiB/s", True, FORWARDERS, "direct"),
    ("racer", "its processor time, 8 streams down", "8 streams down, CPU s/GiB", None, "s/GiB", False, FORWARDERS, None),
    ("racer", "8 streams down, MPTCP to the endpoint", "MPTCP: 8 streams down, GiB/s", None, "GiB/s", True, FORWARDERS, "direct"),
    ("racer", "8 streams up, MPTCP to the endpoint", "MPTCP: 8 streams up, GiB/s", None, "GiB/s", True, FORWARDERS, "direct"),
    ("racer", "new connections, 32 at a time", "connections, 32 at a time, 1/s", None, "1/s", True, FORWARDERS, "direct"),
    ("racer", "connect, one byte, close", "connect + 1 byte + close, p50 us", None, "us", False, FORWARDERS, "direct"),
    ("racer", "1 KiB there and back", "1 KiB ping-pong, p50 us", None, "us", False, FORWARDERS, "direct"),
    ("racer", "start until the first byte", "start until the first byte, ms", None, "ms", False, FORWARDERS, None),
    ("racer", "memory for each of 10,000 connections", "memory, KiB for each", 10000, "KiB", False, FORWARDERS, None),
    ("paths", "8 paths of 20 Mbit/s: rate", "8x20 cubic, rate, Mbit/s", None, "Mbit/s", True, MANAGERS, "sum"),
    ("paths", "64 paths of 5 Mbit/s: rate", "grow, rate, Mbit/s", 64, "Mbit/s", True, MANAGERS, "sum"),
    ("relay", "a packet of a standing connection, small", "established, small, us/packet", None, "us", False, ("nat",), "route"),
    ("relay", "a packet of a standing connection, full", "established, full, us/packet", None, "us", False, ("nat",), "route"),
    ("relay", "a new connection", "new connection, us", None, "us", False, ("nat",), "route"),
    ("relay", "a new connection, 1,000 relays", "new connection, us", 1000, "us", False, ("nat",), None),
    ("relay", "load 1,000 relays", "load, ms", 1000, "ms", False, ("nat",), None),
    ("startup", "64 paths: all is to be done", "first, ms", 64, "ms", False, SCRIPTS, None),
    ("startup", "64 paths: nothing is to be done", "idle, ms", 64, "ms", False, SCRIPTS, None),
    ("status", "look at 1,000 connections", "status, ms", 1000, "ms", False, ("ss",), "floor"),
    ("proxy", "download through the namespace", "download by MPTCP, MiB/s", None, "MiB/s", True, (), "on the host"),
)
TITLES = {
    "haproxys": "HAProxy, splice", "haproxy": "HAProxy", "proxyd": "systemd-socket-proxyd", "nginx": "nginx stream", "socat": "socat",
    "kernel": "kernel's path manager, limits raised by hand", "networkmanager": "kernel's, as NetworkManager sets it", "mptcpd": "mptcpd (addr_adv)",
    "sspi": "mptcpd (sspi)", "nat": "DNAT + MASQUERADE", "ip -batch": "script, ip -batch", "ip in a loop": "script, ip in a loop", "ss": "ss -ti and -Mi",
    "direct": "direct loopback", "sum": "plain sum", "route": "plain routing", "floor": "kernel's answers, thrown away", "on the host": "without the namespace",
    "neo": "Neo",
}
# How cost grows: area, words, measure, unit, names, what the sizes are.
GROWTH = (
    ("racer", "a message, p50", "messages of 1 KiB, p50 us", "us", ("neo", "haproxy", "nginx", "direct"), "connections"),
    ("racer", "opening, each", "opening, us for each", "us", ("neo", "haproxy", "nginx", "direct"), "connections"),
    ("racer", "memory, each", "memory, KiB for each", "KiB", ("neo", "haproxy", "nginx"), "connections"),
    ("racer", "processor time of a message", "messages of 1 KiB, CPU us for each", "us", ("neo", "haproxy", "nginx"), "connections"),
    ("paths", "rate", "grow, rate, Mbit/s", "Mbit/s", ("neo", "kernel", "sum"), "paths"),
    ("paths", "whole machine, for each Gbit", "grow, machine busy, s/Gbit", "s", ("neo", "kernel"), "paths"),
    ("relay", "a packet of a standing connection", "established, small, us/packet", "us", ("neo", "nat"), "relays"),
    ("relay", "a new connection", "new connection, us", "us", ("neo", "nat"), "relays"),
    ("relay", "loading the rules", "load, ms", "ms", ("neo", "nat"), "relays"),
    ("startup", "all is to be done", "first, ms", "ms", ("neo", "ip -batch", "ip in a loop"), "paths"),
    ("startup", "nothing is to be done", "idle, ms", "ms", ("neo", "ip -batch", "ip in a loop"), "paths"),
    ("status", "neo status", "status, ms", "ms", ("neo", "ss", "floor"), "connections"),
    ("status", "its memory", "status, memory MB", "MB", ("neo", "ss"), "connections"),
)


class Figures:
    def __init__(self, bench):
        self.bench, self.values = bench, {}
        for area, content in bench["areas"].items():
            for row in content["results"]:
                known = [value for value in row["values"] if value is not None]
                if known:
                    self.values[area, row["measure"], row["name"], row["at"]] = known

    def spread(self, area, measure, name, at=None):
        """Least, median and most; None if it was not measured."""
        values = self.values.get((area, measure, name, at))
        return (min(values), statistics.median(values), max(values)) if values else None

    def median(self, area, measure, name, at=None):
        found = self.spread(area, measure, name, at)
        return found[1] if found else None

    def curve(self, area, measure, name):
        """(size, least, median, most) in the order of the sizes."""
        places = sorted(at for a, m, n, at in self.values if (a, m, n) == (area, measure, name) and at is not None)
        return [(at, *self.spread(area, measure, name, at)) for at in places]

    def best(self, area, measure, at, more, names):
        medians = {name: self.median(area, measure, name, at) for name in names}
        known = {name: value for name, value in medians.items() if value is not None}
        return (max if more else min)(known, key=known.get) if known else None


def shorten(value):
    """Three digits, with thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def show(spread):
    """The median, and in what range the rounds were."""
    return f"{shorten(spread[1])} ({shorten(spread[0])} to {shorten(spread[2])})"


def exponent(points):
    """Of cost ~ size^exponent over the upper tenth part of the sizes: what is constant beside it hides the growth below. None: too few points."""
    upper = [(math.log(at), math.log(value)) for at, _, value, _ in points if at >= points[-1][0] / 20 and value > 0]
    if len(upper) < 2:
        return None
    mean_x, mean_y = (statistics.fmean(column) for column in zip(*upper))
    return sum((x - mean_x) * (y - mean_y) for x, y in upper) / sum((x - mean_x) ** 2 for x, _ in upper)


def complexity(power):
    """In words that admit the noise."""
    if power is None:
        return "-"
    if abs(power) < 0.15:
        return f"constant (n^{power:.2f})"
    return f"linear (n^{power:.2f})" if 0.85 < power < 1.15 else f"n^{power:.2f}"


def comparison_table(figures):
    lines = ["| | Neo | best other | Neo to it | limit | Neo to it |", "|---|---|---|---|---|---|"]
    area = None
    for where, words, measure, at, unit, more, others, limit in ROWS:
        neo_name = "in the namespace" if where == "proxy" else "neo"
        neo = figures.spread(where, measure, neo_name, at)
        if not neo:
            continue
        if where != area:
            lines.append(f"| **{where}** | | | | | |")
            area = where
        cells = [words, f"{show(neo)} {unit}"]
        for name in (figures.best(where, measure, at, more, others), limit):
            other = figures.spread(where, measure, name, at) if name else None
            ratio = neo[1] / other[1] if other and other[1] else None
            cells += [f"{TITLES[name]}: {show(other)}", f"{ratio if more else 1 / ratio:.2f}"] if ratio else ["-", "-"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def growth_table(figures):
    lines = []
    for what in dict.fromkeys(row[5] for row in GROWTH):
        rows = [(row, name, figures.curve(row[0], row[2], name)) for row in GROWTH if row[5] == what for name in row[4]]
        rows = [row for row in rows if row[2]]
        places = sorted({point[0] for *_, points in rows for point in points})
        if not places:
            continue
        lines += [f"| {what} | | " + " | ".join(f"{place:,}" for place in places) + " | grows as |", "|---|---|" + "---|" * (len(places) + 1)]
        for (area, words, _, unit, *_), name, points in rows:
            medians = {point[0]: shorten(point[2]) for point in points}
            lines.append(f"| {area}: {words}, {unit} | {TITLES[name]} | " + " | ".join(medians.get(place, "") for place in places)
                         + f" | {complexity(exponent(points))} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def conditions(bench):
    c = bench["conditions"]
    packages = ", ".join(f"{name} {version}" for name, version in bench["packages"].items())
    noise = f"{c['steal_percent']:.1f} % of the time taken by other guests" if c.get("steal_percent") is not None else ""
    rounds = ", ".join(f"{area} {content['rounds']}" for area, content in bench["areas"].items())
    commits = {content["commit"]: [area for area in bench["areas"] if bench["areas"][area]["commit"] == content["commit"]] for content in bench["areas"].values()}
    commit = ", ".join(name if len(commits) == 1 else f"{name} ({', '.join(areas)})" for name, areas in commits.items())
    text = (f"Measured {c['date']} at commit {commit} on {c['os']}, Linux {c['kernel']}, {c['cores']} cores of {c['cpu']} ({c['virtualization']}), "
            f"{c['memory_gib']:.0f} GiB, TCP with {c['congestion_control']}; load before {c['load_before']:.2f}, {noise}; rounds: {rounds}. Medians, in parentheses the least and the most of the rounds. "
            f"Ratios above 1: Neo is better. Packages: {packages}.")
    if bench.get("quick"):
        text = "**These figures are of a quick run, to see that it works; they mean nothing.** " + text
    missing = {name: why for content in bench["areas"].values() for name, why in content["missing"].items()}
    return textwrap.fill(text + "".join(f" Not measured: {name} ({why})." for name, why in missing.items()), 140, break_long_words=False, break_on_hyphens=False)


def lines_of(figures, area, measure, names):
    """Series for a chart; the limit is grey and dotted."""
    order = {name: n for n, name in enumerate(["neo", "haproxy", "nginx", "kernel", "nat", "ip -batch", "ip in a loop", "ss"])}
    colours = {"neo": 0, "haproxy": 1, "nginx": 2, "kernel": 1, "nat": 1, "ip -batch": 1, "ip in a loop": 2, "ss": 1}
    found = []
    for name in sorted(names, key=lambda name: order.get(name, 99)):
        points = [point for point in figures.curve(area, measure, name) if point[1] > 0]
        if points:
            limit = name in ("direct", "sum", "floor")
            found.append(chart.Series(TITLES[name], chart.GREY if limit else colours[name], points, "limit" if limit else ""))
    return found


LINE_CHARTS = {
    "bench-racer-messages": ("One message among many open connections", "racer", "messages of 1 KiB, p50 us", "us", "open connections",
                             "1 KiB there and back, each time on another connection, p50", True),
    "bench-racer-memory": ("Memory for each open connection", "racer", "memory, KiB for each", "KiB", "open connections", "proportional set size of the process", True),
    "bench-paths": ("One download over many paths", "paths", "grow, rate, Mbit/s", "Mbit/s", "paths of 5 Mbit/s each",
                    "20 ms round trip, cubic, receive window up to 32 MiB", True),
    "bench-relay-new": ("A new connection at a relay", "relay", "new connection, us", "us", "relays on the host", "the SYN of a join for the last of them", True),
    "bench-relay-load": ("Loading the rules of all relays", "relay", "load, ms", "ms", "relays on the host", "neo-relay reload --all, iptables-restore", True),
    "bench-startup": ("From leases to rules and MPTCP endpoints", "startup", "first, ms", "ms", "paths", "a hook's whole run, where all is to be done", True),
    "bench-status": ("A look at all connections", "status", "status, ms", "ms", "connections of two subflows each", "neo status without rates; ss -ti and ss -Mi", True),
}


def rate_bars(figures):
    groups = []
    for label, measure in (("One stream, down", "1 stream down, GiB/s"), ("One stream, up", "1 stream up, GiB/s"),
                           ("8 streams, down", "8 streams down, GiB/s"), ("8 streams, up", "8 streams up, GiB/s")):
        bars = [(TITLES[name], 0 if name == "neo" else chart.GREY if name == "direct" else 1, *spread)
                for name in ("direct", "neo", *FORWARDERS) if (spread := figures.spread("racer", measure, name))]
        if bars:
            groups.append((label, bars))
    return groups


def charts(figures):
    """NAME -> SVG."""
    found = {}
    rounds = {area: content["rounds"] for area, content in figures.bench["areas"].items()}
    noise = "bands: least to most of the rounds"
    for name, (title, area, measure, unit, x_name, subtitle, log_y) in LINE_CHARTS.items():
        names = next(row[4] for row in GROWTH if row[0] == area and row[2] == measure)
        series = [one for one in lines_of(figures, area, measure, names) if len(one.points) > 1]
        if series:
            found[name] = chart.line_chart(title, f"{subtitle}; {noise}", x_name, unit, series, log_y)
    if groups := rate_bars(figures):
        found["bench-racer"] = chart.bar_chart("Forwarding on loopback", f"medians; whiskers: least to most of the rounds ({rounds['racer']})", "GiB/s", groups)
    return found


def fill(text, blocks):
    """Puts each block between its markers: <!-- bench NAME --> ... <!-- /bench -->, in one line or in many."""
    def replace(match):
        name, content = match[2], blocks.get(match[2])
        if content is None:
            return match[0]
        around = "\n" if "\n" in match[3] else ""
        return f"{match[1]}{around}{content}{around}{match[4]}"

    return re.sub(r"(<!-- bench (\S+) -->)(.*?)(<!-- /bench -->)", replace, text, flags=re.S)
