#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is computed from measurements."""
import os
import sys
import unittest
import xml.dom.minidom

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import chart
import figures
import scaling


def bench(rows):
    area = {"rounds": 3, "missing": {"socat": "is not installed"}, "failed": {}, "results": [dict(zip(("measure", "name", "at", "values"), row)) for row in rows]}
    return figures.Figures({"quick": False, "areas": {"racer": area}, "packages": {}, "conditions": {}})


class Tests(unittest.TestCase):
    def test_exponent_of_the_upper_part(self):
        for power in (0, 0.5, 1, 2):
            points = [(n, 0, 1000 + n ** power if n < 50 else n ** power, 0) for n in (1, 10, 100, 1000, 10000)]
            self.assertAlmostEqual(figures.exponent(points), power, places=6)
        self.assertIsNone(figures.exponent([(1, 1, 1, 1), (1000, 1, 1, 1)]))
        self.assertEqual([figures.complexity(power) for power in (0.05, 1.02, 1.5, None)], ["constant (n^0.05)", "linear (n^1.02)", "n^1.50", "-"])

    def test_spread_and_best(self):
        found = bench([("a, us", "neo", None, [3, 1, 2]), ("a, us", "nginx", None, [5, None, 4]), ("a, us", "socat", None, [None])])
        self.assertEqual(found.spread("racer", "a, us", "neo"), (1, 2, 3))
        self.assertIsNone(found.spread("racer", "a, us", "socat"))
        self.assertEqual(found.best("racer", "a, us", None, False, ("nginx", "socat")), "nginx")

    def test_ratios_are_better_above_one(self):
        table = figures.comparison_table(bench([("1 stream down, GiB/s", "neo", None, [2.0]), ("1 stream down, GiB/s", "nginx", None, [1.0]),
                                                ("1 stream down, GiB/s", "direct", None, [4.0]), ("1 KiB ping-pong, p50 us", "neo", None, [20]),
                                                ("1 KiB ping-pong, p50 us", "socat", None, [30])]))
        self.assertIn("nginx stream: 1 (1 to 1) | 2.00 | direct loopback: 4 (4 to 4) | 0.50 |", table)
        self.assertIn("socat: 30 (30 to 30) | 1.50 | - | - |", table)

    def test_blocks_are_replaced_and_nothing_else(self):
        text = "a <!-- bench x -->old<!-- /bench --> b\n<!-- bench y -->\nold\n<!-- /bench -->\n<!-- bench z -->stays<!-- /bench -->\n"
        filled = figures.fill(text, {"x": "1", "y": "2\n3"})
        self.assertEqual(filled, "a <!-- bench x -->1<!-- /bench --> b\n<!-- bench y -->\n2\n3\n<!-- /bench -->\n<!-- bench z -->stays<!-- /bench -->\n")
        self.assertEqual(figures.fill(filled, {"x": "1", "y": "2\n3"}), filled)

    def test_charts_of_odd_values(self):
        for low, high in ((1, 1), (0.001, 0.0011), (3, 30000)):
            series = [chart.Series("a < b", 0, [(1, low, low, high), (128, low, high, high)])]
            for log_y in (True, False):
                xml.dom.minidom.parseString(chart.line_chart("t & t", "s", "n", "ms", series, log_y))
            xml.dom.minidom.parseString(chart.bar_chart("t", "s", "ms", [("g", [("a", 0, low, low, high)])]))

    def test_two_gateways(self):
        rows = [("dead gateway, s", "neo", 0.1, [0.3, 0.2]), ("planned change, longest connection, s", "neo", 0.1, [1]), ("planned change, connections lost", "neo", 0.1, [0, 2])]
        found = bench(rows)
        found.bench["areas"]["proxy"] = found.bench["areas"].pop("racer")
        self.assertIn("| 0.1 s | 0.25 s (0.20 to 0.30) | 1.00 s (1.00 to 1.00), 2 |", scaling.vrrp(figures.Figures(found.bench)))
        self.assertIsNone(scaling.vrrp(bench(rows)))

    def test_figures_for_scaling_without_measurements(self):
        self.assertEqual(scaling.blocks(bench([("a", "neo", None, [1])])), {})


unittest.main()
