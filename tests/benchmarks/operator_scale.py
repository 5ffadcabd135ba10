#!/usr/bin/env python3
"""The operator beside Argo Rollouts, with as many objects and the same steps: memory, CPU and API requests for each release, held
against the bars of the design.

usage: operator_scale.py [--settled 1000] [--moving 100] [--rounds 3] [--cached 10000] [--only operator|argo|cached|local]   (root)

Each runs alone, against an etcd and a kube-apiserver of its own with KWOK's pods that are ready at once, in a network namespace
of its own. A release is a change of the engine's image: 20 %, 2 s, 50 %, 2 s, 100 %. No client has a limit that it meets, nobody
elects a leader. Gateways are answered for by scale/gateways.py, which is not counted. Figures: build/operator-scale.json.
"""
import argparse
import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "scale"), str(HERE.parents[1] / "e2e" / "harness")]
from bars import print_bars  # noqa: E402
from figures import Meter, PeakMemory, memory  # noqa: E402
from local import local_figures  # noqa: E402
from subjects import (BATCH, BATCH_SIZE, MOVING, PER_NAMESPACE, ArgoRollouts, Operator, PendingOperator, namespace_of,  # noqa: E402
                      release_binary)
from world import BURST, REQUESTS_PER_SECOND, World, enter_network_namespace  # noqa: E402

ROOT = HERE.parents[1]
RESULT = ROOT / "build" / "operator-scale.json"
IDLE_SECONDS, REST_SECONDS = 4, 20
# An object that has rested leaves writes behind that belong to it.
SETTLE_SECONDS = 6
POLL_SECONDS = 0.5


def say(text):
    print(text, flush=True)


class Run:
    """One subject in one world."""

    def __init__(self, world, subject, options):
        self._world, self._subject, self._options, self._kube = world, subject, options, world.kube

    def start(self):
        self._process = self._subject.start(self._world)
        time.sleep(IDLE_SECONDS)
        return self._process

    def create(self, count, moving):
        """The first `moving` of them move; a batch after another, each of which comes to rest."""
        began = time.monotonic()
        for number in range((count - 1) // PER_NAMESPACE + 1):
            self._kube.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace_of(number * PER_NAMESPACE)}})
        for first in range(0, count, BATCH_SIZE):
            for index in range(first, min(first + BATCH_SIZE, count)):
                self._kube.request("POST", self._subject.create_path(index), self._subject.created(index, index < moving))
            self.wait_at_rest(BATCH, str(first // BATCH_SIZE))
        return time.monotonic() - began

    def wait_at_rest(self, label, value):
        deadline = time.monotonic() + self._options.patience
        while True:
            things = self._kube.request("GET", self._subject.list_path(label, value))["items"]
            busy = [thing for thing in things if not self._subject.at_rest(thing)]
            if not busy:
                return
            if dead := self._world.dead():
                sys.exit(f"operator_scale: {dead}")
            if time.monotonic() > deadline:
                first = busy[0]
                sys.exit(f"operator_scale: {len(busy)} of {len(things)} not at rest after {self._options.patience} s, "
                         f"{first['metadata']['name']}: {self._subject.stands(first)}")
            time.sleep(POLL_SECONDS)

    def release(self, number, moving):
        """All that move at once; returns how long it took."""
        began = time.monotonic()
        change = self._subject.change(number)
        kind = "application/merge-patch+json" if isinstance(change, dict) else "application/json-patch+json"
        for index in range(moving):
            self._kube.request("PATCH", self._subject.object_path(index), change, content_type=kind)
        self.wait_at_rest(MOVING, "true")
        return time.monotonic() - began


def measure_releases(subject, options):
    """Idle, at rest with all objects, and while some are released over and over."""
    with World(subject.name, subject.crds) as world:
        run = Run(world, subject, options)
        if subject.needs_gateways:
            world.start_python(HERE / "scale" / "gateways.py", environment={"KUBECONFIG": str(world.kubeconfig)})
        process = run.start()
        result = {"idle": memory(process.pid)}
        meter = Meter(process.pid, world.audit_log, subject.name)
        with PeakMemory(process.pid) as peak:
            result["createSeconds"] = round(run.create(options.settled + options.moving, options.moving), 1)
        result["create"] = {**meter.take().document(options.settled + options.moving), "memory": peak.peak}
        say(f"{subject.name}: {options.settled + options.moving} at rest after {result['createSeconds']} s")
        time.sleep(SETTLE_SECONDS)
        meter.take()
        time.sleep(REST_SECONDS)
        result["rest"] = {**meter.take().document(), "memory": memory(process.pid)}
        with PeakMemory(process.pid) as peak:
            seconds = []
            for number in range(1, options.rounds + 1):
                seconds.append(round(run.release(number, options.moving), 1))
                say(f"{subject.name}: round {number}, {options.moving} releases in {seconds[-1]} s")
            time.sleep(SETTLE_SECONDS)
        releases = options.rounds * options.moving
        result["moving"] = {**meter.take().document(releases), "releases": releases, "roundSeconds": seconds, "memory": peak.peak}
        result["after"] = memory(process.pid)
        world.end(process)
        process = run.start()
        time.sleep(SETTLE_SECONDS)
        result["restarted"] = memory(process.pid)
        if options.keep_log:
            (ROOT / "build" / f"operator-scale-{subject.name}.log").write_bytes((world.folder / f"{Path(process.args[0]).name}.log").read_bytes())
        return result


def measure_cached(subject, options):
    """Many objects that wait for something: grown to, and after a restart that lists them all."""
    with World("cached", with_pods=False) as world:
        run = Run(world, subject, options)
        process = run.start()
        result = {"objects": options.cached, "idle": memory(process.pid)}
        result["createSeconds"] = round(run.create(options.cached, 0), 1)
        time.sleep(SETTLE_SECONDS)
        result["grown"] = memory(process.pid)
        world.end(process)
        process = run.start()
        time.sleep(SETTLE_SECONDS)
        result["restarted"] = memory(process.pid)
        return result


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--settled", type=int, default=1000, help="objects that rest")
    parser.add_argument("--moving", type=int, default=100, help="objects that are released again and again")
    parser.add_argument("--rounds", type=int, default=3, help="releases of each that moves")
    parser.add_argument("--cached", type=int, default=10000, help="ModelDeployments that are only known")
    parser.add_argument("--patience", type=int, default=180, help="seconds until something that does not come to rest ends the run")
    parser.add_argument("--only", choices=["operator", "argo", "cached", "local"], action="append", help="a part of it; may be given again")
    parser.add_argument("--keep-log", action="store_true", help="copy the logs of both to build/")
    return parser.parse_args(arguments)


def main(arguments):
    options = options_of(arguments)
    enter_network_namespace([sys.executable, "-B", __file__, *arguments])
    wanted = options.only or ["local", "operator", "argo", "cached"]
    operator = release_binary("llmops-operator")
    say(f"{options.settled} settled and {options.moving} moving objects each; clients' limits {REQUESTS_PER_SECOND} requests/s "
        f"(burst {BURST}; the operator has none), no leader election, --max-concurrent-releases={options.moving}")
    figures = {"options": vars(options)}
    if "local" in wanted:
        figures["local"] = local_figures(ROOT / "build" / "release")
    if "operator" in wanted:
        figures["operator"] = measure_releases(Operator(operator, options.moving), options)
    if "argo" in wanted:
        figures["argo"] = measure_releases(ArgoRollouts(), options)
    if "cached" in wanted:
        figures["cached"] = measure_cached(PendingOperator(operator, options.moving), options)
    RESULT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print_bars(figures)
    say(f"raw figures: {RESULT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
