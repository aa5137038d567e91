# SPDX-License-Identifier: GPL-2.0-or-later
"""The hosts of a laboratory that is up."""
import os
import subprocess
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMAND_S = 120


class Trouble(Exception):
    """What was to happen did not; the run cannot be judged."""


class Lab:
    def __init__(self, name):
        self.tool = [os.path.join(HERE, "lab"), "--name", name]

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
        """A shell script in a host, or in the namespace campus or inet; returns what it printed."""
        return self.command("run", host, "sh", "-c", script, check=check)

    def put(self, host, path, text):
        self.command("run", host, "sh", "-c", f"mkdir -p {os.path.dirname(path)} && cat >{path}", data=text)

    def put_program(self, host, name):
        """A program beside this one, which becomes /root/NAME there."""
        with open(os.path.join(HERE, name), encoding="utf-8") as file:
            self.put(host, f"/root/{name}", file.read())

    def start(self, host, *words, **pipes):
        """A command in a host that goes on; its input is a pipe."""
        return subprocess.Popen(self.tool + ["run", host, *words], stdin=subprocess.PIPE, text=True, **pipes)


def wait(what, holds, seconds, look_s=0.2):
    """Until holds() is true; returns how long that took."""
    begin = time.monotonic()
    while not holds():
        if time.monotonic() - begin > seconds:
            raise Trouble(f"waited {seconds:.0f} s in vain for: {what() if callable(what) else what}")
        time.sleep(look_s)
    return time.monotonic() - begin
