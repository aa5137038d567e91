#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The racer as a service: sockets, reload, idleness, the end, wrong files. usage: test-service.py NEO-RACER [TEST...]"""
import contextlib
import os
import signal
import socket
import subprocess
import time

import harness
from harness import DEADLINE, Racer, Server, connect, echo, receive_all, refuses, run_tests, sender, wait_for, who

ACTIVATE = ("systemd-socket-activate", "-E", "NOTIFY_SOCKET", "-E", "G_MESSAGES_DEBUG")


@contextlib.contextmanager
def activated(*lines, sockets=("127.0.0.1:1080", "[::1]:1080")):
    """A racer behind systemd-socket-activate, which starts it with the first connection."""
    wrapper = [*ACTIVATE, *[argument for address in sockets for argument in ("-l", address)]]
    with Racer(*lines, listen="", wrapper=wrapper, ready=False) as racer:
        wait_for("the socket", lambda: "Listening on" in racer.log())
        yield racer


def test_activation():
    """sockets from systemd, IPv4 and IPv6, started by the first connection"""
    with Server(2000, sender(b"hello")), activated("Endpoints=127.0.0.1:2000") as racer:
        assert "READY=1" not in racer.notify.read()
        assert who() == "hello"
        with connect(address="::1") as client:
            assert receive_all(client) == b"hello"
        wait_for("READY=1", lambda: "READY=1" in racer.notify.read())


def test_activation_unix():
    """a Unix socket from systemd"""
    path = os.path.join(harness.DIRECTORY, "racer.sock")
    with Server(2000, echo), activated("Endpoints=127.0.0.1:2000", sockets=[path]):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE)
            client.connect(path)
            client.sendall(b"abc")
            client.shutdown(socket.SHUT_WR)
            assert receive_all(client) == b"abc"


def test_exit_when_idle():
    """ends after ExitIdleTime= without a connection, not before"""
    with Server(2000, echo), activated("Endpoints=127.0.0.1:2000", "ExitIdleTime=300ms") as racer:
        with connect() as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"
            try:
                racer.process.wait(2)
                raise AssertionError("ended with an open connection")
            except subprocess.TimeoutExpired:
                pass
            client.sendall(b"y")
            assert client.recv(1) == b"y"
        assert racer.process.wait(DEADLINE) == 0
        wait_for("STOPPING=1", lambda: "STOPPING=1" in racer.notify.read())


def test_drain():
    """SIGTERM: nothing new is accepted, what is open goes on to its end, then it ends with 0"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", "DrainTime=1min") as racer:
        with connect() as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"
            racer.process.send_signal(signal.SIGTERM)
            wait_for("STOPPING=1", lambda: "STOPPING=1" in racer.notify.read())
            assert "Waiting for 1 connections" in racer.notify.status()
            with connect() as late:
                late.sendall(b"late")
                late.settimeout(0.2)
                try:
                    late.recv(1)
                    raise AssertionError("served while stopping")
                except TimeoutError:
                    pass
            client.sendall(b"y")
            assert client.recv(1) == b"y"
            assert racer.process.poll() is None
        assert racer.process.wait(DEADLINE) == 0


def test_drain_time():
    """DrainTime= limits how long SIGTERM waits; systemd is told"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", "DrainTime=500ms") as racer, connect() as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        start = time.monotonic()
        racer.process.send_signal(signal.SIGTERM)
        assert racer.process.wait(DEADLINE) == 0
        assert time.monotonic() - start > 0.4
        wait_for("the time for it", lambda: "EXTEND_TIMEOUT_USEC=5500000" in racer.notify.read())


def test_second_signal():
    """a second SIGTERM resets what is open"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", "DrainTime=1min") as racer, connect() as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        racer.process.send_signal(signal.SIGTERM)
        wait_for("STOPPING=1", lambda: "STOPPING=1" in racer.notify.read())
        racer.process.send_signal(signal.SIGTERM)
        assert racer.process.wait(DEADLINE) == 0
        try:
            client.recv(1)
            raise AssertionError("no reset")
        except ConnectionResetError:
            pass


def test_reload():
    """SIGHUP takes new endpoints for new connections and leaves the open ones alone"""
    with Server(2000, echo), Server(2001, sender(b"new")), Racer("Endpoints=127.0.0.1:2000") as racer, connect() as client:
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        racer.reload("Endpoints=127.0.0.1:2001")
        lines = racer.notify.read()
        assert "RELOADING=1" in lines and any(line.startswith("MONOTONIC_USEC=") for line in lines)
        assert who() == "new"
        client.sendall(b"y")
        assert client.recv(1) == b"y"
        assert "127.0.0.1:2001" in racer.notify.status()


def test_reload_of_wrong_file():
    """SIGHUP with a wrong file: told of, and the old settings stay"""
    with Server(2000, sender(b"old")), Racer("Endpoints=127.0.0.1:2000") as racer:
        racer.reload("Endpoints=127.0.0.1:2001", "Nonsense=1")
        assert f"{racer.config}:4: Nonsense: unknown key" in racer.log()
        assert who() == "old"


def start_wrong(*lines, arguments=None):
    config = os.path.join(harness.DIRECTORY, "wrong.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    result = subprocess.run([harness.PROGRAM, *(arguments or [f"--config={config}"])],
                            capture_output=True, text=True, timeout=DEADLINE, check=False)
    return result.returncode, result.stderr.replace(f"neo-racer: {config}", "FILE")


WRONG = [
    (["[Racer]"], ["FILE: Endpoints: missing;"]),
    (["[Racer]", "Endpoints="], ["FILE:2: Endpoints: no value;"]),
    (["[Racer]", "Endpoints=,"], ["FILE:2: Endpoints: no endpoint;"]),
    (["[Other]", "Endpoints=127.0.0.1:1"], ['FILE:1: section: unknown "Other"']),
    (["[Racer]", "Endpoints=127.0.0.1:1 127.0.0.1", "Mptcp=maybe"],
     ['FILE:2: Endpoints: no port in "127.0.0.1"', 'FILE:3: Mptcp: unknown value "maybe"; expected one of no, yes, require']),
    (["[Racer]", "Endpoints=127.0.0.1:0"], ['FILE:2: Endpoints: no port from 1 to 65535 in "127.0.0.1:0"']),
    (["[Racer]", "Endpoints=127.0.0.1:1 \\", "  127.0.0.1:1"], ['FILE:2: Endpoints: given twice: "127.0.0.1:1"']),
    (["[Racer]", "Endpoints=0.0.0.0:1"], ['FILE:2: Endpoints: no address of a host: "0.0.0.0:1"']),
    (["[Racer]", "Endpoints=127.0.0.1:1", "ConnectTimeout=0"], ['FILE:3: ConnectTimeout: not a time to wait: "0"']),
    (["[Racer]", "Endpoints=127.0.0.1:1", "ConnectTimeout=5 parsecs"], ['FILE:3: ConnectTimeout: not a time "5 parsecs"']),
    (["[Racer]", "Endpoints=127.0.0.1:1", "Bind=192.0.2.1 ::1 192.0.2.2 eth0"],
     ['FILE:3: Bind: second address of this family: "192.0.2.2"', 'FILE:3: Bind: not an address "eth0"']),
    (["[Racer]", "Endpoints=127.0.0.1:1", "Race=fair", "Remember=x"],
     ['FILE:3: Race: unknown value "fair"; expected one of all, staggered', 'FILE:4: Remember: not a time "x"']),
    (["[Racer]", "Endpoints=127.0.0.1:1", "KeepAlive=5ms"], ["FILE:3: KeepAlive: too short;"]),
    (["[Racer]", "Endpoints=127.0.0.1:1", "MaxConnections=0"], ['FILE:3: MaxConnections: not in range "0"']),
    (["[Racer]", "Endpoints=127.0.0.1:1", "Listen=localhost:1"], ['FILE:3: Listen: not an address and port: "localhost:1"']),
    (["[Racer]", "Endpoints=127.0.0.1:1", "ListenMptcp=yes"], ["FILE:3: ListenMptcp: given without Listen=;"]),
    (["[Racer]", "Endpoints=127.0.0.1:1@ srv:a.example srv:_a._tcp"],
     ['FILE:2: Endpoints: neither an address nor an interface behind the @ in "127.0.0.1:1@"',
      'FILE:2: Endpoints: no name of a service in "srv:a.example"', 'FILE:2: Endpoints: no name of a service in "srv:_a._tcp"']),
    (["[Racer]", "Endpoints=127.0.0.1:1@::1"], ['FILE:2: Endpoints: an address of the other family behind the @ in "127.0.0.1:1@::1"']),
    (["[Racer]", "Endpoints=127.0.0.1:1 [::1]:1 a.example:1@::1", "Family=ipv4"],
     ['FILE:3: Family: excludes the endpoint "[::1]:1"', 'FILE:3: Family: excludes the endpoint "a.example:1@::1"']),
    (["[Racer]", "Endpoints=127.0.0.1:1", "Policy=spread", "Remember=1min"], ['FILE:3: Policy: given with Remember=, which stays with one endpoint: "spread"']),
    (["[Racer]", "Endpoints=127.0.0.1:1", "FastOpen=maybe", "CrashSafe=2"], ["FILE:3: FastOpen: ", "FILE:4: CrashSafe: "]),
    (["[Racer]", "Endpoints=127.0.0.1:1", "Refresh=5ms"], ["FILE:3: Refresh: too short;"]),
    (["[Racer]", "Endpoints=127.0.0.1:1", "Listen=127.0.0.1:1@lo"], ['FILE:3: Listen: not an address and port: "127.0.0.1:1@lo"']),
    (["[Racer]", "Endpoints=127.0.0.1:1", "Listen=[::]:1", "ExitIdleTime=1s"], ["FILE:4: ExitIdleTime: given with Listen=,"]),
]


def test_wrong_files():
    """each mistake in a file is told of with its line, all at once, exit code 78, nothing started"""
    for lines, complaints in WRONG:
        code, errors = start_wrong(*lines)
        assert code == 78, f"{lines}: exit {code}"
        printed = errors.splitlines()
        assert len(printed) == len(complaints), f"{lines}: {errors}"
        for line, complaint in zip(printed, complaints):
            assert line.startswith(complaint), f"{line} != {complaint}"


def test_wrong_start():
    """no file, no socket, a port in use, a wrong command line"""
    code, errors = start_wrong(arguments=["--config=/nonexistent/racer.conf"])
    assert code == 78 and "/nonexistent/racer.conf: no such file" in errors
    code, errors = start_wrong("[Racer]", "Endpoints=127.0.0.1:1")
    assert code == 64 and "no listening socket; expected one from a socket unit" in errors, errors
    with Server(1080, echo):
        code, errors = start_wrong("[Racer]", "Endpoints=127.0.0.1:1", "Listen=127.0.0.1:1080")
        assert code == 71 and "listen on 127.0.0.1:1080: Address already in use" in errors, errors
    assert refuses(1080)
    for arguments in (["--nonsense"], ["--race"], ["127.0.0.1:1"], ["--race", "127.0.0.1"], ["--json", "--config=x"]):
        code, errors = start_wrong(arguments=arguments)
        assert code == 64 and errors.startswith("neo-racer: "), f"{arguments}: {code} {errors}"


run_tests([test_activation, test_activation_unix, test_exit_when_idle, test_drain, test_drain_time, test_second_signal,
           test_reload, test_reload_of_wrong_file, test_wrong_files, test_wrong_start])
