"""The engine of faults as scenarios use it: its manifest, the arguments that its program takes, its counters."""
import http.client
import json
import os
import subprocess
import sys
import unittest
from unittest import mock

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "e2e", "harness"), os.path.dirname(os.path.abspath(__file__))]
import fault_engine  # noqa: E402
from crd_check import document_problems  # noqa: E402
from fault_engine import FaultCounts, fault_backend, parse_counts, read_counts  # noqa: E402

EVERYTHING = {"error_share": 0.1, "stall_share": 0.1, "cut_share": 0.1, "refusal_share": 0.1, "first_token": "lognormal 120ms 0.4",
              "token_interval": "5ms", "tokens": 24, "answer": "So it is.", "load_time": "0s", "crash_while_loading": 0,
              "faults_after": "0s", "faults_from_message": 3, "seed": 1}


def program():
    """The built program, or None."""
    candidates = [os.environ.get("LLMOPS_FAULT_ENGINE", "")] + [os.path.join(ROOT, "build", p, "bin", "llmops-fault-engine") for p in ("release", "asan", "debug")]
    return next((path for path in candidates if path and os.path.exists(path)), None)


class Engine:
    """The program with the operator's arguments and these faults. Use as a context."""

    def __init__(self, **settings):
        engine = fault_backend(**settings)["pods"]["engine"]
        golden = os.path.join(ROOT, "e2e", "engine", "golden.jsonl")
        operators = ["--model", golden, "--alias", "bot-1a2b", "--host", "127.0.0.1", "--port", "0", "--metrics", "--cache-ram", "0"]
        self._process = subprocess.Popen([program(), *operators, *engine["args"]], stderr=subprocess.PIPE, text=True)
        line = self._process.stderr.readline()
        if "listening on" not in line:
            raise AssertionError(line + self._process.stderr.read())
        self.address = "127.0.0.1", int(line.split("listening on ")[1].split(",")[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()
        self._process.stderr.close()

    def ask(self, *texts):
        """(status, text) of a whole answer to these messages of a user."""
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        body = {"messages": [{"role": "user", "content": text} for text in texts], "max_tokens": 96}
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text)["choices"][0]["message"]["content"] if answer.status == 200 else ""


class ManifestTest(unittest.TestCase):
    def test_the_backend_fits_the_crd(self):
        document = {"apiVersion": "llmops.dev/v1alpha1", "kind": "ModelDeployment", "metadata": {"name": "bot"},
                    "spec": {"replicas": 1, "backend": fault_backend(**EVERYTHING), "prompt": {"messages": [{"role": "system", "content": "Help."}]}}}
        self.assertEqual(document_problems(document), [])

    def test_settings_win_over_what_is_usual(self):
        self.assertIn("--faults-from-message=2", fault_backend(error_share=1)["pods"]["engine"]["args"])
        arguments = fault_backend(faults_from_message=3)["pods"]["engine"]["args"]
        self.assertEqual([a for a in arguments if "from-message" in a], ["--faults-from-message=3"])


class ProgramTest(unittest.TestCase):
    def test_it_takes_every_setting_and_answers_the_golden_set_rightly(self):
        with open(os.path.join(ROOT, "e2e", "engine", "golden.jsonl"), encoding="utf-8") as lines, Engine(**EVERYTHING) as engine:
            items = [json.loads(line) for line in lines][:4]
            self.assertEqual([engine.ask(item["input"]) for item in items], [(200, item["reference"]) for item in items])

    def test_its_counters_tell_what_it_did(self):
        with Engine(error_share=1) as engine:
            self.assertEqual([engine.ask("a")[0], engine.ask("a", "b")[0], engine.ask("a", "b")[0]], [200, 500, 500])
            counts = read_counts(engine.address)
        self.assertEqual(set(counts), set(fault_engine.OUTCOMES))
        self.assertEqual((counts["spared"], counts["error"], counts["ok"]), (1, 2, 0))


class FakeRelease:
    def __init__(self):
        self.list = []

    def pods(self, component):
        return self.list if component == "engine" else []


def pod(uid, serving_hash, restarts=0, state="running"):
    return {"metadata": {"uid": uid, "labels": {"llmops.dev/serving-hash": serving_hash}},
            "status": {"podIP": uid, "containerStatuses": [{"restartCount": restarts, "state": {state: {}}}]}}


class FaultCountsTest(unittest.TestCase):
    def setUp(self):
        self.release, self.answers = FakeRelease(), {}
        self.counts = FaultCounts(self.release)

        def read(address):
            if address[0] not in self.answers:
                raise ConnectionRefusedError
            return self.answers[address[0]]

        patch = mock.patch.object(fault_engine, "read_counts", read)
        patch.start()
        self.addCleanup(patch.stop)

    def test_what_a_pod_did_counts_when_it_has_gone_and_when_it_began_anew(self):
        self.release.list = [pod("a", "old"), pod("b", "new"), pod("c", "new", state="waiting")]
        self.answers = {"a": {"ok": 5, "error": 1}, "b": {"ok": 2, "cut": 1, "refusal": 3}, "c": {"ok": 100}}
        self.counts.look()
        self.answers["b"] = {"ok": 4, "cut": 2, "refusal": 3}
        self.counts.look()
        self.release.list = [pod("b", "new", restarts=1), pod("d", "new")]
        self.answers = {"b": {"ok": 1, "stall": 1}}  # d does not listen yet
        self.counts.look()
        self.assertEqual(self.counts.totals()["ok"], 5 + 4 + 1)
        self.assertEqual(self.counts.totals("new"), {**dict.fromkeys(fault_engine.OUTCOMES, 0), "ok": 5, "cut": 2, "refusal": 3, "stall": 1})
        self.assertEqual((self.counts.failures("new"), self.counts.failures("old"), self.counts.failures()), (3, 1, 4))

    def test_other_metrics_are_passed_over(self):
        text = '# TYPE x counter\nfault_engine_requests_total{outcome="ok"} 3\nother_total{outcome="ok"} 4\n'
        self.assertEqual(parse_counts(text), {"ok": 3})


if __name__ == "__main__":
    unittest.main()
