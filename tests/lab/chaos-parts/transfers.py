# SPDX-License-Identifier: GPL-2.0-or-later
"""The transfers of a run: chaos-transfer on the gateways and on web, and what it tells."""
import json
import subprocess
import threading
import time

from faults import GATEWAYS
from hosts import wait

PORT = 7000
SOCKS = ("1080", "1081")


class Transfers:
    def __init__(self, lab, count, rate):
        self.lab, self.each, self.rate = lab, count // len(GATEWAYS), rate
        self.events, self.still, self.gone, self.lock = [], {}, set(), threading.Lock()
        self.programs, self.readers = {}, []

    # --- what comes ---

    def take(self, event):
        self.events.append(event)
        name, what = event["id"], event["what"]
        connection = name.split()[0]
        if what in ("lost", "ended"):
            # The other side may notice later, and stands still until then.
            self.gone.add(connection)
            self.still = {way: t for way, t in self.still.items() if way.split()[0] != connection}
        elif what == "still" and connection not in self.gone:
            self.still[name] = event["t"]
        elif what == "stall":
            self.still.pop(name, None)

    def read(self, pipe):
        for line in pipe:
            with self.lock:
                self.take(json.loads(line))

    def seen(self, what, since=0.0):
        with self.lock:
            return [event for event in self.events if event["what"] == what and event["t"] >= since]

    # --- what is done ---

    def program(self, host, *words):
        program = self.lab.start(host, "python3", "/root/chaos-transfer", *words, stdout=subprocess.PIPE)
        reader = threading.Thread(target=self.read, args=(program.stdout,), daemon=True)
        reader.start()
        self.programs[host] = program
        self.readers.append(reader)

    def serve(self):
        for host in (*GATEWAYS, "web"):
            self.lab.put_program(host, "chaos-transfer")
        self.program("web", "serve", str(PORT))
        wait("the transfers' server", lambda: self.seen("serving"), 30)

    def start(self, word):
        """All transfers; word sets the names of their connections apart from those of another start."""
        begin = time.monotonic()
        for host in GATEWAYS:
            self.program(host, "client", f"{host}-{word}", str(self.each), str(self.rate), "192.0.2.20", str(PORT), *SOCKS)
        wait("all transfers to begin", lambda: len(self.seen("open", begin)) >= self.each * len(GATEWAYS), 60)

    def probe(self, word):
        """A new connection by each way, beside the others; word is in the answers' names."""
        for host in GATEWAYS:
            self.programs[host].stdin.write(f"probe {word}\n")
            self.programs[host].stdin.flush()

    def probed(self, word):
        """The answers, or None until all are there."""
        answers = [event for event in self.seen("probe") if event["id"].endswith(f".probe.{word}")]
        return answers if len(answers) == len(GATEWAYS) * len(SOCKS) else None

    def flowing(self):
        with self.lock:
            return not self.still

    def end(self):
        """All transfers come to their end; the server goes on."""
        for host in GATEWAYS:
            self.programs[host].stdin.close()
        for host in GATEWAYS:
            self.programs.pop(host).wait(timeout=120)

    def stop(self):
        for program in self.programs.values():
            program.terminate()
            program.wait()
        for reader in self.readers:
            reader.join(timeout=10)
