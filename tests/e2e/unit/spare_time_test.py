"""What is built beside the scenarios: one after another, at the lowest priority, and never in the way."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from layers import LAYERS, later_work  # noqa: E402
from spare_time import SpareTime  # noqa: E402


class SpareTimeTest(unittest.TestCase):
    def run_all(self, commands):
        """What they print, each in one empty folder."""
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "log")
            SpareTime(commands, folder, os.environ, log).wait()
            with open(log, encoding="utf-8") as file:
                return file.read()

    def test_commands_run_in_their_order_and_a_failure_stops_none(self):
        self.assertEqual(self.run_all([["sh", "-c", "echo one > file"], ["false"], ["cat", "file"]]), "one\n")

    def test_commands_and_what_they_start_step_back(self):
        policy = [sys.executable, "-c", "import os; print(os.sched_getscheduler(0) == os.SCHED_IDLE)"]
        self.assertEqual(self.run_all([policy, ["sh", "-c", '"$0" "$@"; true', *policy]]), "True\nTrue\n")

    def test_sanitized_tests_are_built_where_their_layers_follow(self):
        self.assertEqual([command[-1] for command in later_work(["e2e"])], ["argocd"])
        self.assertEqual(later_work(LAYERS)[-1], ["ninja", "-C", "build/asan", "tests_unit", "tests_simulation"])

    def test_layers_that_are_built_meanwhile_come_after_the_scenarios(self):
        self.assertGreater(min(LAYERS.index("unit"), LAYERS.index("simulation")), LAYERS.index("e2e"))


if __name__ == "__main__":
    unittest.main()
