#!/usr/bin/env python3
"""Runs the official OpenAI clients for Python and JavaScript against a gateway; ends with 1 when a check failed.

usage: run.py --build BUILD_DIR                        a gateway without a cluster, before and with guardrails
       run.py --base-url URL --model NAME [--tools] [--guarded]
"""
import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path.home() / ".cache" / "llmops-operator" / "clients"
PYTHON_VERSION, JAVASCRIPT_VERSION = "3.54.0", "6.49.0"
INSTALL_SECONDS, RUN_SECONDS = 300, 300
ENGINE, USERS, EVALUATION, ADMIN = 18900, 18901, 18902, 18903
HASH, SERVING = "a" * 64, "b" * 64


def install():
    """Both packages, once; returns the Python to run and the folder of the JavaScript package."""
    python = CACHE / f"python-{PYTHON_VERSION}"
    if not (python / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", python], check=True)
        subprocess.run([python / "bin" / "pip", "install", "--quiet", f"openai=={PYTHON_VERSION}"], check=True,
                       timeout=INSTALL_SECONDS)
        (python / "ready").touch()
    javascript = CACHE / f"javascript-{JAVASCRIPT_VERSION}"
    if not (javascript / "ready").exists():
        javascript.mkdir(parents=True, exist_ok=True)
        (javascript / "package.json").write_text('{"private": true}')
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", f"openai@{JAVASCRIPT_VERSION}"],
                       cwd=javascript, check=True, timeout=INSTALL_SECONDS)
        (javascript / "ready").touch()
    return python / "bin" / "python", javascript


def guardrails():
    rules = [
        {"name": "rrn", "type": "pii", "action": "Mask", "stages": ["input", "output", "tool"], "pii": {"entities": ["rrn"]}},
        {"name": "projects", "type": "words", "action": "Block", "stages": ["input"], "words": {"words": ["bluebird"]}},
        {"name": "said", "type": "words", "action": "Block", "stages": ["output"], "words": {"words": ["yellowbird"]}}]
    return [{"name": "safety", "digest": "0" * 64, "spec": {"rules": rules}}]


def static_config(guarded):
    arm = {"name": "stable", "revision": HASH, "weight": 100, "buckets": [{"from": 0, "to": 10000}]}
    revision = {"hash": HASH, "ordinal": 1, "servingHash": SERVING, "body": {"configMap": "body", "digest": "0" * 64}}
    model = {"servedModelName": "bot", "open": True, "salt": "s", "stickiness": ["body:user"],
             "evaluation": {"audience": "a", "share": 0.5}, "arms": [arm], "revisions": [revision]}
    body = {"version": "revisionbody/v1", "hash": HASH, "servingHash": SERVING,
            "prompt": {"messages": [{"role": "system", "content": "You are the assistant of a shop."}]},
            "engine": {"type": "llamacpp", "port": ENGINE, "model": "stub"}}
    if guarded:
        body["guardrails"] = guardrails()
    config = {"version": "gatewayconfig/v1", "namespace": "n", "modelDeployment": "m", "epoch": 1, "models": [model]}
    return {"config": config, "bodies": [body],
            "endpoints": [{"servingHash": SERVING, "ip": "127.0.0.1", "port": ENGINE, "podUID": "stub"}]}


@contextlib.contextmanager
def local_gateway(build, guarded):
    """A gateway on loopback with the engine stub behind it."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(static_config(guarded), file)
        file.flush()
        engine = subprocess.Popen([sys.executable, HERE / "engine_stub.py", str(ENGINE), "stub"])
        gateway = subprocess.Popen([pathlib.Path(build) / "bin" / "llmops-gateway", "--static-config", file.name,
                                    "--listen-address", "127.0.0.1", "--port", str(USERS), "--evaluation-port",
                                    str(EVALUATION), "--admin-port", str(ADMIN)])
        try:
            deadline = time.monotonic() + 20
            while True:
                with contextlib.suppress(OSError):
                    if urllib.request.urlopen(f"http://127.0.0.1:{ADMIN}/readyz", timeout=1).status == 200:
                        break
                if time.monotonic() > deadline:
                    sys.exit("the gateway did not become ready")
                time.sleep(0.05)
            yield
        finally:
            for process in (gateway, engine):
                process.kill()
                process.wait()


def run_clients(settings):
    """Returns the results, a dictionary for each check of each client."""
    python, javascript = install()
    environment = {**os.environ, **settings, "PACKAGES": str(javascript)}
    results = []
    for command in ([python, HERE / "check.py"], ["node", HERE / "check.mjs"]):
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=RUN_SECONDS)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0 and not any(line["result"] == "failed" for line in lines):
            lines.append({"client": str(command[0]), "check": "runs", "result": "failed", "error": f"exit {done.returncode}"})
        results += lines
    return results


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build")
    arguments.add_argument("--base-url")
    arguments.add_argument("--model", default="bot")
    arguments.add_argument("--tools", action="store_true")
    arguments.add_argument("--guarded", action="store_true")
    given = arguments.parse_args()
    if bool(given.build) == bool(given.base_url):
        arguments.error("one of --build and --base-url")
    results = []
    if given.base_url:
        results = run_clients({"BASE_URL": given.base_url, "MODEL": given.model, "TOOLS": str(int(given.tools)),
                               "GUARDED": str(int(given.guarded))})
    else:
        for guarded in (False, True):
            with local_gateway(given.build, guarded):
                results += run_clients({"BASE_URL": f"http://127.0.0.1:{USERS}/v1", "MODEL": "bot", "TOOLS": "1",
                                        "STUB": f"http://127.0.0.1:{ENGINE}", "GUARDED": str(int(guarded))})
    for result in results:
        print(f"{result['result']:8} {result['client']:26} {result['check']}  {result.get('error', '')}")
    failed = sum(result["result"] == "failed" for result in results)
    passed = sum(result["result"] == "passed" for result in results)
    print(f"{passed} passed, {failed} failed, {len(results) - passed - failed} not applicable")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
