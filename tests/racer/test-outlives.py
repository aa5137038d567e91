#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that outlive the racer, with a store of file descriptors like systemd's. usage: test-outlives.py NEO-RACER [TEST...]"""
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

import harness
from harness import DEADLINE, IPPROTO_MPTCP, Knocker, Racer, Server, abort, connect, echo, receive_all, refuses, run_tests, sender, wait_for, who

PATTERN = os.urandom(1 << 20)
SO_NETNS_COOKIE = 71  # include/uapi/asm-generic/socket.h
MODES = [(signal.SIGTERM, "CrashSafe=no"), (signal.SIGTERM, "CrashSafe=yes"), (signal.SIGKILL, "CrashSafe=yes")]


def recorder(ends):
    """A server that notes how each connection ended: what it brought until its end, or "reset"."""
    def record(connection):
        try:
            ends.append(receive_all(connection))
        except ConnectionResetError:
            ends.append("reset")
    return record


class Stream:
    """A client whose bytes go round through an echo server until stop(): what comes back must be what went out."""

    def __init__(self, piece=65536):
        self.socket = connect()
        self.piece = piece
        self.sent, self.received, self.stopping = hashlib.sha256(), hashlib.sha256(), False
        self.count = 0
        self.failure = None
        self.threads = [threading.Thread(target=self.guard, args=(what,)) for what in (self.send, self.receive)]
        for thread in self.threads:
            thread.start()

    def guard(self, what):
        try:
            what()
        except OSError as error:
            self.failure = error

    def send(self):
        place = 0
        while not self.stopping:
            data = PATTERN[place:place + self.piece]
            place = (place + self.piece) % (len(PATTERN) - self.piece)
            self.socket.sendall(data)
            self.sent.update(data)
        self.socket.shutdown(socket.SHUT_WR)

    def receive(self):
        while data := self.socket.recv(1 << 18):
            self.received.update(data)
            self.count += len(data)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(DEADLINE)
        self.socket.close()
        assert self.failure is None, self.failure
        assert self.count > 0 and self.sent.digest() == self.received.digest(), f"other bytes came back ({self.count})"


def works(client):
    client.sendall(b"ping")
    assert client.recv(4) == b"ping"


def store_is_small(racer, most):
    assert len(racer.notify.store) <= most, racer.notify.store


def test_busy_and_idle():
    """busy and idle connections go on over restart and over SIGKILL with CrashSafe=yes: no byte lost or doubled, TCP and MPTCP"""
    for mptcp in ("no", "require"):
        for number, crash_safe in MODES:
            with Server(2000, echo, mptcp=True), \
                    Racer("Endpoints=127.0.0.1:2000", crash_safe, f"Mptcp={mptcp}", store=True) as racer:
                idle = [connect() for _ in range(12)]
                for client in idle:
                    works(client)
                streams = [Stream(piece) for piece in (1, 5000, 65536, 262144)]
                wait_for("a start", lambda: all(stream.count > 0 for stream in streams))
                for _ in range(2):
                    before = [stream.count for stream in streams]
                    racer.restart(number)
                    wait_for("progress", lambda: all(stream.count > count for stream, count in zip(streams, before)))
                for stream in streams:
                    stream.stop()
                for client in idle:
                    works(client)
                    client.close()
                assert racer.log().count("went on with 16 connections") == 2, racer.log()
                store_is_small(racer, 8)


def test_half_closed():
    """connections whose one side has ended stay half-closed, both ways, over restart and SIGKILL"""
    for number, crash_safe in MODES:
        release = threading.Event()

        def answer_late(connection):
            question = receive_all(connection)
            release.wait(DEADLINE)
            connection.sendall(question * 2)

        def end_first(connection):
            connection.shutdown(socket.SHUT_WR)
            got.append(receive_all(connection))
        got = []
        with Server(2000, answer_late), Server(2001, end_first), Racer("Endpoints=127.0.0.1:2000", crash_safe, store=True) as racer:
            asking = connect()
            asking.sendall(b"question")
            asking.shutdown(socket.SHUT_WR)
            wait_for("a winner", lambda: "won in" in racer.log())
            racer.reload("Endpoints=127.0.0.1:2001", crash_safe)
            telling = connect()
            assert telling.recv(1) == b""
            racer.restart(number)
            release.set()
            assert receive_all(asking) == b"questionquestion"
            telling.sendall(b"told late")
            telling.close()
            wait_for("all of it", lambda: got == [b"told late"])
            wait_for("status", lambda: racer.notify.status().startswith("0 open"))


def test_ends_meanwhile():
    """who ends or resets while there is no process is passed on by the next"""
    for number, crash_safe in MODES:
        ends = []
        with Server(2000, recorder(ends)), Racer("Endpoints=127.0.0.1:2000", crash_safe, store=True) as racer:
            first, second = connect(), connect()
            for client in (first, second):
                client.sendall(b"x")
            wait_for("winners", lambda: racer.log().count("won in") == 2)
            racer.end(number)
            first.sendall(b"y")
            first.close()
            abort(second)
            racer.start()
            wait_for("both ends", lambda: len(ends) == 2)
            assert sorted(ends, key=str) == [b"xy", "reset"], ends
            wait_for("status", lambda: racer.notify.status().startswith("0 open"))


def test_crash_safe_ends():
    """CrashSafe=yes: an end and a reset reach the peers at once, though lockers have held the sockets"""
    ends = []
    for mptcp in ("no", "require"):
        ends.clear()
        with Server(2000, recorder(ends), mptcp=True) as server, \
                Racer("Endpoints=127.0.0.1:2000", "CrashSafe=yes", f"Mptcp={mptcp}", store=True) as racer:
            for number, end in enumerate((socket.socket.close, abort), 1):
                before = connect()  # stays at the head of the locker
                before.sendall(b"a")
                client = connect()
                client.sendall(b"x")
                wait_for("winners", lambda: racer.log().count("won in") == server.accepted == 2 * number)
                end(client)
                wait_for("the end", lambda: len(ends) == 1)
                assert ends.pop() in ((b"x",) if end is socket.socket.close else ("reset", b"")), ends
                before.close()
                wait_for("the end", lambda: len(ends) == 1)
                ends.clear()


def test_lockers_are_turned_over():
    """many short connections beside a few that stay: the lockers do not grow, and those that stay go on"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", "CrashSafe=yes", "Mptcp=no", store=True) as racer:
        stay = []
        for n in range(1500):
            client = connect()
            works(client)
            if n % 100 == 0:
                stay.append(client)
            else:
                client.close()
        wait_for("status", lambda: racer.notify.status().startswith("15 open"))
        store_is_small(racer, 8)
        racer.restart(signal.SIGKILL)
        # One that had just ended may be taken over as well, to end again.
        survivors = re.search(r"went on with (\d+) connections", racer.log())
        assert survivors and 15 <= int(survivors[1]) < 20, racer.log()
        wait_for("status", lambda: racer.notify.status().startswith("15 open"))
        for client in stay:
            works(client)
            client.close()


def held(racer):
    """Bytes of all messages in the lockers."""
    def size(fd):
        return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))[0]
    return sum(size(fd) for name, fd in racer.notify.store if name.startswith("neo-locker-"))


def test_lockers_let_go():
    """CrashSafe=yes: short connections leave their locker when they end"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", "CrashSafe=yes", store=True) as racer:
        for _ in range(60):
            with connect() as client:
                works(client)
        wait_for("little more than a map and pipes of each worker", lambda: held(racer) <= 16 * 16)


def slow_answer(connection):
    """Sends much more than fits into the buffers, once it was asked to."""
    connection.recv(1)
    connection.sendall(PATTERN * 64)


def test_slow_reader():
    """bytes that wait in the racer for a slow reader are handed over, in blocks and in pipes"""
    for number, crash_safe in MODES:
        with Server(2000, slow_answer), Racer("Endpoints=127.0.0.1:2000", crash_safe, "Mptcp=no", store=True) as racer:
            clients = [connect() for _ in range(4)]
            for client in clients:
                client.sendall(b"x")
            wait_for("full buffers", lambda: subprocess.run(
                ["ss", "-Htn", "sport = :2000"], capture_output=True, text=True, check=True).stdout.count("ESTAB") == 4)
            time.sleep(0.2)  # more bytes get stuck; the test is right without them
            racer.restart(number)
            for client in clients:
                assert hashlib.sha256(receive_all(client)).digest() == hashlib.sha256(PATTERN * 64).digest()
                client.close()


def pattern_or_zeros(connection):
    """As slow_answer, but only to who asks for it."""
    connection.sendall((PATTERN if connection.recv(1) == b"p" else bytes(len(PATTERN))) * 64)


def bytes_in_pipes(racer):
    """By inode, each of a pipe that has some."""
    found = {}
    for name in os.listdir(f"/proc/{racer.process.pid}/fd"):
        path = f"/proc/{racer.process.pid}/fd/{name}"
        with contextlib.suppress(FileNotFoundError):
            inode = os.readlink(path)
            if inode.startswith("pipe:"):
                fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                found[inode] = struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))[0]
                os.close(fd)
    return {inode: size for inode, size in found.items() if size}


def test_bytes_of_broken_connections():
    """bytes that were on the way when their connection broke do not come back in another one, which has the place of their pipe"""
    for number, crash_safe in MODES[1:]:
        with Server(2000, pattern_or_zeros), Racer("Endpoints=127.0.0.1:2000", crash_safe, "Mptcp=no", store=True) as racer:
            for word in (b"0", b"p"):
                clients = [connect() for _ in range(8)]
                for client in clients:
                    client.sendall(word)
                wait_for("bytes of each on the way", lambda: len(bytes_in_pipes(racer)) == 8)
                if word == b"0":
                    for client in clients:
                        abort(client)
                    wait_for("nothing on the way", lambda: not bytes_in_pipes(racer))
            racer.restart(number)
            for client in clients:
                assert hashlib.sha256(receive_all(client)).digest() == hashlib.sha256(PATTERN * 64).digest()
                client.close()


def test_tiny_slow_reader():
    """a few bytes that wait in the racer are handed over"""
    for number, crash_safe in MODES:
        with Server(2000, sender(b"0123456789" * 3000)), Racer("Endpoints=127.0.0.1:2000", crash_safe, "Mptcp=no", store=True) as racer:
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.settimeout(DEADLINE)
            client.connect(("127.0.0.1", 1080))
            wait_for("a winner", lambda: "won in" in racer.log())
            racer.restart(number)
            assert receive_all(client) == b"0123456789" * 3000
            client.close()


def test_race_in_flight():
    """a race that is on when the racer restarts is run again, and the client's first bytes are still there"""
    with Racer("Endpoints=192.0.2.1:9", "ConnectTimeout=1h", store=True) as racer, Server(2000, echo):
        with connect() as client:
            client.sendall(b"early")
            wait_for("SYN", lambda: "192.0.2.1:9" in subprocess.run(
                ["ss", "-Htn", "state", "syn-sent"], capture_output=True, text=True, check=True).stdout)
            racer.end()
            racer.write(racer.listen, "Endpoints=127.0.0.1:2000")
            racer.start()
            assert client.recv(5) == b"early"


def listeners(racer):
    """The stored sockets of Listen=, by port; the caller's."""
    found = [socket.socket(fileno=os.dup(fd)) for name, fd in racer.notify.store if name.startswith("neo-listener-")]
    ports = {listener.getsockname()[1]: listener for listener in found}
    assert len(ports) == len(found), found
    return ports


def test_nobody_is_refused():
    """who connects while the racer restarts or was killed is never refused, with and without open connections, TCP and MPTCP"""
    for lines in (["Listen=127.0.0.1:1080"], ["Listen=[::]:1080"], ["Listen=[::]:1080", "ListenMptcp=yes"]):
        for number, crash_safe in [*MODES, (signal.SIGKILL, "CrashSafe=no")]:
            with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", crash_safe, *lines[1:], listen=lines[0], store=True) as racer:
                with Knocker() as knocker:
                    for _ in range(2):
                        racer.restart(number)
                assert knocker.refused == 0, f"{knocker.refused} of {knocker.count} refused: {lines} {number}"
                racer.end(number)
                with connect() as client:
                    client.sendall(b"waits")
                    racer.start()
                    assert client.recv(5) == b"waits"
                assert list(listeners(racer)) == [1080]


def test_listen_changes():
    """what Listen= and ListenMptcp= name no more is closed, even if another has it too, and what they name now is listened on"""
    with Server(2000, sender(b"new")), Racer("Endpoints=127.0.0.1:2000", listen="Listen=127.0.0.1:1080 127.0.0.1:1081", store=True) as racer:
        stays = listeners(racer)[1081]
        with Knocker(1081) as knocker:
            for lines, ports in (
                    (["Listen=127.0.0.1:1081 127.0.0.1:1082"], [1081, 1082]),
                    (["Listen=127.0.0.1:1082 127.0.0.1:1081 [::1]:1080"], [1080, 1081, 1082])):
                racer.end()
                racer.write("Endpoints=127.0.0.1:2000", *lines)
                racer.start()
                assert sorted(listeners(racer)) == ports, racer.notify.store
                assert refuses(1080), "the old port is open"
                assert listeners(racer)[1082].getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == socket.IPPROTO_TCP
        assert knocker.refused == 0, f"{knocker.refused} of {knocker.count} refused"
        for lines, protocol in ((["Listen=127.0.0.1:1081", "ListenMptcp=yes"], IPPROTO_MPTCP), (["Listen=[::]:1081", "ListenMptcp=yes"], IPPROTO_MPTCP),
                                (["Listen=0.0.0.0:1081"], socket.IPPROTO_TCP)):
            racer.end()
            before = listeners(racer)
            racer.write("Endpoints=127.0.0.1:2000", *lines)
            racer.start()
            now = listeners(racer)
            assert list(now) == [1081] and now[1081].getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) == protocol, now
            assert who(1081) == "new"
            assert refuses(1082)
            for listener in [*before.values(), *now.values()]:
                listener.close()
        stays.close()


def test_options_of_listeners():
    """a listening socket that was kept has the options of the configuration of now"""
    with Server(2000, sender(b"new")), Racer("Endpoints=127.0.0.1:2000", store=True) as racer:
        for lines, keep_alive, fast_open in (([], 1, False), (["KeepAlive=0", "FastOpen=yes"], 0, True), (["KeepAlive=1min"], 1, False)):
            racer.end()
            racer.write(racer.listen, "Endpoints=127.0.0.1:2000", *lines)
            racer.start()
            with listeners(racer)[1080] as listener:
                assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == keep_alive
                assert (listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN) > 0) == fast_open
            assert who() == "new"


def test_another_namespace():
    """a listening socket of a network namespace that the racer is in no more is closed, and one in the new one made"""
    with Racer("Endpoints=127.0.0.1:2000", store=True) as racer:
        with listeners(racer)[1080] as before:
            cookie = before.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8)
            racer.end()
        racer.wrapper = ("unshare", "--net")
        racer.start()
        assert refuses(1080), "it listens in the namespace of before"
        with listeners(racer)[1080] as now:
            assert now.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8) != cookie


def test_stop():
    """when systemd lets go of the store (stop), connections end and nobody listens; the next start needs nothing of it"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", store=True) as racer, connect() as client:
        works(client)
        racer.end()
        client.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            assert client.recv(1) and False, "ended before the store was let go"
        racer.notify.clear()
        client.settimeout(DEADLINE)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""
        assert refuses(1080)
        racer.start()
        with connect() as client:
            works(client)


def test_replaced_program():
    """an update whose lockers are of another version: connections are drained instead of handed over; one of the same: handed over"""
    for version, drains in (("99", True), ("1", False)):
        program = os.path.join(harness.DIRECTORY, "racer-of-before")
        shutil.copy(harness.PROGRAM, program)
        with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", "DrainTime=1min", store=True, program=program) as racer, connect() as client:
            works(client)
            with open(program + ".new", "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\necho {version}\n")
            os.chmod(program + ".new", 0o755)
            os.rename(program + ".new", program)
            racer.process.send_signal(signal.SIGTERM)
            if drains:
                wait_for("draining", lambda: "Waiting for 1 connections" in racer.notify.status())
                works(client)
                client.close()
            assert racer.process.wait(DEADLINE) == 0
            racer.program = harness.PROGRAM
            if not drains:
                racer.start()
                works(client)


def test_unknown_locker():
    """what is in the store in another format is reset and told of, and new connections are served"""
    with Server(2000, sender(b"new")), Racer("Endpoints=127.0.0.1:2000", store=True) as racer:
        assert who() == "new"
        racer.end()
        inside, outside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        held, far = socket.socketpair()
        socket.send_fds(inside, [b"\x63\0" + b"what will be" * 9], [held.fileno()])
        held.close()
        racer.notify.store.append(("neo-locker-99-1", outside.detach()))
        racer.start()
        far.settimeout(DEADLINE)
        assert far.recv(1) == b""
        assert "reset 1 connections of another version" in racer.log()
        assert who() == "new"


def test_crash_safe_without_store():
    """CrashSafe=yes without a store is told of, and connections work"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", "CrashSafe=yes") as racer, connect() as client:
        works(client)
        assert "CrashSafe=yes without effect" in racer.log()


run_tests([test_busy_and_idle, test_half_closed, test_ends_meanwhile, test_crash_safe_ends, test_lockers_are_turned_over,
           test_lockers_let_go, test_slow_reader, test_bytes_of_broken_connections, test_tiny_slow_reader, test_race_in_flight,
           test_nobody_is_refused, test_listen_changes, test_options_of_listeners, test_another_namespace, test_stop, test_replaced_program,
           test_unknown_locker, test_crash_safe_without_store])
