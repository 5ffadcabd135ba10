"""What the quickstart and the scenarios print and read, without a cluster."""
import io
import os
import sys
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.path.insert(0, os.path.join(ROOT, "e2e", "harness"))
from kube import condition, format_row, resource_path, table_rows  # noqa: E402
from release import settled, waiting_text  # noqa: E402
from screen import Screen, cut, pad, width  # noqa: E402


class Terminal(io.StringIO):
    def isatty(self):
        return True


class ScreenTest(unittest.TestCase):
    def test_elsewhere_than_on_a_terminal_a_live_line_is_printed_only_when_it_changes(self):
        out = io.StringIO()
        screen = Screen(out)
        for text in ("waiting for a", "waiting for a", "waiting for b"):
            screen.live(text, "12 requests")
        self.assertEqual(out.getvalue(), "  … waiting for a\n  … waiting for b\n")

    def test_on_a_terminal_a_live_line_is_replaced_and_removed_before_a_line_that_stays(self):
        out = Terminal()
        screen = Screen(out)
        screen.live("waiting", "1 request")
        screen.live("waiting", "1 request")
        screen.line("done")
        self.assertEqual(out.getvalue(), "\r\033[K  … waiting   1 request\r\033[Kdone\n")

    def test_korean_letters_take_two_columns(self):
        self.assertEqual(width("환불 a"), 6)
        self.assertEqual(pad("환불", 6), "환불  ")
        self.assertEqual(width(cut("환불은 언제까지", 7)), 7)


class KubeTest(unittest.TestCase):
    def test_paths_of_core_and_other_groups(self):
        self.assertEqual(resource_path("pods", "ns", labelSelector="a=b"), "/api/v1/namespaces/ns/pods?labelSelector=a%3Db")
        self.assertEqual(resource_path("modeldeployments", "ns", "m", "status"),
                         "/apis/llmops.dev/v1alpha1/namespaces/ns/modeldeployments/m/status")
        self.assertEqual(resource_path("namespaces", None, "x", fieldSelector=None), "/api/v1/namespaces/x")

    def test_rows_hold_the_columns_without_wide_ones(self):
        columns = [{"name": "Name"}, {"name": "Phase", "priority": 0}, {"name": "Message", "priority": 1}]
        rows = table_rows(columns, {"rows": [{"cells": ["m", None, "long"], "object": {"kind": "X"}}]})
        self.assertEqual(rows, [({"NAME": "m", "PHASE": None}, {"kind": "X"})])
        self.assertEqual(format_row(rows[0][0]), "m")
        self.assertEqual(format_row(rows[0][0], header=True).split(), ["NAME", "PHASE"])

    def test_a_condition_that_is_not_there_is_empty(self):
        self.assertEqual(condition({}, "Ready"), {})
        self.assertEqual(condition({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, "Ready")["status"], "True")


class ReleaseTest(unittest.TestCase):
    def test_settled_is_healthy_for_the_generation_that_was_asked_for(self):
        obj = {"metadata": {"generation": 2}, "status": {"phase": "Healthy", "observedGeneration": 1}}
        self.assertFalse(settled(obj))
        obj["status"]["observedGeneration"] = 2
        self.assertTrue(settled(obj))
        self.assertFalse(settled({"metadata": {"generation": 1}}))

    def test_what_is_waited_for_is_said_before_the_operator_has_looked(self):
        self.assertIn("first look", waiting_text({"metadata": {}}))
        self.assertIn("first look", waiting_text(None))


if __name__ == "__main__":
    unittest.main()
