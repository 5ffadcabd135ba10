"""How the layers of tests are counted: what did not run has failed."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from layers import Count, last_lines, read_junit, read_quickstart  # noqa: E402

GOOD = {"requests": 10, "failed": 0,
        "phases": [{"result": r} for r in ("Healthy", "Promoted", "RolledBack", "RolledBack", "Promoted", "RolledBack", "Promoted")]}


class LayersTest(unittest.TestCase):
    def test_skipped_and_disabled_tests_count_as_failed(self):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write('<testsuite><testcase name="a" status="run"/><testcase name="b" status="fail"/>'
                       '<testcase name="c" status="notrun"><skipped/></testcase><testcase name="d" status="disabled"/></testsuite>')
            file.flush()
            count = Count()
            read_junit(file.name, count)
        self.assertEqual((count.passed, count.failed), (1, 3))

    def test_a_good_quickstart_is_eight_tests(self):
        count = Count()
        read_quickstart(GOOD, 0, count)
        self.assertEqual((count.passed, count.failed), (8, 0))

    def test_requests_that_an_engine_failed_on_purpose_are_no_failure(self):
        count = Count()
        read_quickstart({**GOOD, "failed": 2, "failedOnPurpose": 2}, 0, count)
        self.assertEqual((count.passed, count.failed), (8, 0))

    def test_a_quickstart_fails_for_a_wrong_phase_a_failed_request_and_its_exit_code(self):
        for document, code, failed in (({}, 1, 8), ({**GOOD, "failed": 1}, 1, 1), ({**GOOD, "failed": 3, "failedOnPurpose": 2}, 1, 1), ({**GOOD, "requests": 0}, 0, 1), (GOOD, 2, 1),
                                       ({**GOOD, "phases": GOOD["phases"][:6]}, 1, 1)):
            count = Count()
            read_quickstart(document, code, count)
            self.assertEqual(count.failed, failed, document)

    def test_the_last_line_is_that_of_ctest_and_never_says_100_percent_when_one_failed(self):
        lines, passed, failed = last_lines({"unit": Count(999, 0), "e2e": Count(0, 1, ["x"])})
        self.assertEqual((passed, failed), (999, 1))
        self.assertEqual(lines[-1], "99% tests passed, 1 tests failed out of 1000")
        self.assertEqual(last_lines({"unit": Count(3)})[0][-1], "100% tests passed, 0 tests failed out of 3")


if __name__ == "__main__":
    unittest.main()
