#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The race: who wins, what losers cost, what is logged. usage: test-race.py NEO-RACER [TEST...]"""
import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import time

import harness
from harness import DEADLINE, Racer, Server, connect, echo, receive_all, run_tests, sender, wait_for, who

SILENT = "192.0.2.1:9"
REFUSING = "127.0.0.1:9"


def is_refused():
    """Whether a new client is reset; the reset may come before connect() has returned."""
    try:
        with connect() as client:
            client.recv(1)
    except ConnectionResetError:
        return True
    return False


def tcp_sockets(*states):
    """The lines of ss(8) for these states."""
    arguments = [word for state in states for word in ("state", state)]
    return subprocess.run(["ss", "-Htn", *arguments], check=True, capture_output=True, text=True).stdout


class FullQueue:
    """A listener whose accept queue is full: SYNs get no answer."""

    def __init__(self, port):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", port))
        self.socket.listen(0)
        self.fillers = []
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            self.fillers.append(filler)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for filler in [*self.fillers, self.socket]:
            filler.close()


def test_dead_endpoints():
    """endpoints that refuse, are silent or have a full queue cost the live one nothing"""
    with Server(2000, sender(b"live"), mptcp=True), FullQueue(2001), \
            Racer(f"Endpoints={SILENT} {REFUSING} 127.0.0.1:2001 127.0.0.1:2000"):
        who()
        start = time.monotonic()
        for _ in range(20):
            assert who() == "live"
        assert time.monotonic() - start < 0.9, "slower than one retransmitted SYN"


def test_slow_endpoint():
    """an endpoint that is slow to answer loses"""
    subprocess.run(["nft", "add rule inet t out tcp dport 2001 tcp flags == syn limit rate 1/hour burst 1 packets drop"], check=True)
    with Server(2000, sender(b"fast")), Server(2001, sender(b"slow")), Racer("Endpoints=127.0.0.1:2001 127.0.0.1:2000"):
        assert who() == "fast"


@contextlib.contextmanager
def silent(port):
    """SYNs to the port get lost."""
    rule = f"inet t port{port}"
    subprocess.run(["nft", f"add chain {rule} {{ type filter hook output priority 1; }};"
                    f"add rule {rule} tcp dport {port} tcp flags == syn drop"], check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", f"flush chain {rule}; delete chain {rule}"], check=True)


@contextlib.contextmanager
def stopped(process):
    """The process does nothing meanwhile."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def test_losers_are_closed():
    """losers that were established are closed: their servers see the end, nothing stays half-open"""
    ends = []

    def lose(connection):
        connection.settimeout(DEADLINE)
        try:
            ends.append(connection.recv(1) == b"")
        except ConnectionResetError:
            ends.append(True)

    for mptcp in (False, True):
        with contextlib.ExitStack() as stack:
            for port in (2001, 2002, 2003):
                stack.enter_context(Server(port, lose, mptcp=mptcp))
            with Racer("Endpoints=127.0.0.1:2001 127.0.0.1:2002 127.0.0.1:2003") as racer, contextlib.ExitStack() as pause:
                with contextlib.ExitStack() as silence:
                    for port in (2001, 2002, 2003):  # so that all three are asked before one answers
                        silence.enter_context(silent(port))
                    client = connect()
                    wait_for("SYNs", lambda: all(f":{port}" in tcp_sockets("syn-sent") for port in (2001, 2002, 2003)))
                    pause.enter_context(stopped(racer.process))  # and all answer before one is chosen
                wait_for("answers", lambda: all(f":{port} " in tcp_sockets("established") for port in (2001, 2002, 2003)))
                pause.close()
                with client:
                    wait_for("winner", lambda: " won in " in racer.log())
                    wait_for("two losers gone", lambda: len(ends) == 2 and all(ends))
                    client.sendall(b"x")
                wait_for("the winner gone", lambda: len(ends) == 3)
            ends.clear()
        wait_for("no socket of the servers", lambda: not any(
            f":{port} " in tcp_sockets("syn-sent", "syn-recv", "established", "close-wait") for port in (2001, 2002, 2003)))


def test_all_dead():
    """when all fail the client is reset at once, and one line of the log says why, for each"""
    with Racer(f"Endpoints={REFUSING} [::1]:9", "Mptcp=no") as racer:
        start = time.monotonic()
        assert is_refused()
        assert time.monotonic() - start < 0.5
        line = wait_for("log", lambda: [line for line in racer.log().splitlines() if "no endpoint" in line])
        assert line == ["neo-racer: no endpoint could be reached: 127.0.0.1:9: Connection refused; [::1]:9: Connection refused"], line
        wait_for("status", lambda: racer.notify.status() == f"0 open; won: {REFUSING} 0, [::1]:9 0; failed 1")


def test_connect_timeout():
    """ConnectTimeout= ends a race against silence"""
    with Racer(f"Endpoints={SILENT}", "ConnectTimeout=300ms") as racer:
        start = time.monotonic()
        assert is_refused()
        assert 0.25 < time.monotonic() - start < 1.5
        assert f"{SILENT}: Connection timed out" in racer.log()


def test_client_gives_up():
    """a client that resets while the race runs ends it"""
    with Racer(f"Endpoints={SILENT}", "ConnectTimeout=1h") as racer:
        client = connect()
        wait_for("SYN", lambda: "192.0.2.1:9" in tcp_sockets("syn-sent"))
        harness.abort(client)
        wait_for("no SYN", lambda: not tcp_sockets("syn-sent"))
        wait_for("status", lambda: racer.notify.status().startswith("0 open"))


def test_first_bytes_wait():
    """what the client sends, and its end, before there is a winner is not lost"""
    subprocess.run(["nft", "add set inet t held { type inet_service; elements = { 2004 }; };"
                    "insert rule inet t out tcp dport @held drop"], check=True)
    with Server(2004, echo), Racer("Endpoints=127.0.0.1:2004", "Mptcp=no"), connect() as client:
        client.sendall(b"early")
        client.shutdown(socket.SHUT_WR)
        wait_for("SYN", lambda: ":2004" in tcp_sockets("syn-sent"))
        subprocess.run(["nft", "delete element inet t held { 2004 }"], check=True)
        assert receive_all(client) == b"early"


def timed_who():
    start = time.monotonic()
    return who(), time.monotonic() - start


def test_remember():
    """Remember= asks the last winner alone, the others when it is late or refuses, and all again when the time is over"""
    names = {2000: "a", 2001: "b"}
    with Server(2000, sender(b"a")) as a, Server(2001, sender(b"b")) as b, \
            Racer("Endpoints=127.0.0.1:2000 127.0.0.1:2001", "Remember=2s", "Mptcp=no") as racer:
        first, other, port = (a, b, 2000) if who() == "a" else (b, a, 2001)
        before = other.accepted
        slow = 0
        for _ in range(10):
            name, seconds = timed_who()
            slow += seconds > 0.004
            assert name == names[port] or seconds > 0.004
        assert slow or first.accepted == 11
        assert other.accepted - before <= slow, "the loser was asked"
        port, other = (2000, b) if racer.log().splitlines()[-1].startswith("neo-racer: 127.0.0.1:2000") else (2001, a)
        with silent(port):
            name, seconds = timed_who()
            assert name != names[port] and seconds < 0.3, f"{name} after {seconds} s"
            assert timed_who()[1] < 0.3
        def whole_race():
            with silent(2000), silent(2001), connect():
                wait_for("SYN", lambda: tcp_sockets("syn-sent"))
                return all(f":{asked}" in tcp_sockets("syn-sent") for asked in (2000, 2001))
        wait_for("a whole race after 2 s", whole_race)
        who()
        winner, loser = (a, b) if racer.log().splitlines()[-1].startswith("neo-racer: 127.0.0.1:2000") else (b, a)
        winner.__exit__()
        assert who() == names[2001 if winner is a else 2000] and loser.accepted


def test_staggered():
    """Race=staggered asks one after the other, the next after 250 ms or at once when one fails, known ones first"""
    with Server(2000, sender(b"a")) as a, Server(2001, sender(b"b")) as b, \
            Racer(f"Endpoints={REFUSING} 127.0.0.1:2000 127.0.0.1:2001", "Race=staggered", "Mptcp=no"):
        name, seconds = timed_who()
        assert name == "a" and seconds < 0.2, "a refusal starts the next at once"
        assert b.accepted == 0, "the one after the winner was asked"
        with silent(2000):
            name, seconds = timed_who()
            assert name == "b" and 0.2 < seconds < 0.9, f"{name} after {seconds} s"
        assert a.accepted == 1
    with Server(2000, sender(b"a")), Racer(f"Endpoints={SILENT} 127.0.0.1:2000", "Race=staggered", "Mptcp=no"):
        assert 0.2 < timed_who()[1] < 0.9
        assert timed_who()[1] < 0.2, "the one that is known to answer comes first"
    with Server(2000, sender(b"a")), \
            Racer(f"Endpoints={SILENT} {REFUSING} [::1]:9 127.0.0.1:2000", "Race=staggered", "Mptcp=no"):
        assert 0.2 < timed_who()[1] < 0.45, "refusals cost no delay beside one that is silent"


def tell_peer(connection):
    connection.sendall(connection.getpeername()[0].encode())


def test_bind():
    """Bind= sets the source address of its family; one that is not there fails and is told of"""
    for mptcp in ("no", "yes"):
        with Server(2000, tell_peer, mptcp=True), Server(2001, tell_peer, address="::1"), \
                Racer("Endpoints=127.0.0.1:2000", "Bind=127.0.0.7 ::1", f"Mptcp={mptcp}") as racer:
            assert who() == "127.0.0.7"
            racer.reload("Endpoints=[::1]:2001", "Bind=127.0.0.7", f"Mptcp={mptcp}")
            assert who() == "::1"
            racer.reload("Endpoints=127.0.0.1:2000", "Bind=203.0.113.1", f"Mptcp={mptcp}")
            assert is_refused()
            assert "127.0.0.1:2000: Cannot assign requested address" in racer.log()


def test_mptcp():
    """Mptcp=yes speaks MPTCP where the server does, and TCP where it does not; the log says which"""
    with Server(2000, sender(b"m"), mptcp=True), Racer("Endpoints=127.0.0.1:2000") as racer:
        assert who() == "m"
        assert "127.0.0.1:2000 won in" in racer.log() and "(MPTCP)" in racer.log()
    with Server(2000, sender(b"t")), Racer("Endpoints=127.0.0.1:2000") as racer:
        assert who() == "t"
        assert "(TCP)" in racer.log()
    with Server(2000, sender(b"m"), mptcp=True), Racer("Endpoints=127.0.0.1:2000", "Mptcp=no") as racer:
        assert who() == "m"
        assert "(TCP)" in racer.log()


def test_mptcp_require():
    """Mptcp=require refuses a server without MPTCP and takes the next"""
    with Server(2000, sender(b"t")), Racer("Endpoints=127.0.0.1:2000", "Mptcp=require") as racer:
        assert is_refused()
        assert "127.0.0.1:2000: answers without MPTCP" in racer.log()
    with Server(2000, sender(b"t")), Server(2001, sender(b"m"), mptcp=True), Racer("Endpoints=127.0.0.1:2000 127.0.0.1:2001", "Mptcp=require"):
        for _ in range(20):
            assert who() == "m"


def test_no_mptcp_in_kernel():
    """net.mptcp.enabled=0: Mptcp=yes goes on with TCP, require does not"""
    subprocess.run(["sysctl", "-qw", "net.mptcp.enabled=0"], check=True)
    try:
        with Server(2000, sender(b"t")), Racer("Endpoints=127.0.0.1:2000"):
            assert who() == "t"
        with Server(2000, sender(b"t")), Racer("Endpoints=127.0.0.1:2000", "Mptcp=require") as racer:
            assert is_refused()
            assert "127.0.0.1:2000: " in racer.log()
    finally:
        subprocess.run(["sysctl", "-qw", "net.mptcp.enabled=1"], check=True)


@contextlib.contextmanager
def name_service(hosts):
    """Answers names from a file only, in this mount namespace."""
    paths = {"/etc/hosts": hosts, "/etc/nsswitch.conf": "hosts: files\n"}
    for target, text in paths.items():
        path = os.path.join(harness.DIRECTORY, os.path.basename(target))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run(["mount", "--bind", path, target], check=True)
    try:
        yield os.path.join(harness.DIRECTORY, "hosts")
    finally:
        for target in paths:
            subprocess.run(["umount", target], check=True)


def test_names():
    """all addresses of a name race; a name without an address costs the others nothing and is told of"""
    with name_service("127.0.0.1 px.example\n::1 px.example\n"):
        with Server(2000, sender(b"six"), address="::1"), Racer("Endpoints=px.example:2000 missing.example:2000"):
            assert who() == "six"
        with Racer("Endpoints=px.example:2000 missing.example:2000", "Mptcp=no") as racer:
            assert is_refused()
            text = racer.log()
            assert text.count("px.example:2000: Connection refused") == 2 and "; missing.example:2000: " in text, text


def test_name_comes_later():
    """a name that does not resolve at start is taken up when it does"""
    with name_service("127.0.0.1 localhost\n") as hosts:
        with Server(2000, sender(b"late")), Racer("Endpoints=late.example:2000") as racer:
            assert is_refused()
            with open(hosts, "w", encoding="utf-8") as file:
                file.write("127.0.0.1 late.example\n")
            def served():
                with contextlib.suppress(ConnectionResetError):
                    return who() == "late"
                return False
            wait_for("the name", served)
            assert "late.example:2000 won" in racer.log()


class NameServer:
    """A DNS server in the namespace, with these lines in its file, and the system's resolver told to ask it."""

    def __init__(self, *lines):
        self.directory = tempfile.mkdtemp(dir=harness.DIRECTORY)
        self.resolv = os.path.join(self.directory, "resolv.conf")
        self.nsswitch = os.path.join(self.directory, "nsswitch.conf")
        for path, text in ((self.resolv, "nameserver 127.0.0.1\noptions timeout:1\n"), (self.nsswitch, "hosts: dns\n")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        subprocess.run(["mount", "--bind", self.resolv, "/etc/resolv.conf"], check=True)
        subprocess.run(["mount", "--bind", self.nsswitch, "/etc/nsswitch.conf"], check=True)
        self.process = None
        self.serve(*lines)

    def serve(self, *lines):
        """Answers with these from now on."""
        self.stop()
        config = os.path.join(self.directory, "dnsmasq.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write("\n".join(["no-resolv", "no-hosts", "no-daemon", "port=53", "listen-address=127.0.0.1", "bind-interfaces", "user=root",
                                  "local=/example/", *lines]) + "\n")
        self.process = subprocess.Popen(["dnsmasq", f"--conf-file={config}", "--pid-file="], stderr=subprocess.DEVNULL)
        wait_for("the name server", lambda: ":53 " in subprocess.run(["ss", "-Hltn"], check=True, capture_output=True, text=True).stdout)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        subprocess.run(["umount", "/etc/resolv.conf"], check=True)
        subprocess.run(["umount", "/etc/nsswitch.conf"], check=True)


SERVICE = "srv:_proxy._tcp.example"
HOSTS = ("address=/a.example/127.0.0.1", "address=/b.example/127.0.0.2")


def who_or_reset():
    try:
        return who()
    except ConnectionResetError:
        return None


def test_srv():
    """SRV records give endpoints; those of a higher priority are asked only when the others fail; a change is taken up while running"""
    with NameServer(*HOSTS, "srv-host=_proxy._tcp.example,a.example,2000,10,1", "srv-host=_proxy._tcp.example,b.example,2000,20,1") as names, \
            Server(2000, sender(b"b"), address="127.0.0.2") as b, Racer(f"Endpoints={SERVICE}", "Refresh=1s", "Mptcp=no") as racer:
        with Server(2000, sender(b"a")):
            wait_for("all names", lambda: who() == "a")
            slow = b.accepted
            for _ in range(10):
                name, seconds = timed_who()
                slow += seconds > 0.2
                assert name == "a" or seconds > 0.2
            assert b.accepted <= slow, "the one of the higher priority was asked"
            assert "a.example:2000 won in" in racer.log()
            wait_for("status", lambda: f"won: {SERVICE} 1" in racer.notify.status())
        assert who() == "b"
        names.serve("address=/c.example/127.0.0.3", "srv-host=_proxy._tcp.example,c.example,2002,10,1")
        with Server(2002, sender(b"c"), address="127.0.0.3"):
            wait_for("the new record", lambda: who_or_reset() == "c")
            names.serve("local=/other/")
            wait_for("a look-up that fails", lambda: who_or_reset() == "c")


def test_srv_silent_priority():
    """endpoints of the next priority are asked after 250 ms when those of the first are silent"""
    with NameServer("address=/a.example/192.0.2.1", HOSTS[1], "srv-host=_proxy._tcp.example,a.example,9,1", "srv-host=_proxy._tcp.example,b.example,2000,2"), \
            Server(2000, sender(b"b"), address="127.0.0.2"), Racer(f"Endpoints={SERVICE}", "Mptcp=no"):
        assert who() == "b"
        name, seconds = timed_who()
        assert name == "b" and seconds < 5


def test_srv_missing():
    """a service without records is told of and costs the others nothing"""
    with NameServer(*HOSTS), Server(2000, sender(b"a")):
        with Racer(f"Endpoints={SERVICE} 127.0.0.1:2000"):
            assert who() == "a"
        with Racer(f"Endpoints={SERVICE} 127.0.0.1:9", "Mptcp=no") as racer:
            assert is_refused()
            assert f"{SERVICE}: " in racer.log()


def test_family():
    """Family= takes the addresses of one family of a name"""
    with NameServer("address=/two.example/127.0.0.1", "address=/two.example/::1"), \
            Server(2000, sender(b"four")), Server(2000, sender(b"six"), address="::1"):
        for family, answer in (("ipv4", "four"), ("ipv6", "six")):
            with Racer("Endpoints=two.example:2000", f"Family={family}", "Mptcp=no"):
                for _ in range(5):
                    assert who() == answer


def test_endpoint_source():
    """ENDPOINT@ADDRESS and ENDPOINT@INTERFACE say where connections of this endpoint come from"""
    subprocess.run(["ip", "link", "add", "path1", "type", "veth", "peer", "name", "far1"], check=True)
    try:
        with Server(2000, tell_peer, mptcp=True), Racer("Endpoints=127.0.0.1:2000@127.0.0.9", "Bind=127.0.0.7") as racer:
            for mptcp in ("no", "yes"):
                racer.reload("Endpoints=127.0.0.1:2000@127.0.0.9", "Bind=127.0.0.7", f"Mptcp={mptcp}")
                assert who() == "127.0.0.9"
                racer.reload("Endpoints=127.0.0.1:2000@lo", f"Mptcp={mptcp}")
                assert who() == "127.0.0.1"
                racer.reload("Endpoints=198.51.100.1:2000@path1 127.0.0.1:9@nothing0", "ConnectTimeout=1s", f"Mptcp={mptcp}")
                assert is_refused()
                assert "127.0.0.1:9@nothing0: No such device" in racer.log()
            racer.reload("Endpoints=127.0.0.1:2000@127.0.0.9 127.0.0.1:2000@127.0.0.8", "Race=staggered")
            assert who() in ("127.0.0.8", "127.0.0.9")
    finally:
        subprocess.run(["ip", "link", "del", "path1"], check=True)


def test_spread():
    """Policy=spread: endpoints near the fastest share new connections, a dead one is left out"""
    with Server(2000, sender(b"a")), Server(2001, sender(b"b")), \
            Racer(f"Endpoints=127.0.0.1:2000 127.0.0.1:2001 {REFUSING} {SILENT}", "Policy=spread", "Mptcp=no"):
        answers = [timed_who() for _ in range(60)]
        seen = [name for name, _ in answers]
        late = any(seconds > 0.004 for _, seconds in answers)  # then it was left out
        assert late or (seen.count("a") > 10 and seen.count("b") > 10), seen
        with silent(2000):
            seen = [timed_who() for _ in range(8)]
            assert all(name == "b" for name, _ in seen), seen


def test_fast_open():
    """FastOpen=yes takes a client's bytes with its SYN"""
    subprocess.run(["sysctl", "-qw", "net.ipv4.tcp_fastopen=3"], check=True)

    def passive():
        text = subprocess.run(["nstat", "-asz", "TcpExtTCPFastOpenPassive"], check=True, capture_output=True, text=True).stdout
        return int(text.splitlines()[-1].split()[1])
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", "FastOpen=yes"):
        before = passive()
        for _ in range(3):
            with socket.socket() as client:
                client.sendto(b"early", socket.MSG_FASTOPEN, ("127.0.0.1", 1080))
                client.settimeout(DEADLINE)
                assert client.recv(5) == b"early"
        assert passive() > before


def trial(*arguments):
    result = subprocess.run([harness.PROGRAM, "--race", *arguments], capture_output=True, text=True, timeout=DEADLINE, check=False)
    return result.returncode, result.stdout, result.stderr


def test_trial():
    """--race connects to each endpoint to the end and tells of each"""
    config = os.path.join(harness.DIRECTORY, "trial.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"[Racer]\nEndpoints=127.0.0.1:2000 127.0.0.1:2001 {REFUSING} {SILENT}\nConnectTimeout=300ms\n")
    with Server(2000, sender(b"m"), mptcp=True), Server(2001, sender(b"t")):
        code, output, errors = trial(f"--config={config}", "--json")
        assert code == 0 and errors == "", errors
        mptcp, tcp, refusing, silent = json.loads(output)
        assert mptcp["endpoint"] == "127.0.0.1:2000" and mptcp["mptcp"] and 0 < mptcp["connect_ms"] < 200
        assert not tcp["mptcp"] and tcp["failure"] is None
        assert [t["winner"] for t in (mptcp, tcp)].count(True) == 1
        assert refusing["failure"] == "Connection refused" and refusing["connect_ms"] is None
        assert silent["failure"] == "Connection timed out" and not silent["winner"]
        code, output, _ = trial("127.0.0.1:2000", REFUSING)
        lines = output.splitlines()
        assert lines[0].split() == ["ENDPOINT", "ADDRESS", "CONNECT", "ms", "MPTCP"], output
        assert lines[1].split()[0::3] == ["127.0.0.1:2000", "yes"] and lines[1].endswith("winner"), output
        assert lines[2].split() == [REFUSING, "127.0.0.1", "-", "-", "Connection", "refused"], output


run_tests([test_dead_endpoints, test_slow_endpoint, test_losers_are_closed, test_all_dead, test_connect_timeout, test_client_gives_up,
           test_first_bytes_wait, test_remember, test_staggered, test_bind,
           test_mptcp, test_mptcp_require, test_no_mptcp_in_kernel, test_names, test_name_comes_later, test_srv, test_srv_silent_priority, test_srv_missing, test_family,
           test_endpoint_source, test_spread, test_fast_open, test_trial])
