# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole chain on a laboratory, and whether it is as it was."""
import concurrent.futures
import json
import os
import re
import subprocess
import tempfile

from faults import GATEWAYS, PATHS, RELAYS, parts
from hosts import HERE, Lab, Trouble, wait

RACER_PORTS = (8443, 18388)

# The proxy's ports, and the SOCKS port of the transfers that go there.
SERVICES = {"443": "1080", "8388": "1081"}
RELAY_ADDRESSES = dict(zip(RELAYS, ("192.0.2.11", "192.0.2.12")))

# What a fault may have changed, and what must come back.
STATE = {
    "gateway": "ip -4 rule | sort; ip mptcp endpoint | grep ' dev neo' | sed 's/ id [0-9]*//' | sort; systemctl is-active neo-racer@8443.socket neo-racer@18388.socket",
    "relay": "{ iptables-save; ip6tables-save; } | grep neo- | sed 's/\\[[0-9:]*\\]//' | sort; systemctl is-active neo-relay@main",
    "proxy": "systemctl is-active neo-netns@main neo-netns@second v2ray shadowsocks-libev-server@main neo-front@main:443; "
             "for n in main second; do ip netns exec neo-$n ip mptcp endpoint | sed 's/ id [0-9]*//' | sort; "
             # A service of Type=simple is active before it listens.
             "ip netns exec neo-$n ss -tlnH | sed 's/.*:\\([0-9]*\\) .*/\\1/' | sort -u; done",
}
ROLES = {"gw": "gateway", "gwn": "gateway", "ra": "relay", "rb": "relay", "px": "proxy"}

# What must be there after the run as it was before it, beside that.
REMAINS = """{ ip -4 rule; ip -6 rule; } | sort
{ ip -4 route show table all; ip -6 route show table all; } | sed 's/ expires [0-9a-z]*//; s/ metric [0-9]*//; s/ pref .*//' | grep -v '^fe80\\|^ff00\\|cache' | sort
ip -br link | sed 's/@.*//; s/ .*//' | sort
ip netns list | sed 's/ .*//' | sort
ip mptcp endpoint show | sed 's/ id [0-9]*//' | sort
ip mptcp limits show
{ iptables-save; ip6tables-save; } | sed '/^#/d; s/ *\\[[0-9:]*\\]//'
find /run/neo ! -type d 2>/dev/null | sort
mount | grep -c . | sed 's/^/mounts: /'
systemctl list-units --failed --plain --no-legend"""

# NAME PROCESSES FILE-DESCRIPTORS PSS-IN-KB, by program and configuration.
PROCESSES = """for p in /proc/[0-9]*; do
  case $(readlink $p/exe) in */lib/neo/*) ;; *) continue ;; esac
  printf '%s 1 %s %s\\n' "$(tr '\\0' ' ' <$p/cmdline | sed 's,[^ ]*/,,g; s/ *$//; s/ /_/g')" $(ls $p/fd | wc -l) $(awk '/^Pss:/ { print $2 }' $p/smaps_rollup)
done | sort"""

BAD_WORDS = "AddressSanitizer|LeakSanitizer|runtime error:|segfault|dumped core|CRITICAL \\*\\*|assertion"


class World:
    LEASE_S = 20

    def __init__(self, name, note):
        self.lab, self.note = Lab(name), note
        self.threads = concurrent.futures.ThreadPoolExecutor(len(ROLES))
        self.work = tempfile.TemporaryDirectory(prefix="neo-chaos.")
        self.policies = {"default": {"lease": self.LEASE_S}}
        self.probe = lambda word: None
        self.dhcp = None

    # --- setting up ---

    def chain(self, *words):
        done = subprocess.run([os.path.join(HERE, "chain"), *words], env={**os.environ, "NEO_LAB": self.lab.tool[-1]}, text=True, capture_output=True)
        if done.returncode != 0:
            raise Trouble(f"chain {' '.join(words)}: {done.stderr.strip()}")

    def dhcp_policy(self, mac, policy):
        """What the DHCP server does to a client; None: nothing special."""
        self.policies[mac] = policy or {}
        new = os.path.join(self.work.name, "new")
        with open(new, "w", encoding="utf-8") as file:
            json.dump(self.policies, file)
        os.rename(new, os.path.join(self.work.name, "policy"))

    def start_dhcp(self):
        """In the place of the laboratory's: one that can be told what to do, and whose leases are short."""
        self.lab.command("break", "dhcp")
        self.dhcp_policy("default", {"lease": self.LEASE_S})
        with open(os.path.join(self.work.name, "dhcp.log"), "w", encoding="utf-8") as log:
            self.dhcp = self.lab.start("campus", os.path.join(HERE, "dhcp-server"), "lan", "198.51.100.1", os.path.join(self.work.name, "policy"), stdout=log, stderr=log)

    def set_up(self):
        self.start_dhcp()
        self.chain("far")
        for host in GATEWAYS:
            self.chain("gateway", host)
            self.chain("addresses", host, "4")
            # Nothing that was established may be lost by a crash.
            for port in RACER_PORTS:
                self.lab.run(host, f"echo CrashSafe=yes >>/etc/neo/racer/{port}.conf; systemctl restart neo-racer@{port}.service")
        for target in PATHS:
            wait(f"an address of {target}", lambda target=target: self.address(*parts(target)), 60)

    def stop(self):
        self.threads.shutdown()
        self.lab.stop()
        if self.dhcp:
            self.dhcp.stdin.close()
            self.dhcp.terminate()
            self.dhcp.wait()
            self.lab.command("heal", "dhcp")
        self.work.cleanup()

    # --- looking ---

    def address(self, host, interface):
        return self.lab.run(host, f"ip -4 -o addr show dev {interface} scope global | sed -n 's/.* inet \\([0-9.]*\\).*/\\1/p' | head -n 1")

    def mac(self, host, interface):
        return self.lab.run(host, f"cat /sys/class/net/{interface}/address")

    def state(self):
        return dict(zip(ROLES, self.threads.map(lambda host: self.lab.run(host, STATE[ROLES[host]], check=False), ROLES)))

    def relayed(self):
        """(address:port of a gateway, address of a relay) of what the relays forward. A relay that has booted again knows nothing of the flows before."""
        flows = set()
        for relay, address in RELAY_ADDRESSES.items():
            for line in self.lab.run(relay, "conntrack -L -p tcp --state ESTABLISHED 2>/dev/null", check=False).splitlines():
                found = re.search(r" src=(\S+) dst=(\S+) sport=(\d+) ", line)
                if found and found[2] == address:
                    flows.add((f"{found[1]}:{found[3]}", address))
        return flows

    def without_relay(self):
        """{(gateway, SOCKS port): (how many connections have no subflow through a relay, how many there are)}"""
        flows, found = self.relayed(), {(host, socks): {} for host in GATEWAYS for socks in SERVICES.values()}
        for host in GATEWAYS:
            for line in self.lab.run(host, "ss -HOtni state established").splitlines():
                local, peer = line.split()[2:4]
                address, _, port = peer.rpartition(":")
                if port in SERVICES and not address.startswith("127."):
                    token = re.search(r" token:\w+\(id:\d+\)/(\w+)", line)
                    connections = found[host, SERVICES[port]]
                    name = token[1] if token else local
                    connections[name] = connections.get(name, False) or (re.sub("%[^:]*", "", local), address) in flows
        return {group: (sum(not relay for relay in connections.values()), len(connections)) for group, connections in found.items()}

    def remains(self):
        return {host: self.lab.run(host, REMAINS, check=False).splitlines() for host in ROLES}

    def processes(self):
        """{host: {name: [processes, file descriptors, kB]}}"""
        found = {}
        for host in ROLES:
            rows = found.setdefault(host, {})
            for line in self.lab.run(host, PROCESSES, check=False).splitlines():
                name, *numbers = line.split()
                if len(numbers) == 3:
                    rows[name] = [a + int(b) for a, b in zip(rows.get(name, [0, 0, 0]), numbers)]
        return found

    def journals(self, since):
        """What the programs of the chain and of the network wrote since a time of the clock."""
        units = "-u 'neo-*' -u v2ray -u 'shadowsocks-libev*' -u NetworkManager -u systemd-networkd"
        return [f"{host}: {line}" for host in ROLES
                for line in self.lab.run(host, f"journalctl -b -o short-unix --no-pager --since=@{since:.0f} {units} | tail -n 40", check=False).splitlines()]

    def complaints(self):
        """Lines of the journals that no fault explains."""
        return [f"{host}: {line}" for host in ROLES
                for line in self.lab.run(host, f"journalctl -b -o cat --no-pager | grep -E '{BAD_WORDS}' | head -n 20", check=False).splitlines()]
