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
import rights  # noqa: E402
from stage import OPERATOR_USER, AuditLog, Stage, is_evaluator, is_gateway  # noqa: E402
from install import RELEASE, SYSTEM_NAMESPACE, CannotRun, cluster_up, install_chart, load_images  # noqa: E402
from kube import Kube, kubectl  # noqa: E402
from paths import BUILD, CURRENT  # noqa: E402
from screen import Screen  # noqa: E402

SCENARIOS = ("chart", "engine_killed", "gateway_deleted", "bad_input", "attempts", "locked_down", "upgrade", "operator_killed", "role_injection",
             "guardrails", "steering", "scarce_accelerators", "leader_lost", "live_gates", "prometheus_gates", "storm", "argocd_lua", "argocd",
             "api_server_stopped", "admission", "restore", "retention", "silence", "uninstall")

# What only works where the node is this machine, or users reach a Service: elsewhere they are forwarded to one gateway. And
# what nobody wants in a cluster of his own: `uninstall` removes the kinds with every object in them.
NEEDS_THE_NODE = ("gateway_deleted", "storm", "bad_input", "attempts", "upgrade", "argocd", "scarce_accelerators", "leader_lost",
                  "live_gates", "prometheus_gates", "api_server_stopped", "silence", "locked_down", "restore", "retention", "uninstall")


def play(screen, name, options):
    """The checks of one scenario, and the rules that its gateways had; one that breaks off has failed."""
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
    return stage.checks, stage.gateway_rules


def compare_rights(screen, audit, gateway_rules, complete):
    """Over all scenarios: rights and calls of operator, gateways and evaluators, both ways. What is never used is a failure
    only where all scenarios were played."""
    screen.heading("rights")
    kube, checks = Kube(), []

    def check(sentence, found, texts=None):
        texts = [rights.words(one) for one in found] if texts is None else texts
        screen.line(f"  {'FAIL' if found else 'PASS'}  {sentence}: {len(found)}{''.join(f'{chr(10)}        {text}' for text in texts[:20])}")
        checks.append({"scenario": "rights", "check": sentence, "passed": not found, "figures": "; ".join(texts[:20])})

    operator_rules = [rule for kind, namespace, name in (
        ("clusterroles", None, RELEASE), ("clusterroles", None, f"{RELEASE}-webhook"), ("roles", SYSTEM_NAMESPACE, f"{RELEASE}-leader"),
        ("roles", SYSTEM_NAMESPACE, f"{RELEASE}-webhook"))
                      for rule in (kube.get(kind, namespace, name) or {}).get("rules", [])]
    operator, gateways = audit.calls(lambda user: user == OPERATOR_USER), audit.calls(is_gateway)
    screen.line(f"  operator: {len(rights.expand(operator_rules))} rights, {len(operator)} used; "
                f"gateways: {len(rights.expand(gateway_rules))} rights, {len(gateways)} used")
    check("operator and gateways ask for nothing that they may not do", forbidden := audit.forbidden(), forbidden)
    check("the operator does nothing beyond its Roles", rights.beyond(operator_rules, operator))
    check("gateways do nothing beyond their Roles", rights.beyond(gateway_rules, gateways))
    check("evaluators ask the API server for nothing", sorted(audit.calls(is_evaluator)))
    if complete:
        check("no right of the operator is unused", rights.unused(operator_rules, operator, gateways))
        check("no right of gateways is unused", rights.unused(gateway_rules, gateways))
    else:
        idle = [rights.words(one) for one in rights.unused(operator_rules, operator, gateways)]
        screen.line(f"  not used in these scenarios: {', '.join(idle) or 'nothing'}")
    screen.line(kubectl("auth", "can-i", "--list", "-n", SYSTEM_NAMESPACE, f"--as={OPERATOR_USER}", check=False))
    return checks


def dump(stage):
    """What a person would look at first."""
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
    checks, gateway_rules = [], []
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
            found, rules = play(screen, name, options)
            checks += found
            gateway_rules += rules
        if audit:
            checks += compare_rights(screen, audit, gateway_rules, complete=not options.scenarios)
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
