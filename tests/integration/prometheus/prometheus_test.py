"""The evaluator's program against a real Prometheus. usage: prometheus_test.py EVALUATOR [unittest arguments]"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from servers import Exporter, Prometheus, authority, proxy

EVALUATOR = sys.argv.pop(1)
CANDIDATE, STABLE = "cccccccccc", "aaaaaaaaaa"
RATIO = f'answered_ratio{{revision="{CANDIDATE}"}}'
TOKEN = "a-token-of-the-endpoint"


class Gate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.exporter = Exporter()
        cls.exporter.ratios = {CANDIDATE: 0.99, STABLE: 0.98}
        cls.prometheus = Prometheus(cls.folder, cls.exporter)
        cls.addClassCleanup(cls.prometheus.stop)
        cls.prometheus.wait_for(RATIO, 0.99)

    def setUp(self):
        self.set_ratio(0.99)

    def set_ratio(self, ratio):
        self.exporter.ratios[CANDIDATE] = ratio
        self.prometheus.wait_for(RATIO, ratio)

    def begin(self, metrics, url=None, token=None, ca=None):
        place = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        for key, text in (("url", url or self.prometheus.url), ("token", token), ("ca", ca)):
            if text is not None:
                (place / key).write_text(text + "\n")
        spec = {"version": "evalspec/v1", "evalRun": "bot-run-1",
                "prometheus": {"endpointRef": {"name": "prometheus"},
                               "metrics": [{"name": f"m{i}", **metric} for i, metric in enumerate(metrics)]}}
        (place / "spec.json").write_text(json.dumps(spec))
        return place, subprocess.Popen(
            [EVALUATOR, "--spec", place / "spec.json", "--endpoint", place, "--termination-log", place / "end",
             "--items", place / "items"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self, place, process):
        out, told = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, told)
        self.assertNotIn(TOKEN, out + told + (place / "end").read_text() + (place / "items").read_text())
        self.assertEqual(out, "")
        return json.loads((place / "end").read_text())

    def judge(self, *metrics, **endpoint):
        return self.end(*self.begin(metrics, **endpoint))

    def says(self, verdict, message, *metrics, **endpoint):
        summary = self.judge(*metrics, **endpoint)
        self.assertEqual(summary["verdict"], verdict, summary)
        self.assertIn(message, summary["message"])
        return summary

    def test_a_ratio_that_is_high_enough_passes_after_its_count(self):
        summary = self.says("Successful", "3 of 3 measurements successful: [0.99], [0.99], [0.99]",
                            {"query": RATIO, "successCondition": "result[0] >= 0.95", "interval": "1s", "count": 3})
        metric = summary["metrics"][0]
        self.assertEqual((metric["n"], metric["scored"], metric["unscored"]), (3, 3, 0))
        self.assertEqual((metric["candidate"], metric["scorer"]), ("0.99", "prometheus"))

    def test_a_ratio_that_is_too_low_fails_at_once(self):
        self.set_ratio(0.5)
        self.says("Failed", "m1: 0 of 1 measurements successful, 1 failed (allowed 0): [0.5]",
                  {"query": "up", "successCondition": "result[0] == 1", "interval": "1h", "count": 2},
                  {"query": RATIO, "successCondition": "result[0] >= 0.95"})

    def test_a_ratio_that_falls_fails_when_the_limit_is_passed(self):
        place, process = self.begin([{"query": RATIO, "failureCondition": "result[0] < 0.95", "interval": "1s",
                                      "count": 1000, "failureLimit": 1}])
        self.assertEqual(process.stderr.readline(), "m0: Successful [0.99]\n")
        self.set_ratio(0.9)
        summary = self.end(place, process)
        self.assertEqual(summary["verdict"], "Failed", summary)
        self.assertIn("2 failed (allowed 1)", summary["message"])
        phases = [json.loads(line)["phase"] for line in (place / "items").read_text().splitlines()]
        self.assertEqual(phases[-2:], ["Failed", "Failed"])
        self.assertEqual(set(phases[:-2]), {"Successful"})

    def test_between_both_conditions_is_inconclusive(self):
        self.set_ratio(0.92)
        self.says("Inconclusive", "[0.92]", {"query": RATIO, "successCondition": "result[0] >= 0.95",
                                             "failureCondition": "result[0] < 0.9"})

    def test_arms_can_be_compared_in_the_query(self):
        self.says("Successful", "1 of 1", {
            "query": f'scalar({RATIO}) - scalar(answered_ratio{{revision="{STABLE}"}})',
            "successCondition": "result >= -0.02 && result < 1"})

    def test_every_series_of_a_vector_is_held_against_the_condition(self):
        self.says("Successful", "[", {"query": "answered_ratio", "successCondition":
                                      "len(result) == 2 && result.all(ratio, ratio > 0.9)"})
        self.says("Failed", "[", {"query": "answered_ratio", "successCondition": "result.all(ratio, ratio > 0.985)"})

    def test_no_series_is_an_error_where_nobody_thought_of_it(self):
        limit = {"query": 'answered_ratio{revision="0000000000"}', "consecutiveErrorLimit": 0}
        for condition in ("result[0] >= 0.95", "result.all(ratio, ratio >= 0.95)"):
            self.says("Error", "the query gave no series", {**limit, "successCondition": condition})
        self.says("Error", "index out of bounds: 1",
                  {"query": RATIO, "successCondition": "result[1] >= 0.95", "consecutiveErrorLimit": 0})
        self.says("Successful", "[]", {**limit, "successCondition": "len(result) == 0 || result[0] >= 0.95"})

    def test_nan_is_inconclusive_where_nobody_thought_of_it(self):
        ratio = {"query": "vector(0) / vector(0)"}
        for condition in ({"successCondition": "result[0] >= 0.95"}, {"failureCondition": "result[0] < 0.95"}):
            self.says("Inconclusive", "[NaN]", {**ratio, **condition})
        self.says("Successful", "[NaN]", {**ratio, "successCondition": "isNaN(result[0]) || result[0] >= 0.95"})
        self.says("Successful", "[+Inf]", {"query": "vector(1) / vector(0)", "successCondition": "isInf(result[0])"})

    def test_what_prometheus_refuses_is_an_error_in_its_words(self):
        metric = {"successCondition": "result[0] > 0", "consecutiveErrorLimit": 0}
        self.says("Error", "bad_data: invalid parameter", {**metric, "query": "sum(("})
        self.says("Error", "of the type matrix", {**metric, "query": RATIO + "[1m]"})

    def test_nobody_there_is_an_error_after_the_limit(self):
        summary = self.says("Error", "3 errors", {"query": "up", "successCondition": "result[0] == 1", "interval": "1s",
                                                  "count": 5, "consecutiveErrorLimit": 2}, url="http://127.0.0.1:1")
        self.assertEqual(summary["metrics"][0]["unscored"], 3)
        self.says("Error", "endpoint: found another url",
                  {"query": "up", "successCondition": "result[0] == 1", "consecutiveErrorLimit": 0}, url="ftp://x")

    def test_a_token_and_an_authority_open_an_endpoint_and_others_do_not(self):
        certificate, tls = authority(self.folder, "ours")
        foreign, _ = authority(self.folder, "foreign")
        url = f"https://127.0.0.1:{proxy(self.prometheus, TOKEN, tls)}/prom/"
        metric = {"query": RATIO, "successCondition": "result[0] == 0.99", "consecutiveErrorLimit": 0}
        self.says("Successful", "1 of 1", metric, url=url, token=TOKEN, ca=certificate.read_text())
        self.says("Error", "status 401", metric, url=url, token=TOKEN[:-1], ca=certificate.read_text())
        self.says("Error", "status 401", metric, url=url, ca=certificate.read_text())
        self.says("Error", "", metric, url=url, token=TOKEN, ca=foreign.read_text())
        self.says("Error", "", metric, url=url, token=TOKEN)

    def test_a_proxy_that_lets_reads_through_alone_is_read(self):
        url = f"http://127.0.0.1:{proxy(self.prometheus, None, reads_alone=True)}"
        self.says("Successful", "1 of 1", {"query": RATIO, "successCondition": "result[0] == 0.99"}, url=url)


if __name__ == "__main__":
    unittest.main()
