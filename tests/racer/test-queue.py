#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel is given of a connection over two slow wires. usage: test-queue.py NEO-RACER NEO-WIRE [TEST...]

    test --127.0.0.1:1080--> racer --10.0.1.1--[20 Mbit/s, 10 ms]--10.0.1.2-- server, in a namespace of its own
                                  `--10.0.2.1--[20 Mbit/s, 10 ms]--10.0.2.2--'
"""
import contextlib
import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import harness
from harness import Racer, Server, connect, wait_for

if "NEO_WIRE" not in os.environ:  # the harness runs this script again, with what is left of the arguments
    os.environ["NEO_WIRE"] = os.path.abspath(sys.argv.pop(2))
WIRE = os.environ["NEO_WIRE"]
BURST = 64 * 1024
LIBC = ctypes.CDLL(None, use_errno=True)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@contextlib.contextmanager
def inside(namespace):
    with open("/proc/self/ns/net", "rb") as before, open(namespace, "rb") as there:
        assert LIBC.setns(there.fileno(), 0) == 0
        try:
            yield
        finally:
            assert LIBC.setns(before.fileno(), 0) == 0


@contextlib.contextmanager
def two_wires():
    """The path of the other namespace. The second wire carries nothing before join()."""
    near, processes = f"/proc/{os.getpid()}/ns/net", []
    processes.append(subprocess.Popen(["unshare", "--net", "sleep", "infinity"]))
    far = f"/proc/{processes[0].pid}/ns/net"
    try:
        wait_for("a namespace", lambda: os.readlink(far) != os.readlink(near))
        for number in ("1", "2"):
            control = os.path.join(tempfile.mkdtemp(dir=harness.DIRECTORY), "wire")
            processes.append(subprocess.Popen([WIRE, "run", control, near, f"near{number}", far, f"far{number}", "delay=10ms", "rate=20mbit"],
                                              stdout=subprocess.DEVNULL))
            wait_for("a wire", lambda path=control: os.path.exists(path))
            run("ip", "addr", "add", f"10.0.{number}.1/24", "dev", f"near{number}")
            run("ip", "link", "set", f"near{number}", "up")
            with inside(far):
                run("ip", "link", "set", "lo", "up")
                run("ip", "addr", "add", f"10.0.{number}.2/24", "dev", f"far{number}")
                run("ip", "link", "set", f"far{number}", "up")
        run("ip", "rule", "add", "from", "10.0.2.1", "lookup", "2")
        run("ip", "route", "add", "default", "via", "10.0.2.2", "table", "2")
        with inside(far):
            run("ip", "mptcp", "limits", "set", "subflows", "2")
        yield far
    finally:
        subprocess.run(["ip", "mptcp", "endpoint", "flush"], check=False)
        subprocess.run(["ip", "rule", "delete", "from", "10.0.2.1"], check=False)
        for process in processes:
            process.kill()
            process.wait()


def join():
    run("ip", "mptcp", "endpoint", "add", "10.0.2.1", "subflow")


def pour(client, stop):
    with contextlib.suppress(OSError):
        while not stop.is_set():
            client.sendall(bytes(BURST))


def sum_of(name, text):
    return sum(int(value) for value in re.findall(rf" {name}:(\d+)", text))


def look():
    """Bytes that wait in the subflows, and how many may."""
    text = run("ss", "-tinH", "state", "established", "dport", "=", ":2000")
    segments = [int(cwnd) * int(mss) for mss, cwnd in re.findall(r" mss:(\d+) .*?cwnd:(\d+)", text)]
    return sum_of("notsent", text), sum(segments) // 4 + len(segments) * BURST, len(segments), sum_of("bytes_acked", text)


def test_bound():
    """what waits in the subflows stays a quarter of their windows and a burst each, however much comes"""
    stop = threading.Event()
    with two_wires() as far:
        with inside(far):
            server = Server(2000, lambda connection: harness.receive_all(connection), mptcp=True, address="10.0.1.2")
        join()
        with server, Racer("Endpoints=10.0.1.2:2000", "Mptcp=require"), connect() as client:
            thread = threading.Thread(target=pour, args=(client, stop), daemon=True)
            thread.start()
            wait_for("two subflows that carry data", lambda: look()[2] == 2 and look()[3] > 4 << 20, 30)
            looks = []
            for _ in range(40):
                looks.append(look())
                time.sleep(0.025)
            stop.set()
            # One more burst goes to a subflow that has nothing; windows change between looks.
            over = [(unsent, limit) for unsent, limit, *_ in looks if unsent > limit + 3 * BURST]
            assert len(over) <= 2, f"{over} of {looks}"
            assert max(unsent for unsent, *_ in looks) > BURST // 4, looks
            harness.abort(client)
            thread.join()


def goes_on(size):
    before = look()[3]
    wait_for(f"{size} bytes more", lambda: look()[3] > before + size, 30)


def all_acknowledged():
    """Whether the peer has all that the racer wrote."""
    return re.search(r" write_seq:(\w+) snd_una:\1 ", run("ss", "-MinH", "dport", "=", ":2000"))


def test_closed_subflow():
    """what a subflow had that was closed fills no queue: the others go on, also after all was acknowledged"""
    received, stop = [], threading.Event()
    with two_wires() as far:
        # The whole is given to the kernel, and by the kernel to the one subflow.
        run("sysctl", "-w", "net.ipv4.tcp_wmem=4096 4194304 4194304")
        with inside(far):
            run("sysctl", "-w", "net.ipv4.tcp_rmem=4096 8388608 8388608")
            server = Server(2000, lambda connection: received.append(len(harness.receive_all(connection))), mptcp=True, address="10.0.1.2")
        with server, Racer("Endpoints=10.0.1.2:2000", "Mptcp=require") as racer, connect() as client:
            thread = threading.Thread(target=pour, args=(client, stop), daemon=True)
            thread.start()
            wait_for("one subflow with much that waits", lambda: look()[0] > 12 * BURST, 30)
            join()
            wait_for("two subflows", lambda: look()[2] == 2)
            run("ip", "link", "set", "near1", "down")
            run("ip", "mptcp", "endpoint", "delete", "id", "0", "10.0.1.1")
            wait_for("one subflow", lambda: look()[2] == 1)
            # What could be written without a look is over, and the queue is bounded.
            goes_on(6 << 20)
            for _ in range(3):
                racer.process.send_signal(signal.SIGSTOP)
                wait_for("all is acknowledged", all_acknowledged, 30)
                racer.process.send_signal(signal.SIGCONT)
                goes_on(1 << 20)
            stop.set()
            thread.join()
            client.shutdown(socket.SHUT_WR)
            wait_for("the end at the server", lambda: received, 60)
            assert received[0] % BURST == 0, received


harness.run_tests([test_bound, test_closed_subflow])
