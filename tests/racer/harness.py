# SPDX-License-Identifier: GPL-2.0-or-later
"""What the racer's tests share: a network namespace, a racer under test, servers, and TAP.

    client (test) --127.0.0.1:1080--> neo-racer --+--> 127.0.0.1:PORT   servers of the test (TCP or MPTCP)
                                                  +--> 192.0.2.1:PORT   silence: dropped by nft in the namespace
"""
import contextlib
import errno
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

IPPROTO_MPTCP = 262
DEADLINE = 10  # seconds in which a state has to be reached
PROGRAM = None
DIRECTORY = None


def enter_namespace():
    """Runs this script again in network and mount namespaces of its own."""
    if os.environ.get("NEO_TEST_NAMESPACE") != "1":
        if os.geteuid() != 0:
            print("1..0 # SKIP needs root")
            sys.exit(0)
        os.environ["NEO_TEST_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--mount", "--kill-child", sys.executable] + sys.argv)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["nft", "add table inet t; add chain inet t out { type filter hook output priority 0; };"
                    "add rule inet t out ip daddr 192.0.2.1 drop"], check=True)
    subprocess.run(["ip", "route", "add", "192.0.2.0/24", "dev", "lo"], check=True)


def wait_for(what, condition, seconds=DEADLINE):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"not reached in {seconds} s: {what}")


class Notify:
    """The socket that sd_notify(3) writes to; with a store of file descriptors like systemd's if @store."""

    def __init__(self, store=False):
        self.path = os.path.join(tempfile.mkdtemp(dir=DIRECTORY), "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind(self.path)
        self.lines = []
        self.store = [] if store else None  # (name, fd)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            message, fds, _, _ = socket.recv_fds(self.socket, 4096, 16)
            lines = message.decode().splitlines()
            self.take(lines, fds)
            self.lines += lines

    def take(self, lines, fds):
        name = next((line[7:] for line in lines if line.startswith("FDNAME=")), "")
        if self.store is not None and "FDSTOREREMOVE=1" in lines:
            for _, fd in [item for item in self.store if item[0] == name]:
                os.close(fd)
            self.store[:] = [item for item in self.store if item[0] != name]
        for fd in fds:
            os.set_inheritable(fd, False)
            if self.store is not None and "FDSTORE=1" in lines:
                self.store.append((name, fd))
            else:
                os.close(fd)

    def settle(self):
        """Waits until all that was sent so far is taken."""
        mark = f"MARK={time.monotonic()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender_of_mark:
            sender_of_mark.sendto(mark.encode(), self.path)
        wait_for("the messages", lambda: mark in self.lines)

    def clear(self):
        """What systemd does when a service is stopped."""
        for _, fd in self.store or []:
            os.close(fd)
        if self.store:
            self.store.clear()

    def read(self):
        return self.lines

    def status(self):
        return next((line[7:] for line in reversed(self.lines) if line.startswith("STATUS=")), "")


class Racer:
    """A racer with the given lines in its file, listening on 127.0.0.1:1080 unless told otherwise."""

    def __init__(self, *lines, listen="Listen=127.0.0.1:1080", wrapper=(), ready=True, store=False, program=None):
        directory = tempfile.mkdtemp(dir=DIRECTORY)
        self.config = os.path.join(directory, "racer.conf")
        self.write(listen, *lines)
        self.listen, self.wrapper, self.program = listen, wrapper, program or PROGRAM
        self.notify = Notify(store)
        self.log_path = os.path.join(directory, "log")
        self.start(ready)

    def start(self, ready=True):
        """Starts the process, with what is in the store, as systemd does it."""
        stored = self.notify.store or []
        environment = dict(os.environ, NOTIFY_SOCKET=self.notify.path, G_MESSAGES_DEBUG="neo")
        command = [*self.wrapper, self.program, f"--config={self.config}"]
        if stored:
            environment.update(LISTEN_FDS=str(len(stored)), LISTEN_FDNAMES=":".join(name for name, _ in stored))
            command = ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$0" "$@"', *command]

        def arrange():
            high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 500) for _, fd in stored]
            for place, fd in enumerate(high):
                os.dup2(fd, 3 + place)
        before = self.notify.read().count("READY=1")
        with open(self.log_path, "a", encoding="utf-8") as log:
            # Not pass_fds: Python wants these to be open before they are arranged. All others close themselves.
            self.process = subprocess.Popen(command, env=environment, stderr=log, preexec_fn=arrange if stored else None, close_fds=False)
        if ready:
            wait_for("READY=1", lambda: self.notify.read().count("READY=1") > before or self.process.poll() is not None)
            assert self.process.poll() is None, self.log()

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        code = self.process.wait(DEADLINE)
        assert code == (-number if number == signal.SIGKILL else 0), f"the racer ended with {code}: {self.log()}"
        self.notify.settle()

    def restart(self, number=signal.SIGTERM):
        self.end(number)
        self.start()

    def write(self, *lines):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("\n".join(["[Racer]", *lines]) + "\n")

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()

    def reload(self, *lines):
        self.write(self.listen, *lines)
        before = self.notify.read().count("READY=1")
        self.process.send_signal(signal.SIGHUP)
        wait_for("READY=1 after reload", lambda: self.notify.read().count("READY=1") > before)

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
        if self.process.poll() is None:  # the second signal may have merged with the first
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(DEADLINE)
        self.notify.settle()
        self.notify.clear()
        assert code == 0, f"the racer ended with {code}: {self.log()}"
        assert "ERROR" not in self.log() and "runtime error" not in self.log(), self.log()


class Server:
    """Calls handler(socket) in a thread for each connection."""

    def __init__(self, port, handler, mptcp=False, address="127.0.0.1"):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM, IPPROTO_MPTCP if mptcp else socket.IPPROTO_TCP)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((address, port))
        self.socket.listen(1024)
        self.handler = handler
        self.accepted = 0
        self.errors = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.accepted += 1
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            with connection:
                self.handler(connection)
        except OSError as error:
            self.errors.append(error)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)


def sender(text):
    """A server that says who it is and closes."""
    return lambda connection: connection.sendall(text)


def connect(port=1080, address="127.0.0.1"):
    client = socket.create_connection((address, port), timeout=DEADLINE)
    return client


def abort(connection):
    """Closes with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def receive_all(connection):
    parts = []
    while data := connection.recv(1 << 18):
        parts.append(data)
    return b"".join(parts)


def who(port=1080):
    """Which server a new connection reaches."""
    with connect(port) as client:
        return receive_all(client).decode()


def refuses(port):
    try:
        connect(port).close()
        return False
    except ConnectionRefusedError:
        return True


class Knocker:
    """Connects to @port over and over until the end of the block, and counts who was refused."""

    def __init__(self, port=1080):
        self.port, self.count, self.refused, self.ending = port, 0, 0, False
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.ending:
            self.count += 1
            with contextlib.suppress(ConnectionResetError), socket.socket() as client:
                client.settimeout(DEADLINE)
                self.refused += client.connect_ex(("127.0.0.1", self.port)) == errno.ECONNREFUSED
                abort(client)
            time.sleep(0.001)  # not more than the queue takes

    def __enter__(self):
        self.thread.start()
        wait_for("a client", lambda: self.count > 1)
        return self

    def __exit__(self, *_):
        self.ending = True
        self.thread.join()


def run_tests(tests):
    global PROGRAM, DIRECTORY
    PROGRAM = os.path.abspath(sys.argv[1])
    enter_namespace()
    threading.excepthook = lambda failure: None  # a test looks at what its threads brought
    DIRECTORY = tempfile.mkdtemp(prefix="neo-racer-test.")
    names = sys.argv[2:]
    selected = [test for test in tests if not names or test.__name__ in names]
    print(f"1..{len(selected)}", flush=True)
    failed = 0
    for number, test in enumerate(selected, 1):
        signal.alarm(150)
        try:
            test()
            print(f"ok {number} - {test.__doc__}", flush=True)
        except Exception:  # a failed test must not hide the next
            failed += 1
            print(f"not ok {number} - {test.__doc__}", flush=True)
            for line in traceback.format_exc().splitlines():
                print("# " + line, flush=True)
        signal.alarm(0)
    shutil.rmtree(DIRECTORY)
    sys.exit(failed > 0)
