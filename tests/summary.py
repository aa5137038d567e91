#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Arguments are EXIT-CODE:JUNIT-LOG of meson test runs. Counts the test cases of meson's JUnit logs and prints failures, skips with their reasons, and the totals."""
import itertools
import os
import sys
import xml.etree.ElementTree as ET


SHOWN_LINES = 40


def comments(suite, point):
    """What the test printed below this failed point: its lines that begin with #, at most SHOWN_LINES of them."""
    lines = iter((suite.findtext("system-out") or "").splitlines())
    for line in lines:
        if line.strip() == f"not ok {point}":
            break
    return list(itertools.islice(itertools.takewhile(lambda line: line.lstrip().startswith("#"), lines), SHOWN_LINES))


def cases(path):
    for suite in ET.parse(path).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            name = f"{suite.get('name')}: {case.get('name')}"
            if case.find("failure") is not None or case.find("error") is not None:
                yield "failed", name, "", comments(suite, case.get("name"))
            elif case.find("skipped") is not None:
                yield "skipped", name, case.find("skipped").get("message") or "", []
            else:
                yield "passed", name, "", []


def main(logs):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for log in logs:
        status, path = log.split(":", 1)
        failed = counts["failed"]
        for result, name, why, details in cases(path) if os.path.exists(path) else ():
            counts[result] += 1
            if result != "passed":
                print("\n".join([f"{result}: {name} {why}".rstrip(), *details]))
        if status != "0" and counts["failed"] == failed:
            counts["failed"] += 1
            print(f"failed: the test run ended with exit code {status} (crash, time limit or no log): {path}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["passed"] else 0


sys.exit(main(sys.argv[1:]))
