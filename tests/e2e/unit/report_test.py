"""The quickstart's decisions and its JSON, from EvalRuns as the operator writes them."""
import os
import sys
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.path[:0] = [os.path.join(ROOT, "e2e", "quickstart"), os.path.join(ROOT, "e2e", "harness")]
from evidence import decision_of, metric_by_scorer, metric_line  # noqa: E402
from phases import Outcome  # noqa: E402
from report import arm_rows, result_document, table_rows  # noqa: E402

LATENCY = {"name": "latency", "scorer": "latency", "verdict": "Successful", "candidate": "4.2", "stable": "5.1", "difference": "-0.9",
           "margin": "500", "n": 60, "scored": 60, "unscored": 0}
ANSWERS = {"name": "answer-contains", "scorer": "contains", "verdict": "Failed", "candidate": "0.6667", "stable": "1",
           "difference": "-0.3333", "margin": "0.1", "n": 60, "scored": 60, "unscored": 0}


def eval_run(phase, metrics):
    return {"metadata": {"name": "m-run-2-1-0-0"}, "spec": {"gate": "support-golden", "run": 2, "step": 1},
            "status": {"phase": phase, "metrics": metrics}}


class EvidenceTest(unittest.TestCase):
    def test_the_decision_names_the_metric_that_made_the_verdict(self):
        self.assertEqual(decision_of([eval_run("Failed", [LATENCY, ANSWERS])]), {
            "gate": "support-golden", "metric": "answer-contains", "value": -0.3333, "margin": 0.1, "n": 60, "verdict": "Failed"})

    def test_where_all_passed_it_is_the_first_gates_and_else_the_one_that_did_not_let_it_pass(self):
        live = {"name": "error-rate", "scorer": "error-rate", "verdict": "Failed", "candidate": "0.5000", "stable": "0.0000",
                "difference": "0.5000", "margin": "10 %", "n": 12, "scored": 12, "unscored": 0}
        golden, watching = eval_run("Successful", [{**ANSWERS, "verdict": "Successful"}]), eval_run("Failed", [live])
        self.assertEqual(decision_of([golden, watching])["metric"], "error-rate")
        self.assertEqual(decision_of([golden, watching])["margin"], 10)
        self.assertEqual(decision_of([golden, eval_run("Successful", [{**live, "verdict": "Successful"}])])["metric"], "answer-contains")

    def test_without_a_stable_the_value_is_the_candidates_own_and_there_is_no_margin(self):
        first = {"name": "answer-contains", "scorer": "contains", "verdict": "Successful", "candidate": "0.9167", "margin": "0.1",
                 "n": 60, "scored": 60, "unscored": 0}
        decision = decision_of([eval_run("Successful", [first])])
        self.assertEqual((decision["value"], decision["margin"]), (0.9167, None))

    def test_nothing_judged_is_a_decision_of_nulls(self):
        self.assertEqual(set(decision_of([eval_run("Running", [])]).values()), {None})

    def test_a_metric_is_found_by_its_scorer_and_told_in_words(self):
        run = eval_run("Failed", [ANSWERS, LATENCY])
        self.assertEqual(metric_by_scorer(run, "latency")["name"], "latency")
        self.assertIsNone(metric_by_scorer(run, "regex"))
        self.assertEqual(metric_line(ANSWERS), "answer-contains 0.6667 against 1 of stable (difference -0.3333, margin 0.1), n 60, "
                                               "unscored 0: Failed")


class ReportTest(unittest.TestCase):
    def setUp(self):
        self.outcome = Outcome("brief-prompt", "RolledBack", 7.26, 0, decision_of([eval_run("Failed", [ANSWERS])]))
        self.load = {"requests": 12, "failed": 0, "failedOnPurpose": 0, "arms": {"stable": 10, "candidate": 2},
                     "revisions": {"stable 1": 4, "stable 2": 6, "candidate 2": 2}}

    def test_the_document_has_the_promised_shape(self):
        document = result_document(self.load, [self.outcome])
        self.assertEqual(document, {"requests": 12, "failed": 0, "failedOnPurpose": 0, "arms": {"candidate": 2, "stable": 10}, "phases": [
            {"name": "brief-prompt", "result": "RolledBack", "seconds": 7.3, "newPods": 0, "decision": {
                "gate": "support-golden", "metric": "answer-contains", "value": -0.3333, "margin": 0.1, "n": 60, "verdict": "Failed"}}]})

    def test_the_table_has_a_row_for_each_phase_and_each_arm(self):
        rows = table_rows([self.outcome, Outcome("later")])
        self.assertEqual(rows[1][:4], ("brief-prompt", "RolledBack", "7.3", 0))
        self.assertEqual(rows[2][4:], ("–",) * 6)
        self.assertEqual(arm_rows(self.load)[1:], [("stable", "1", 4), ("candidate", "2", 2), ("stable", "2", 6)])


if __name__ == "__main__":
    unittest.main()
