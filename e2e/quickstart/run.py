#!/usr/bin/env python3
"""Installs llmops-operator on a local cluster and plays seven releases under load; see README.md.

usage: run.py [--build DIR]      DIR/bin holds the programs (build/release); ends with 0 when all went as it must
"""
import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "harness")]
import phases  # noqa: E402
from install import CannotRun, apply_golden_set, apply_sample, cluster_up, delete_namespace, install_chart, load_images  # noqa: E402
from kube import ApiError, Kube  # noqa: E402
from load import LoadRun, failure_lines  # noqa: E402
from paths import BUILD, CURRENT, SAMPLES  # noqa: E402
from reach import service_address  # noqa: E402
from release import Release, Unexpected, status  # noqa: E402
from report import arm_rows, result_document, table_rows, write_json  # noqa: E402
from screen import Screen  # noqa: E402

NAMESPACE, NAME = "llmops-quickstart", "support-bot"
RESULT = os.path.join(BUILD, "quickstart.json")
EMPTY = {"requests": 0, "failed": 0, "failedByKind": {}, "arms": {}, "revisions": {}, "failures": [], "late": 0, "streams": 0,
         "ms": {"p50": None, "p99": None}}


class Users:
    """The load client; it starts as soon as the Service has an address and counts from the first 200."""

    def __init__(self, screen, release):
        self.screen = screen
        self.release = release
        self.client = None
        self.address = None

    def start_when_possible(self):
        if self.client is None and (service := self.release.kube.get("services", NAMESPACE, NAME)):
            self.address = service_address(service)
            if self.address:
                self.client = LoadRun("http://{}:{}".format(*self.address), NAME, name="quickstart-load")

    def read(self):
        return self.client.read() if self.client else EMPTY

    def detail(self):
        self.start_when_possible()
        counts = self.read()
        return f"{counts['requests']} requests, {counts['failed']} failed"

    def stop(self):
        return self.client.stop() if self.client else EMPTY


def apply_samples(screen):
    for step in ("namespace.yaml", None, "prompts.yaml", "gate.yaml", "live-gate.yaml", "support-bot.yaml"):
        if step is None:
            screen.line("  $ kubectl create configmap support-golden --from-file=dataset.jsonl=e2e/engine/golden.jsonl")
            apply_golden_set(NAMESPACE)
        else:
            screen.line(f"  $ kubectl apply -f e2e/quickstart/{step}")
            apply_sample(os.path.join(SAMPLES, step))


def apply_guardrail(screen):
    screen.line("  $ kubectl apply -f e2e/quickstart/guardrail.yaml")
    apply_sample(os.path.join(SAMPLES, "guardrail.yaml"))


def prepare(screen, build):
    screen.heading("Cluster, images, chart")
    cluster_up()
    tag = load_images(build)
    # Leftovers go before the operator comes, so that it meets a clean namespace.
    delete_namespace(Kube(), NAMESPACE)
    screen.line(f"  $ helm upgrade --install llmops-operator charts/llmops-operator -n llmops-system --set image.tag={tag} …")
    install_chart(tag)


def play(quickstart, screen):
    phases.first_deploy(quickstart, lambda: apply_samples(screen))
    phases.better_prompt(quickstart)
    phases.brief_prompt(quickstart)
    phases.degraded_model(quickstart)
    phases.new_argument(quickstart)
    phases.fragile_engine(quickstart)
    phases.guardrail(quickstart, lambda: apply_guardrail(screen))


def show_result(screen, load, outcomes, quickstart_failed, began):
    screen.heading("Result")
    screen.table(table_rows(outcomes))
    screen.line()
    screen.table(arm_rows(load))
    screen.line()
    screen.line(f"  {load['requests']} requests ({load['streams']} streamed) at 20 a second without any retry, {load['failed']} failed, "
                f"the fragile engine failed {quickstart_failed}; "
                f"answers in {load['ms']['p50']} ms (median), {load['ms']['p99']} ms (99 of 100)")
    for line in failure_lines(load):
        screen.line(f"    failed: {line}")
    screen.line(f"  {time.monotonic() - began:.0f} s in all; the same as JSON: build/quickstart.json")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(BUILD, "release"))
    options = parser.parse_args()
    sys.stdout.reconfigure(errors="replace", line_buffering=True)
    began = time.monotonic()
    screen = Screen()
    if os.path.exists(RESULT):
        os.remove(RESULT)
    try:
        prepare(screen, options.build)
    except (CannotRun, RuntimeError) as problem:
        screen.line(f"error: {problem}")
        return 2
    release = Release(screen, NAMESPACE, NAME)
    users = Users(screen, release)
    release.detail = users.detail
    quickstart = phases.Quickstart(screen, release, users)
    problem = None
    try:
        play(quickstart, screen)
    except (Unexpected, ApiError, RuntimeError, OSError, ValueError, KeyboardInterrupt) as error:
        problem = error if str(error) else type(error).__name__
        if quickstart.outcomes and quickstart.outcomes[-1].seconds == 0:
            quickstart.outcomes[-1].result = status(release.object).get("phase", "Pending")
    finally:
        load = users.stop()
        release.close()
    write_json(RESULT, result_document(load, quickstart.outcomes, quickstart.failed_on_purpose))
    if problem:
        screen.heading("It went wrong")
        if problem != "KeyboardInterrupt":
            release.dump()
    show_result(screen, load, quickstart.outcomes, quickstart.failed_on_purpose, began)
    if problem:
        screen.line(f"error: {problem}")
        return 1
    if load["failed"] > quickstart.failed_on_purpose or not load["requests"]:
        screen.line("error: " + (f"{load['failed']} requests failed, {quickstart.failed_on_purpose} of them on purpose" if load["requests"]
                                 else "no request was answered"))
        return 1
    screen.line("  Everything stays: " + ("" if CURRENT else ". e2e/cluster/env.sh && ") +
                "kubectl get mdep -n llmops-quickstart; make quickstart-clean removes it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
