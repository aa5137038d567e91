#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The relaying of bytes: completeness, half-close, resets, back-pressure. usage: test-relay.py NEO-RACER [TEST...]"""
import hashlib
import os
import random
import resource
import socket
import threading

from harness import (DEADLINE, IPPROTO_MPTCP, Racer, Server, abort, connect, echo, receive_all, run_tests, wait_for)

BULK = os.urandom(1 << 20) * 48


def digest(data):
    return hashlib.sha256(data).hexdigest()


def send_in_thread(connection, data):
    def send():
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
    thread = threading.Thread(target=send)
    thread.start()
    return thread


def round_trip(data, port=1080):
    with connect(port) as client:
        thread = send_in_thread(client, data)
        answer = receive_all(client)
        thread.join(DEADLINE)
        return answer


def test_bulk():
    """48 MiB both ways at once arrive unchanged, TCP"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", "Mptcp=no"):
        assert digest(round_trip(BULK)) == digest(BULK)


def leave_free(pid, count):
    """Lets the process open no more than so many further file descriptors."""
    used = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    limit = next(n for n in range(4096) if len(set(range(n)) - used) == count and max(used) < n)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, limit))


def test_bulk_without_pipes():
    """48 MiB both ways at once arrive unchanged where no pipe is to be had"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", "Mptcp=no") as racer:
        leave_free(racer.process.pid, 3)  # client, server, and one that makes no pipe
        assert digest(round_trip(BULK)) == digest(BULK)


def test_bulk_mptcp():
    """48 MiB both ways at once arrive unchanged, MPTCP at the far side"""
    with Server(2000, echo, mptcp=True), Racer("Endpoints=127.0.0.1:2000", "Mptcp=require") as racer:
        assert digest(round_trip(BULK)) == digest(BULK)
        assert "(MPTCP)" in racer.log()


def test_bulk_mptcp_listener():
    """48 MiB both ways at once arrive unchanged, MPTCP at the near side"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", "Mptcp=no", "ListenMptcp=yes"):
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
        with client:
            client.connect(("127.0.0.1", 1080))
            client.getsockopt(284, 1, 200)  # MPTCP_INFO: fails on a connection that fell back
            thread = send_in_thread(client, BULK)
            assert digest(receive_all(client)) == digest(BULK)
            thread.join(DEADLINE)


def test_ipv6():
    """a listener on [::] serves IPv4 and IPv6 clients, and an IPv6 endpoint"""
    with Server(2000, echo, address="::1"), Racer("Endpoints=[::1]:2000", listen="Listen=[::]:1080"):
        assert round_trip(b"four") == b"four"
        with connect(address="::1") as client:
            client.sendall(b"six")
            client.shutdown(socket.SHUT_WR)
            assert receive_all(client) == b"six"


def test_several_listeners():
    """several addresses in Listen="""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", listen="Listen=127.0.0.1:1080, [::1]:1081\nListen=127.0.0.1:1082"):
        assert round_trip(b"a") == b"a" and round_trip(b"b", 1082) == b"b"
        with connect(1081, "::1") as client:
            client.sendall(b"c")
            assert client.recv(1) == b"c"


def test_tiny():
    """streams of 0 and 1 byte"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000"):
        assert round_trip(b"") == b""
        assert round_trip(b"x") == b"x"


def test_half_close_client():
    """a client that shuts its writing side gets the whole answer"""
    def answer_after_end(connection):
        size = len(receive_all(connection))
        connection.sendall(BULK)
        connection.sendall(str(size).encode())

    for mptcp in (False, True):
        with Server(2000, answer_after_end, mptcp=mptcp), Racer("Endpoints=127.0.0.1:2000"):
            assert round_trip(b"question") == BULK + b"8"


def test_half_close_server():
    """a server that shuts its writing side still gets what the client sends"""
    got = []

    def end_first(connection):
        connection.sendall(b"hello")
        connection.shutdown(socket.SHUT_WR)
        got.append(receive_all(connection))

    with Server(2000, end_first), Racer("Endpoints=127.0.0.1:2000"):
        with connect() as client:
            assert receive_all(client) == b"hello"
            client.sendall(BULK)
        wait_for("the server's end", lambda: got)
        assert digest(got[0]) == digest(BULK)


def test_server_talks_first():
    """a server that sends and closes before the client says anything"""
    with Server(2000, lambda connection: connection.sendall(BULK)), Racer("Endpoints=127.0.0.1:2000"):
        with connect() as client:
            assert digest(receive_all(client)) == digest(BULK)


def expect_reset(connection):
    try:
        data = connection.recv(1)
    except ConnectionResetError:
        return
    raise AssertionError(f"no reset but {data!r}")


def test_reset_by_client():
    """a reset by the client reaches the server"""
    got, resets = [], []

    def read(connection):
        got.append(connection.recv(1))
        try:
            connection.recv(1)
        except ConnectionResetError:
            resets.append(1)

    for mptcp in (False, True):
        got.clear()
        resets.clear()
        with Server(2000, read, mptcp=mptcp), Racer("Endpoints=127.0.0.1:2000"):
            client = connect()
            client.sendall(b"x")
            wait_for("byte at the server", lambda: got)
            abort(client)
            wait_for("reset at the server", lambda: resets)


def test_reset_by_server():
    """a reset by the server reaches the client"""
    def refuse(connection):
        connection.recv(1)
        abort(connection)

    for mptcp in (False, True):
        with Server(2000, refuse, mptcp=mptcp), Racer("Endpoints=127.0.0.1:2000"):
            with connect() as client:
                client.sendall(b"x")
                expect_reset(client)


def test_slow_readers():
    """20 clients that do not read cost at most 1 MiB each, and get all in the end"""
    count = 20
    with Server(2000, lambda connection: connection.sendall(BULK)), Racer("Endpoints=127.0.0.1:2000", "Mptcp=no") as racer:
        with connect() as client:
            receive_all(client)
        before = racer.rss_kib()
        clients = [connect() for _ in range(count)]
        peak = 0
        stable = 0

        def is_stuck():
            nonlocal peak, stable
            rss = racer.rss_kib()
            stable = stable + 1 if rss <= peak else 0
            peak = max(peak, rss)
            return stable > 50
        wait_for("no more growth", is_stuck)
        assert peak - before <= count * 1024, f"{before} -> {peak} KiB"
        for client in clients[:3]:
            assert digest(receive_all(client)) == digest(BULK)
        for client in clients:
            client.close()


def test_slow_reader_leaves_others_alone():
    """a client that does not read does not hold up another"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000"):
        with connect() as stuck:
            stuck.setblocking(False)
            try:
                while True:
                    stuck.send(BULK[:65536])
            except BlockingIOError:
                pass
            assert round_trip(b"still there") == b"still there"


def test_concurrent():
    """200 connections at once, each with its own bytes"""
    results = {}

    def one(number):
        data = os.urandom(4096) * (1 + number % 50) + bytes([number])
        results[number] = round_trip(data) == data

    with Server(2000, echo, mptcp=True), Racer("Endpoints=127.0.0.1:2000") as racer:
        threads = [threading.Thread(target=one, args=(n,)) for n in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        assert len(results) == 200 and all(results.values())
        wait_for("all closed", lambda: racer.notify.status().startswith("0 open; won: 127.0.0.1:2000 200 ("))


def test_dialogue():
    """8 dialogues of 300 messages of 1 byte to 200 KiB: no wake-up is lost, TCP and MPTCP"""
    talked = []

    def talk(seed):
        source = random.Random(seed)
        with connect() as client:
            for _ in range(300):
                size = source.choice((1, 100, 16383, 16384, 65535, 65536, 65537, 200000))
                client.sendall(BULK[:size])
                received = 0
                while received < size:
                    received += len(client.recv(size - received))
        talked.append(seed)

    for mptcp in (False, True):
        talked.clear()
        with Server(2000, echo, mptcp=mptcp), Racer("Endpoints=127.0.0.1:2000"):
            threads = [threading.Thread(target=talk, args=(seed,)) for seed in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(DEADLINE)
            assert len(talked) == 8


def test_idle_timeout():
    """IdleTimeout= resets a connection that is silent, and only such"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", "IdleTimeout=400ms"):
        with connect() as silent, connect() as busy:
            silent.sendall(b"x")
            assert silent.recv(1) == b"x"
            silent.settimeout(0.05)
            for _ in range(100):
                busy.sendall(b"y")
                assert busy.recv(1) == b"y"
                try:
                    silent.recv(1)
                    raise AssertionError("data or end on the silent connection")
                except TimeoutError:
                    continue
                except ConnectionResetError:
                    break
            else:
                raise AssertionError("not reset")
            busy.sendall(b"y")
            assert busy.recv(1) == b"y"


def test_max_connections():
    """MaxConnections= lets the next client wait until one has left"""
    with Server(2000, echo), Racer("Endpoints=127.0.0.1:2000", "MaxConnections=2"):
        first, second, third = connect(), connect(), connect()
        for client in (first, second):
            client.sendall(b"x")
            assert client.recv(1) == b"x"
        third.sendall(b"x")
        third.settimeout(0.2)
        try:
            third.recv(1)
            raise AssertionError("the third was served")
        except TimeoutError:
            pass
        first.close()
        third.settimeout(DEADLINE)
        assert third.recv(1) == b"x"
        second.close()
        third.close()


run_tests([test_bulk, test_bulk_without_pipes, test_bulk_mptcp, test_bulk_mptcp_listener, test_ipv6, test_several_listeners,
           test_tiny, test_half_close_client,
           test_half_close_server, test_server_talks_first, test_reset_by_client, test_reset_by_server, test_slow_readers,
           test_slow_reader_leaves_others_alone, test_concurrent, test_dialogue, test_idle_timeout, test_max_connections])
