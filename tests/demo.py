#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo: real downloads over the laboratory, with live progress and a table of figures at the end."""
import argparse
import atexit
import hashlib
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

RATE = 20  # Mbit/s for each address, as the lab's campus shaper is told
FILE = "96M.bin"
CUT_FILE = "64M.bin"
ADDRESSES = (1, 2, 4, 8)
RACES = 20
SIDE_BY_SIDE = 4  # with more addresses the gateways take turns: the processors must not be the limit
CUT_AT = 0.5  # part of the file after which a route is cut
RACER = "/usr/lib/neo/neo-racer"
NAMES = {"192.0.2.10": "px", "192.0.2.11": "ra", "192.0.2.12": "rb"}
GATEWAYS = {"gw": "NetworkManager", "gwn": "systemd-networkd"}


class Lab:
    def __init__(self, command, name):
        self.base, self.setup = [command, "--name", name], os.path.join(os.path.dirname(command), "chain")
        self.environment = dict(os.environ, NEO_LAB=name)

    def __call__(self, *args, check=True):
        return self.command(self.base, args, check)

    def chain(self, *args):
        """Sets up a part as the README's role pages do."""
        return self.command([self.setup], args, True)

    def command(self, base, args, check):
        done = subprocess.run(base + list(args), capture_output=True, text=True, env=self.environment)
        if check and done.returncode:
            raise RuntimeError(f"{os.path.basename(base[0])} {' '.join(args)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    def run(self, host, *command, check=True):
        return self("run", host, *command, check=check)

    def popen(self, host, *command):
        return subprocess.Popen(self.base + ["run", host] + list(command), stdout=subprocess.PIPE)


class Progress:
    """One line that is redrawn on a terminal; elsewhere only the results are printed."""

    def __init__(self):
        self.live = sys.stdout.isatty()

    def draw(self, text):
        if self.live:
            sys.stdout.write("\r\033[K" + text[: os.get_terminal_size().columns - 1])
            sys.stdout.flush()

    def done(self, text):
        print(("\r\033[K" if self.live else "") + text, flush=True)


def bar(part, width=24):
    full = max(0, min(width, round(part * width)))
    return "#" * full + "." * (width - full)


class Download(threading.Thread):
    """Fetches a file through the SOCKS port of V2Ray's client on a host; event is (part of the file, what to do then).

    The event has a thread of its own: what it takes is no stall of the download.
    """

    def __init__(self, lab, host, file, size, event=None):
        super().__init__(daemon=True)
        self.lab, self.host, self.file, self.size, self.event = lab, host, file, size, event
        self.got, self.stall, self.event_at, self.failure = 0, 0.0, None, None
        self.striker = threading.Thread(target=self.strike, daemon=True)
        self.digest, self.start_time, self.seconds = hashlib.sha256(), time.monotonic(), None
        self.start()

    def rate(self):
        return self.got * 8e-6 / ((self.seconds or time.monotonic() - self.start_time) or 1e-9)

    def run(self):
        try:
            self.fetch()
        except (RuntimeError, OSError) as problem:
            self.failure = problem

    def fetch(self):
        process = self.lab.popen(self.host, "curl", "-sS", "--fail", "--max-time", "150", "--socks5-hostname", "127.0.0.1:1080",
                                 "-o", "-", f"http://web.lab/{self.file}")
        last = None
        while chunk := os.read(process.stdout.fileno(), 1 << 18):
            now = time.monotonic()
            self.stall = max(self.stall, now - last) if last else 0.0
            last = now
            self.digest.update(chunk)
            self.got += len(chunk)
            if self.event and self.event_at is None and self.got >= self.size * self.event[0]:
                self.event_at = now - self.start_time
                self.striker.start()
        self.seconds = time.monotonic() - self.start_time
        if self.event_at is not None:
            self.striker.join()
        if process.wait():
            raise RuntimeError(f"{self.host}: the download failed after {self.got} bytes")

    def strike(self):
        try:
            self.event[1]()
        except RuntimeError as problem:
            self.failure = problem

    def result(self, checksum):
        if self.failure:
            raise self.failure
        return {"mbit_per_s": round(self.rate(), 2), "seconds": round(self.seconds, 2), "bytes": self.got,
                "longest_stall_ms": round(self.stall * 1e3), "checksum_equal": self.digest.hexdigest() == checksum}


def watch(progress, label, downloads):
    """Draws the downloads until all have ended."""
    while any(d.is_alive() for d in downloads):
        progress.draw(f"  {label}  " + "  ".join(f"{d.host:3} [{bar(d.got / d.size, 16)}] {d.rate():6.1f} Mbit/s" for d in downloads))
        time.sleep(0.1)


def plural(count):
    return f"{count} address" + ("es" if count > 1 else "  ")


def speeds(lab, hosts, progress, size, checksum):
    """One download for each number of addresses; the gateways share no address, so the slow ones run side by side."""
    rows = {host: [] for host in hosts}
    for count in ADDRESSES:
        for group in [hosts] if count <= SIDE_BY_SIDE else [[host] for host in hosts]:
            for host in group:
                lab.chain("addresses", host, str(count))
            seen = {}
            downloads = [Download(lab, host, FILE, size, (0.5, lambda host=host: seen.update({host: subflows(lab, host)}))) for host in group]
            watch(progress, plural(count), downloads)
            for d in downloads:
                row = {"addresses": count, **d.result(checksum), "subflows": seen[d.host]}
                row["times_one"] = round(row["mbit_per_s"] / (rows[d.host] or [row])[0]["mbit_per_s"], 2)
                rows[d.host].append(row)
                progress.done(f"  {GATEWAYS[d.host]:16} {plural(count)} {row['mbit_per_s']:7.1f} Mbit/s {row['times_one']:5.2f} x  "
                              f"[{bar(row['mbit_per_s'] / (RATE * ADDRESSES[-1]))}]  checksum {same(row)}; subflows: {describe(seen[d.host])}")
    return rows


def same(row):
    return "equal" if row["checksum_equal"] else "DIFFERENT"


def subflows(lab, host):
    """Pairs of local address and name of the far end, as ss shows them now."""
    lines = lab.run(host, "ss", "-Htn", "state", "established", "dport", "=", ":443", check=False).splitlines()
    pairs = [re.findall(r"([0-9.]+)(?:%\w+)?:\d+", line) for line in lines]
    return sorted((local, NAMES.get(far, far)) for local, far in pairs)


def describe(pairs):
    ends = [far for _, far in pairs]
    return f"{len({local for local, _ in pairs})} addresses, " + ", ".join(f"{ends.count(end)} to {end}" for end in sorted(set(ends)))


CUTS = {"relay": ("relay ra is cut off", ("host", "ra")), "route": ("the direct route is cut off", ("route", "px"))}


class Picture:
    """What goes through each path of a host, drawn by neo plot into a file of this machine."""

    def __init__(self, lab, host, title, path):
        self.lab, self.host, self.title, self.path = lab, host, title, path

    def __enter__(self):
        self.lab.run(self.host, "systemd-run", "--quiet", "--collect", "--unit=neo-plot", "--property=StandardOutput=truncate:/run/neo-plot.svg",
                     "neo", "plot", "600", "--title=" + self.title)
        return self

    def __exit__(self, *_):
        # It ends early and draws what it has seen.
        self.lab.run(self.host, "systemctl", "stop", "neo-plot.service", check=False)
        with open(self.path, "w") as svg:
            svg.write(self.lab.run(self.host, "cat", "/run/neo-plot.svg", check=False) + "\n")


def cut(lab, host, kind, progress, size, checksum, build):
    """One download over 4 addresses while something is cut off in silence."""
    label, fault = CUTS[kind]
    picture = Picture(lab, host, f"A download over 4 addresses ({GATEWAYS[host]}): {label}", os.path.join(build, f"{host}-{kind}.svg"))
    lab.chain("addresses", host, "4")
    seen = []

    def strike():
        seen.extend(subflows(lab, host))
        lab("break", *fault)

    try:
        with picture:
            download = Download(lab, host, CUT_FILE, size, (CUT_AT, strike))
            watch(progress, label, [download])
    finally:
        lab("heal", *fault)
    row = {**download.result(checksum), "cut_after_s": round(download.event_at, 2), "subflows_at_cut": seen}
    progress.done(f"  {GATEWAYS[host]:16} {label} after {row['cut_after_s']} s (subflows: {describe(seen)}): "
                  f"longest stall {row['longest_stall_ms']} ms, {row['mbit_per_s']} Mbit/s, checksum {same(row)}; drawn in {picture.path}")
    return row


def wins(lab, host):
    """Connections won so far by each endpoint, as the racer's status line counts them."""
    status = lab.run(host, "systemctl", "show", "-P", "StatusText", "neo-racer@8443.service")
    return {NAMES[address]: int(n) for address, n in re.findall(r"([0-9.]+):443 (\d+)", status) if address in NAMES}


def race(lab, host, progress):
    """RACES connections through the racer, and as many races that ask each endpoint to the end."""
    before, times = wins(lab, host), {}
    for n in range(RACES):
        lab.run(host, "curl", "-sS", "--fail", "--socks5-hostname", "127.0.0.1:1080", "-o", "/dev/null", f"http://web.lab/{FILE}.sha256")
        for endpoint in json.loads(lab.run(host, RACER, "--race", "--json", "--config=/etc/neo/racer/8443.conf")):
            if endpoint["connect_ms"] is not None:
                times.setdefault(NAMES[endpoint["address"]], []).append(endpoint["connect_ms"])
        progress.draw(f"  connection {n + 1} of {RACES}")
    after = wins(lab, host)
    for _ in range(50):  # the status line is written a moment later
        if sum(after.values()) >= sum(before.values()) + RACES:
            break
        time.sleep(0.1)
        after = wins(lab, host)
    rows = [{"endpoint": name, "wins": after[name] - before[name], "connect_ms_median": round(statistics.median(t), 1)} for name, t in times.items()]
    rows.sort(key=lambda row: row["connect_ms_median"])
    for row in rows:
        progress.done(f"  {GATEWAYS[host]:16} {row['endpoint']:6} {row['connect_ms_median']:7.1f} ms   won {row['wins']:2} of {RACES}")
    return rows


def joins(lab):
    """Joins that the proxy's namespace accepted, and how many of its connections' subflows came through each relay."""
    counters = lab.run("px", "ip", "netns", "exec", "neo-main", "nstat", "-asz", "MPTcpExtMPJoinAckRx").split()
    return int(counters[counters.index("MPTcpExtMPJoinAckRx") + 1])


def table(results):
    print("\n" + "=" * 78)
    print(f"One download of {FILE} through V2Ray, {RATE} Mbit/s for each address\n")
    print(f"  {'gateway':18} {'addresses':>9} {'Mbit/s':>8} {'times one':>10}")
    for host, result in results.items():
        for row in result["speeds"]:
            print(f"  {GATEWAYS[host]:18} {row['addresses']:9} {row['mbit_per_s']:8.1f} {row['times_one']:9.2f}x  "
                  f"[{bar(row['mbit_per_s'] / (RATE * ADDRESSES[-1]))}]")
    print()
    for host, result in results.items():
        for kind, row in result["cuts"].items():
            print(f"  {GATEWAYS[host]:18} {kind} cut in mid-download: longest stall {row['longest_stall_ms']:4} ms, checksum {same(row)}")
    print()
    for host, result in results.items():
        first = result["races"][0]
        print(f"  {GATEWAYS[host]:18} fastest endpoint {first['endpoint']} won {first['wins']} of {RACES} races "
              f"({', '.join(str(round(r['connect_ms_median'], 1)) + ' ms ' + r['endpoint'] for r in result['races'])})")
    print("=" * 78)


def main():
    parser = argparse.ArgumentParser(prog="tests/demo")
    for option in ("--lab", "--build", "--root"):
        parser.add_argument(option, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE too")
    parser.add_argument("--only", choices=GATEWAYS, help="one gateway alone")
    args = parser.parse_args()
    hosts = [args.only] if args.only else list(GATEWAYS)
    lab, progress = Lab(args.lab, f"demo{os.getpid()}"), Progress()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    print("Booting the hosts ...", flush=True)
    start = time.monotonic()
    # The lab is tied to this process: however it ends, the lab goes with it.
    atexit.register(lambda: lab("down", check=False))
    lab("up", "--owner", str(os.getpid()), "--root", args.root, "--build", args.build, "--rate", str(RATE),
        "--hosts", " ".join(hosts + ["ra", "rb", "px", "web"]))
    lab.chain("far")
    checksum = lab.run("web", "cat", f"/srv/files/{FILE}.sha256").split()[0]
    size = int(lab.run("web", "stat", "-Lc", "%s", f"/srv/files/{FILE}"))
    print(f"Booted and set up in {time.monotonic() - start:.1f} s", flush=True)

    for host in hosts:
        lab.chain("gateway", host)
    print(f"\nOne download of {FILE} through V2Ray, {RATE} Mbit/s for each address:", flush=True)
    rows = speeds(lab, hosts, progress, size, checksum)
    results = {host: {"manager": GATEWAYS[host], "speeds": rows[host]} for host in hosts}
    print("\nOver 4 addresses, while a route is cut off in silence:", flush=True)
    shorter = int(lab.run("web", "stat", "-Lc", "%s", f"/srv/files/{CUT_FILE}"))
    cut_checksum = lab.run("web", "cat", f"/srv/files/{CUT_FILE}.sha256").split()[0]
    for host in hosts:
        results[host]["cuts"] = {kind: cut(lab, host, kind, progress, shorter, cut_checksum, args.build) for kind in CUTS}
    print(f"\nThe racer, {RACES} connections each:", flush=True)
    for host in hosts:
        results[host]["races"] = race(lab, host, progress)
    accepted = joins(lab)
    print(f"\nJoins that the proxy host accepted: {accepted}", flush=True)
    table(results)
    if args.json:
        with open(args.json, "w") as out:
            json.dump({"file_bytes": size, "rate_mbit_per_address": RATE, "joins_accepted": accepted, "gateways": results}, out, indent=2)
            out.write("\n")
    return 0 if all(row["checksum_equal"] for r in results.values() for row in r["speeds"] + list(r["cuts"].values())) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as problem:
        sys.exit(f"demo: {problem}")
    except KeyboardInterrupt:
        sys.exit("demo: interrupted")
