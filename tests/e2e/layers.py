#!/usr/bin/env python3
"""Runs the layers of tests one after another, counts each, and ends as ctest does. A layer that cannot run has failed.

usage: layers.py [crash-plans] [integration] [e2e] [unit] [simulation]     (all without an argument)
Results: build/test/<layer>.xml or .json, build/test/summary.txt ("N passed, N failed").
"""
import dataclasses
import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "e2e", "harness")]
from install import CannotRun, cluster_up  # noqa: E402
from paths import BUILD, CURRENT, environment  # noqa: E402
from spare_time import SpareTime  # noqa: E402

RESULTS = os.path.join(BUILD, "test")
EXPECTED = ["Healthy", "Promoted", "RolledBack", "RolledBack", "Promoted", "RolledBack", "Promoted"]
# Layer → (preset, label of ctest). The sanitizers play a sample of the crash plans, the optimised build plays all.
CTEST = {"crash-plans": ("release", "simulation"), "integration": ("release", "integration"), "unit": ("asan", "unit"),
         "simulation": ("asan", "simulation")}
# What needs the sanitizers comes last: it is compiled while scenarios wait.
LAYERS = ["crash-plans", "integration", "e2e", "unit", "simulation"]
PROGRAMS = ["llmops-operator", "llmops-gateway", "llmops-evaluator", "llmops", "llmops-fault-engine"]


@dataclasses.dataclass
class Count:
    passed: int = 0
    failed: int = 0
    problems: list = dataclasses.field(default_factory=list)
    seconds: float = 0.0

    def fail(self, problem):
        self.failed += 1
        self.problems.append(problem)


def say(text):
    print(text, flush=True)


def run(command):
    return subprocess.run(command, cwd=ROOT, env=environment()).returncode


def build(preset, targets, count):
    """True when these targets of the preset are built."""
    if not os.path.exists(os.path.join(BUILD, preset, "build.ninja")) and run(["cmake", "--preset", preset]) != 0:
        count.fail(f"cmake --preset {preset} failed")
        return False
    if run(["ninja", "-C", os.path.join("build", preset), "--quiet", *targets]) != 0:
        count.fail(f"the {preset} build failed")
        return False
    return True


def read_junit(path, count):
    """A test that was skipped, disabled or not run counts as failed: nothing is left out in silence."""
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        if case.get("status") == "run":
            count.passed += 1
        else:
            count.fail(f"{case.get('name')} ({case.get('status')})")


def run_ctest(layer, count):
    preset, label = CTEST[layer]
    if not build(preset, [f"tests_{label}"], count):
        return
    if layer == "integration":
        try:
            cluster_up()
        except CannotRun as problem:
            count.fail(f"no cluster: {problem}")
            return
    report = os.path.join(RESULTS, f"{layer}.xml")
    if os.path.exists(report):
        os.remove(report)
    jobs = str(os.cpu_count() if layer != "integration" else 1)
    code = run(["ctest", "--test-dir", os.path.join("build", preset), "-L", f"^({label})$", "--output-on-failure", "--output-junit",
                report, "-j", jobs, "--progress"])
    if not os.path.exists(report):
        count.fail(f"ctest ended with {code} and without a report")
        return
    read_junit(report, count)
    if count.passed + count.failed == 0:
        count.fail(f"no test has the label {label}")
    if code != 0 and count.failed == 0:
        count.fail(f"ctest ended with {code}")


def read_quickstart(document, code, count):
    """Each phase is a test, and that no request failed but by the engine that fails on purpose is one more."""
    results = [phase["result"] for phase in document.get("phases", [])]
    for i, wanted in enumerate(EXPECTED):
        found = results[i] if i < len(results) else "not reached"
        if found == wanted:
            count.passed += 1
        else:
            count.fail(f"quickstart phase {i + 1}: {found}, expected {wanted}")
    if document.get("requests", 0) > 0 and document.get("failed", 1) <= document.get("failedOnPurpose", 0):
        count.passed += 1
    else:
        count.fail(f"quickstart: {document.get('failed')} of {document.get('requests')} requests failed")
    if code != 0 and count.failed == 0:
        count.fail(f"the quickstart ended with {code}")


def read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def later_work(layers):
    """What scenarios and the layers after them need built."""
    commands = [] if CURRENT else [["e2e/cluster/build.sh", "argocd"]]
    labels = [CTEST[layer][1] for layer in layers if layer in CTEST and CTEST[layer][0] == "asan"]
    if labels:
        commands += [["cmake", "--preset", "asan"], ["ninja", "-C", "build/asan", *(f"tests_{label}" for label in labels)]]
    return commands


def run_e2e(count, layers):
    if not build("release", PROGRAMS, count):
        return
    spare_time = SpareTime(later_work(layers), ROOT, environment(), os.path.join(RESULTS, "spare-time.log"))
    for name in ("quickstart.json", "e2e.json"):
        if os.path.exists(os.path.join(BUILD, name)):
            os.remove(os.path.join(BUILD, name))
    code = run([sys.executable, "-B", "e2e/quickstart/run.py"])
    read_quickstart(read_json(os.path.join(BUILD, "quickstart.json")), code, count)
    code = run([sys.executable, "-B", "tests/e2e/run.py"])
    checks = read_json(os.path.join(BUILD, "e2e.json")).get("checks", [])
    for check in checks:
        if check["passed"]:
            count.passed += 1
        else:
            count.fail(f"{check['scenario']}: {check['check']}: {check['figures'][:1000]}")
    if code != 0 and all(check["passed"] for check in checks):
        count.fail(f"the scenarios ended with {code}")
    spare_time.wait()


def last_lines(counts):
    """As ctest ends: the percentage, and what failed."""
    passed = sum(c.passed for c in counts.values())
    failed = sum(c.failed for c in counts.values())
    total = passed + failed
    lines = [f"{layer:<12} {c.passed:>5} passed  {c.failed:>3} failed  {c.seconds:7.1f} s" for layer, c in counts.items()]
    lines += [f"  failed: {layer}: {problem}" for layer, c in counts.items() for problem in c.problems]
    # Never "100 %" while one failed.
    share = 100 if failed == 0 else min(99, 100 * passed // max(1, total))
    lines.append(f"{share}% tests passed, {failed} tests failed out of {total}")
    return lines, passed, failed


def main(arguments):
    if unknown := [name for name in arguments if name not in LAYERS]:
        sys.exit(f"unknown layer {unknown[0]}, allowed {', '.join(LAYERS)}")
    layers = [name for name in LAYERS if name in arguments or not arguments]
    os.makedirs(RESULTS, exist_ok=True)
    summary = os.path.join(RESULTS, "summary.txt")
    if os.path.exists(summary):
        os.remove(summary)
    counts = {}
    for layer in layers:
        say(f"\n=== {layer}")
        count = counts[layer] = Count()
        began = time.monotonic()
        run_e2e(count, layers) if layer == "e2e" else run_ctest(layer, count)
        count.seconds = time.monotonic() - began
    lines, passed, failed = last_lines(counts)
    with open(summary, "w", encoding="utf-8") as file:
        file.write(f"{passed} passed, {failed} failed\n")
    say("\n" + "\n".join(lines))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
