#!/usr/bin/env python3
"""Faults and bad input on the real cluster. Ends with 1 when a check failed.

usage: run.py [SCENARIO…] [--build DIR] [--keep]
"""
import argparse
import importlib
import json
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "scenarios")]
from stage import AuditLog, Stage  # noqa: E402
from install import CannotRun, cluster_up, install_chart, load_images  # noqa: E402
from paths import BUILD, CURRENT  # noqa: E402
from screen import Screen  # noqa: E402

SCENARIOS = ("chart", "engine_killed", "gateway_deleted", "bad_input", "upgrade", "operator_killed", "role_injection", "guardrails", "steering",
             "scarce_accelerators", "leader_lost", "storm", "api_server_stopped", "admission", "silence")

# What only works where the node is this machine, or users reach a Service: elsewhere they are forwarded to one gateway.
NEEDS_THE_NODE = ("gateway_deleted", "storm", "bad_input", "upgrade", "scarce_accelerators", "leader_lost", "api_server_stopped", "silence")


def play(screen, name, options):
    """The checks of one scenario; one that breaks off has failed."""
    stage = Stage(screen, name, options)
    began = time.monotonic()
    try:
        with stage:
            try:
                importlib.import_module(name).run(stage)
            except Exception as error:  # whatever it is, the other scenarios still run
                stage.check("the scenario runs to its end", False, f"{type(error).__name__}: {error}")
                screen.line(traceback.format_exc())
                for text in dump(stage):
                    screen.line("    " + text)
    except Exception as error:
        stage.check("the stage can be set up and left clean", False, f"{type(error).__name__}: {error}")
    screen.line(f"  {time.monotonic() - began:.0f} s")
    return stage.checks


def rights_suffice(screen, audit):
    """Over all scenarios: the chart's rights and the gateways' Roles lack nothing that is used."""
    screen.heading("rights")
    forbidden = audit.forbidden()
    screen.line(f"  {'FAIL' if forbidden else 'PASS'}  operator and gateways ask for nothing that they may not do: "
                f"{len(forbidden)} refused{''.join(f'{chr(10)}        {text}' for text in forbidden[:5])}")
    return {"scenario": "rights", "check": "operator and gateways ask for nothing that they may not do", "passed": not forbidden,
            "figures": "; ".join(forbidden[:5])}


def dump(stage):
    """What a person would look at first."""
    from kube import kubectl
    for arguments in (("get", "mdep,pods,evalruns", "-o", "wide", "-n", stage.namespace),
                      ("get", "events", "-n", stage.namespace, "--sort-by=.metadata.creationTimestamp"),
                      ("logs", "-n", "llmops-system", "-l", "app.kubernetes.io/name=llmops-operator", "--tail=30")):
        yield "$ kubectl " + " ".join(arguments)
        yield from kubectl(*arguments, check=False).splitlines()[-40:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--build", default=os.path.join(BUILD, "release"))
    parser.add_argument("--keep", action="store_true", help="leave the namespaces")
    options = parser.parse_args()
    sys.stdout.reconfigure(errors="replace", line_buffering=True)
    screen = Screen()
    checks = []
    try:
        cluster_up()
        options.tag = load_images(options.build)
        install_chart(options.tag)
    except (CannotRun, RuntimeError) as problem:
        screen.line(f"error: {problem}")
        checks.append({"scenario": "setup", "check": "the product is installed on a cluster", "passed": False, "figures": str(problem)})
    else:
        audit = None if CURRENT else AuditLog()
        for name in options.scenarios or SCENARIOS:
            if CURRENT and name in NEEDS_THE_NODE:
                screen.line(f"  {name}: left out, it needs the node itself (audit log, images under other names)")
                continue
            checks += play(screen, name, options)
        if audit:
            checks.append(rights_suffice(screen, audit))
    passed = sum(c["passed"] for c in checks)
    os.makedirs(BUILD, exist_ok=True)
    with open(os.path.join(BUILD, "e2e.json"), "w", encoding="utf-8") as file:
        json.dump({"passed": passed, "failed": len(checks) - passed, "checks": checks}, file, ensure_ascii=False, indent=1)
    screen.line()
    for check in checks:
        if not check["passed"]:
            screen.line(f"FAIL  {check['scenario']}: {check['check']}: {check['figures']}")
    screen.line(f"{passed} passed, {len(checks) - passed} failed")
    return 0 if passed == len(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
