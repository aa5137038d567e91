#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo: real downloads over the laboratory, with live progress and a table of figures at the end."""
import argparse
import atexit
import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import time

RATE = 20  # Mbit/s for each address, as the lab's campus shaper is told
FILE = "64M.bin"
ADDRESSES = (1, 2, 4, 8)
RACES = 20
CUT_AT = 0.3  # part of the file after which the relay is cut
GATEWAYS = {"gw": "NetworkManager", "gwn": "systemd-networkd"}


class Lab:
    def __init__(self, command, name):
        self.base = [command, "--name", name]

    def __call__(self, *args, check=True):
        done = subprocess.run(self.base + list(args), capture_output=True, text=True)
        if check and done.returncode:
            raise RuntimeError(f"lab {' '.join(args)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    def run(self, host, *command, check=True):
        return self("run", host, *command, check=check)

    def popen(self, host, *command):
        return subprocess.Popen(self.base + ["run", host] + list(command), stdout=subprocess.PIPE)


class Progress:
    """One line that is redrawn on a terminal, and only said once when finished elsewhere."""

    def __init__(self):
        self.live = sys.stdout.isatty()

    def draw(self, text):
        if self.live:
            sys.stdout.write("\r\033[K" + text)
            sys.stdout.flush()

    def done(self, text):
        print(("\r\033[K" if self.live else "") + text, flush=True)


def bar(part, width=24):
    full = max(0, min(width, round(part * width)))
    return "#" * full + "." * (width - full)


def download(lab, host, label, progress, size, at_part=None):
    """Fetches FILE through the SOCKS port of V2Ray's client on host; at_part is (part of the file, what to do then)."""
    process = lab.popen(host, "curl", "-sS", "--fail", "--socks5-hostname", "127.0.0.1:1080", "-o", "-", f"http://web.lab/{FILE}")
    digest, got, stall = hashlib.sha256(), 0, 0.0
    start = last = time.monotonic()
    first = event = None
    while True:
        select.select([process.stdout], [], [], 60)
        chunk = os.read(process.stdout.fileno(), 1 << 18)
        now = time.monotonic()
        if first is not None:
            stall = max(stall, now - last)
        first = first or now
        last = now
        if not chunk:
            break
        digest.update(chunk)
        got += len(chunk)
        if at_part and event is None and got >= size * at_part[0]:
            at_part[1]()
            event = time.monotonic() - start
            last = time.monotonic()
        progress.draw(f"  {label:34} [{bar(got / size)}] {got * 8e-6 / (now - start):6.1f} Mbit/s")
    if process.wait():
        raise RuntimeError(f"{host}: the download failed after {got} bytes")
    seconds = now - start
    return {"mbit_per_s": round(got * 8e-6 / seconds, 2), "seconds": round(seconds, 2), "bytes": got,
            "sha256": digest.hexdigest(), "longest_stall_ms": round(stall * 1e3), "cut_after_s": event and round(event, 2)}


def prepare(lab, here, host):
    """The role pages of the README, as commands (tests/lab/chain)."""
    subprocess.run([f"{here}/lab/chain", "gateway", host], check=True, env=dict(os.environ, NEO_LAB=lab.base[2]), stdout=subprocess.DEVNULL)


def set_addresses(lab, here, host, count):
    subprocess.run([f"{here}/lab/chain", "addresses", host, str(count)], check=True, env=dict(os.environ, NEO_LAB=lab.base[2]), stdout=subprocess.DEVNULL)


def speeds(lab, here, host, progress, size, checksum):
    rows = []
    for count in ADDRESSES:
        set_addresses(lab, here, host, count)
        row = download(lab, host, f"{count} address{'es' if count > 1 else ''}", progress, size)
        row["addresses"], row["checksum_equal"] = count, row["sha256"] == checksum
        row["times_one"] = round(row["mbit_per_s"] / rows[0]["mbit_per_s"], 2) if rows else 1.0
        progress.done(f"  {count} address{'es' if count > 1 else '  '}  {row['mbit_per_s']:7.1f} Mbit/s  {row['times_one']:5.2f} x  "
                      f"[{bar(row['mbit_per_s'] / (RATE * ADDRESSES[-1]))}]  checksum {'equal' if row['checksum_equal'] else 'DIFFERENT'}")
        rows.append(row)
    return rows


def cut_relay(lab, here, host, progress, size, checksum):
    set_addresses(lab, here, host, 4)
    subflows = {}

    def cut():
        subflows["before"] = lab.run(host, "ss", "-Htn", "state", "established", "dst", "192.0.2.11", check=False).splitlines()
        lab("break", "host", "ra")

    try:
        row = download(lab, host, "4 addresses, relay ra cut off", progress, size, (CUT_AT, cut))
    finally:
        lab("heal", "host", "ra")
    row["relay_subflows_at_cut"] = len(subflows.get("before", []))
    row["checksum_equal"] = row["sha256"] == checksum
    progress.done(f"  relay ra cut off after {row['cut_after_s']} s ({row['relay_subflows_at_cut']} subflows through it): longest stall "
                  f"{row['longest_stall_ms']} ms, {row['mbit_per_s']} Mbit/s, checksum {'equal' if row['checksum_equal'] else 'DIFFERENT'}")
    return row


def race(lab, host, progress):
    wins, times = {}, {}
    for n in range(RACES):
        result = json.loads(lab.run(host, "/usr/lib/neo/neo-racer", "race", "--json", "--config=/etc/neo/racer/8443.conf"))
        for endpoint in result["endpoints"]:
            wins[endpoint["endpoint"]] = wins.get(endpoint["endpoint"], 0) + bool(endpoint["winner"])
            if endpoint.get("connect_ms") is not None:
                times.setdefault(endpoint["endpoint"], []).append(endpoint["connect_ms"])
        progress.draw(f"  race {n + 1} of {RACES}")
    rows = [{"endpoint": name, "wins": wins[name], "connect_ms_median": sorted(t)[len(t) // 2]} for name, t in times.items()]
    rows.sort(key=lambda row: row["connect_ms_median"])
    for row in rows:
        progress.done(f"  {row['endpoint']:24} {row['connect_ms_median']:7.1f} ms  won {row['wins']:2} of {RACES}")
    return rows


def joins(lab):
    """Subflows that px's namespace accepted, in all and by the relay they came through."""
    counter = lab.run("px", "ip", "netns", "exec", "neo-main", "nstat", "-asz", "MPTcpExtMPJoinAckRx", check=False).split()
    return int(counter[counter.index("MPTcpExtMPJoinAckRx") + 1]) if "MPTcpExtMPJoinAckRx" in counter else None


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
        cut = result["relay_cut"]
        print(f"  {GATEWAYS[host]:18} relay cut in mid-download: longest stall {cut['longest_stall_ms']} ms, "
              f"checksum {'equal' if cut['checksum_equal'] else 'DIFFERENT'}")
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
    here = os.path.dirname(os.path.abspath(__file__))
    hosts = [args.only] if args.only else list(GATEWAYS)
    lab, progress = Lab(args.lab, f"demo{os.getpid()}"), Progress()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    print("Booting the hosts ...", flush=True)
    start = time.monotonic()
    # The lab is tied to this process: however it ends, the lab goes with it.
    atexit.register(lambda: lab("down", check=False))
    lab("up", "--owner", str(os.getpid()), "--root", args.root, "--build", args.build, "--rate", str(RATE),
        "--hosts", " ".join(hosts + ["ra", "rb", "px", "web"]))
    subprocess.run([f"{here}/lab/chain", "far"], check=True, env=dict(os.environ, NEO_LAB=lab.base[2]), stdout=subprocess.DEVNULL)
    checksum = lab.run("web", "cat", f"/srv/files/{FILE}.sha256").split()[0]
    size = int(lab.run("web", "stat", "-Lc", "%s", f"/srv/files/{FILE}"))
    print(f"Booted and set up in {time.monotonic() - start:.1f} s", flush=True)

    results = {}
    for host in hosts:
        print(f"\n{host} ({GATEWAYS[host]}): one download of {FILE} through V2Ray", flush=True)
        prepare(lab, here, host)
        result = results[host] = {"manager": GATEWAYS[host], "speeds": speeds(lab, here, host, progress, size, checksum)}
        result["relay_cut"] = cut_relay(lab, here, host, progress, size, checksum)
        result["races"] = race(lab, host, progress)
        result["joins_accepted"] = joins(lab)
    table(results)
    if args.json:
        with open(args.json, "w") as out:
            json.dump({"file_bytes": size, "rate_mbit_per_address": RATE, "gateways": results}, out, indent=2)
            out.write("\n")
    return 0 if all(row["checksum_equal"] for r in results.values() for row in r["speeds"] + [r["relay_cut"]]) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, subprocess.CalledProcessError) as problem:
        sys.exit(f"demo: {problem}")
    except KeyboardInterrupt:
        sys.exit("demo: interrupted")
