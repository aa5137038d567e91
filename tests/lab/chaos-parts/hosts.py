# SPDX-License-Identifier: GPL-2.0-or-later
"""The hosts of a laboratory that is up."""
import os
import select
import subprocess
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMAND_S = 120


class Trouble(Exception):
    """What was to happen did not; the run cannot be judged."""


class Shell:
    """A shell in a host that stays: each call of the laboratory's command would cost half a second of both processors."""

    END = b"--- that was all, with code "
    ERRORS = "/run/chaos-errors"

    def __init__(self, program):
        self.program = program

    def lives(self):
        return self.program.poll() is None

    def run(self, script):
        """The exit code of a script and what it printed; the code is None where the host went down meanwhile."""
        try:
            self.program.stdin.write(f"(\n{script}\n) </dev/null 2>{self.ERRORS}\nprintf '\\n{self.END.decode()}%03d\\n' $?\n")
            self.program.stdin.flush()
        except BrokenPipeError:
            pass
        said, _, code = self.read().rpartition(self.END)
        return int(code) if code else None, said.decode().strip()

    def read(self):
        said, pipe, until = b"", self.program.stdout.fileno(), time.monotonic() + COMMAND_S
        while not (said.endswith(b"\n") and self.END in said[-len(self.END) - 4 :]):
            if not select.select([pipe], [], [], max(0, until - time.monotonic()))[0]:
                raise Trouble(f"a command did not end in {COMMAND_S} s; it said: {said.decode()}")
            piece = os.read(pipe, 65536)
            if not piece:
                return b""
            said += piece
        return said

    def stop(self):
        self.program.terminate()
        self.program.communicate()


class Lab:
    def __init__(self, name):
        self.tool, self.shells = [os.path.join(HERE, "lab"), "--name", name], {}

    def command(self, *words, data=None, check=True):
        """A command of the laboratory, such as break, heal or wire; returns what it printed."""
        try:
            done = subprocess.run(self.tool + list(words), input=data, text=True, capture_output=True, timeout=COMMAND_S)
        except subprocess.TimeoutExpired as error:
            raise Trouble(f"lab {' '.join(words)[:200]}: did not end in {COMMAND_S} s") from error
        if check and done.returncode != 0:
            raise Trouble(f"lab {' '.join(words)[:200]}: exit code {done.returncode}: {done.stderr.strip()} {done.stdout.strip()[-400:]}")
        return done.stdout.strip()

    def run(self, host, script, check=True):
        """A shell script in a host, or in the namespace campus or inet; returns what it printed. One at a time in each."""
        shell = self.shells.get(host)
        if not shell or not shell.lives():
            shell = self.shells[host] = Shell(self.start(host, "sh", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
        code, said = shell.run(script)
        if check and code != 0:
            errors = shell.run(f"cat {Shell.ERRORS}")[1] if shell.lives() else "the host went down"
            raise Trouble(f"{host}: {script[:200]}: exit code {code}: {errors} {said[-400:]}")
        return said

    def put(self, host, path, text):
        self.command("run", host, "sh", "-c", f"mkdir -p {os.path.dirname(path)} && cat >{path}", data=text)

    def put_program(self, host, name):
        """A program beside this one, which becomes /root/NAME there."""
        with open(os.path.join(HERE, name), encoding="utf-8") as file:
            self.put(host, f"/root/{name}", file.read())

    def start(self, host, *words, **pipes):
        """A command in a host that goes on; its input is a pipe."""
        return subprocess.Popen(self.tool + ["run", host, *words], stdin=subprocess.PIPE, text=True, **pipes)

    def stop(self):
        for shell in self.shells.values():
            shell.stop()


def wait(what, holds, seconds, look_s=0.2):
    """Until holds() is true; returns how long that took."""
    begin = time.monotonic()
    while not holds():
        if time.monotonic() - begin > seconds:
            raise Trouble(f"waited {seconds:.0f} s in vain for: {what() if callable(what) else what}")
        time.sleep(look_s)
    return time.monotonic() - begin
