#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Arguments are EXIT-CODE:JUNIT-LOG of meson test runs. Counts the test cases of meson's JUnit logs and prints failures, skips with their reasons, and the totals."""
import os
import sys
import xml.etree.ElementTree as ET


def cases(path):
    for suite in ET.parse(path).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            name = f"{suite.get('name')}: {case.get('name')}"
            if case.find("failure") is not None or case.find("error") is not None:
                yield "failed", name, ""
            elif case.find("skipped") is not None:
                yield "skipped", name, case.find("skipped").get("message") or ""
            else:
                yield "passed", name, ""


def main(logs):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for log in logs:
        status, path = log.split(":", 1)
        failed = counts["failed"]
        for result, name, why in cases(path) if os.path.exists(path) else ():
            counts[result] += 1
            if result != "passed":
                print(f"{result}: {name} {why}".rstrip())
        if status != "0" and counts["failed"] == failed:
            counts["failed"] += 1
            print(f"failed: the test run ended with exit code {status} (crash, time limit or no log): {path}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["passed"] else 0


sys.exit(main(sys.argv[1:]))
