# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run has shown: the faults with what the transfers told meanwhile, the table, and what was left behind."""
import collections
import statistics

UNDISTURBED = "(no fault)"
NONE_LEFT = ", no way left"
# What is no leak: by how much the heap of a restarted program may differ; the pipes that a racer keeps (MAX_SPARE of racer/pool.c), and
# a locker of two.
PSS_KB, FDS = 4096, 2 * 16 + 2


class Outcome:
    """One fault, from its first moment until all was as before; what happened to the transfers then belongs to it."""

    def __init__(self, kind, ends, begin, stranded=None):
        """stranded: see Kind.strands. Transfers of a group in which a connection has no way left are counted apart."""
        self.kind, self.ends, self.begin, self.until = kind, ends, begin, None
        self.stalls, self.lost, self.ended, self.wrong = {}, 0, 0, 0
        groups = stranded or {}
        self.alone = {group for group, (without, _) in groups.items() if without}
        self.spares = not groups or len(self.alone) < len(groups)
        self.without = Outcome(kind + NONE_LEFT, ends, begin) if self.alone else None

    def parts(self):
        """Itself, if the fault left somebody a way, and what happened to those that it left none."""
        return [self] * self.spares + [self.without] * bool(self.without)

    def of(self, event):
        name, port = event["id"].split(".")[:2]
        return self.without if (name.partition("-")[0], port) in self.alone else self

    def explains(self, event):
        """Whether a connection that was lost had to be: its service has ended."""
        return bool(self.ends) and event["id"].split(".")[1] == self.ends

    def take(self, event):
        if event["what"] == "stall":
            self.stalls[event["id"]] = max(self.stalls.get(event["id"], 0), event["s"])
        elif event["what"] == "wrong":
            self.wrong += event["bytes"]
        elif event["what"] == "lost":
            if self.explains(event):
                self.ended += 1
            else:
                self.lost += 1

    def longest(self):
        return max(self.stalls.values(), default=0)


def stranded_text(stranded):
    return "".join(f"; no way left for {without} of {count} connections of {host} by {port}" for (host, port), (without, count) in stranded.items() if without)


def assign(outcomes, events):
    """Gives each event to the fault during which it was, or began; returns what was outside all of them."""
    rest = Outcome(UNDISTURBED, "", 0)
    for event in events:
        if event["what"] not in ("stall", "wrong", "lost") or ".probe" in event["id"]:
            continue
        at = event.get("begin", event["t"])
        inside = [o for o in outcomes if at < o.until and event["t"] >= o.begin]
        (inside[0].of(event) if inside else rest).take(event)
    return rest


def table(outcomes, rest):
    rows = collections.defaultdict(list)
    for outcome in outcomes:
        for part in outcome.parts():
            rows[part.kind].append(part)
    yield f"{'fault':24} {'count':>5} {'stalled':>7} {'median':>8} {'worst':>8} {'lost':>5} {'ended':>5} {'wrong':>5}"
    for kind in sorted(rows) + [UNDISTURBED]:
        these = rows.get(kind, [rest])
        longest = [outcome.longest() * 1000 for outcome in these]
        streams = statistics.median(len(outcome.stalls) for outcome in these)
        yield (f"{kind:24} {len(these):5} {streams:7.0f} {statistics.median(longest):5.0f} ms {max(longest):5.0f} ms "
               f"{sum(o.lost for o in these):5} {sum(o.ended for o in these):5} {sum(o.wrong for o in these):5}")


def missing_bytes(events):
    """Of connections that were opened and not lost: bytes that did not come, and connections that did not come to their end."""
    opened = {e["id"] for e in events if e["what"] == "open" and ".probe" not in e["id"]}
    lost = {e["id"] for e in events if e["what"] == "lost"}
    ends = {e["id"]: e for e in events if e["what"] == "ended"}
    missing, unfinished = 0, []
    for name in sorted(opened - lost):
        for way in (" up", " down"):
            end = ends.get(name + way)
            if end is None:
                unfinished.append(name + way)
            else:
                missing += abs(end["total"] - end["got"])
    return missing, unfinished


def carried(events):
    return sum(e["got"] for e in events if e["what"] == "ended" and ".probe" not in e["id"])


def differences(before, after):
    """Lines that came (+) and went (-), for each host."""
    for host in before:
        old, new = collections.Counter(before[host]), collections.Counter(after[host])
        for line in (new - old).elements():
            yield f"{host}: + {line}"
        for line in (old - new).elements():
            yield f"{host}: - {line}"


def descriptors(found):
    return {(host, name): row[:2] for host, rows in found.items() for name, row in rows.items()}


def processes(before, after):
    """(text, whether that is a leak) for each program."""
    for host, rows in after.items():
        for name, (number, fds, pss) in rows.items():
            old = before.get(host, {}).get(name, [0, 0, 0])
            leak = old[0] > 0 and (number != old[0] or fds > old[1] + FDS or pss > old[2] + PSS_KB)
            yield f"{host} {name}: processes {old[0]} -> {number}, fds {old[1]} -> {fds}, PSS {old[2]} -> {pss} kB", leak
