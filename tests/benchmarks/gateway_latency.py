#!/usr/bin/env python3
"""Starts the engine stub and llmops-gateway on loopback and measures what the gateway adds.

usage: gateway_latency.py BUILD_DIR [--guardrails] [--only KIND:BYTES:CLIENTS]

CPU and ready are of the gateway's process, for each request: what it used of a processor, and how long it stood ready
without one. On a machine with neighbours the second explains most of a p99.

With --guardrails requests and answers pass rules of every type but two: a detector would measure the detector, and a
jsonSchema holds a stream to its end (it looks at tool calls here, of which there are none).
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

ENGINE, USERS, EVALUATION, ADMIN = 18800, 18801, 18802, 18803
HASH, SERVING = "a" * 64, "b" * 64


def guardrails() -> list:
    words = [f"project-{number:04d}-codename" for number in range(1000)]
    patterns = [f"PRJ{number:02d}-[0-9]{{6}}" for number in range(20)]
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    rules = [
        {"name": "pii", "type": "pii", "action": "Mask"},
        {"name": "secrets", "type": "secrets", "action": "Mask"},
        {"name": "words", "type": "words", "action": "Block", "words": {"words": words}},
        {"name": "regex", "type": "regex", "action": "Mask", "regex": {"patterns": patterns}},
        {"name": "injection", "type": "injection", "action": "Flag", "stages": ["input", "output"], "injection": {"canary": True}},
        {"name": "leak", "type": "systemPromptLeak", "action": "Block", "stages": ["output"]},
        {"name": "links", "type": "urls", "action": "Mask", "urls": {"allowedDomains": ["example.com"]}},
        {"name": "language", "type": "language", "action": "Flag", "stages": ["input"], "language": {"allowed": ["en", "ko"]}},
        {"name": "length", "type": "maxTokens", "action": "Flag", "stages": ["input"], "maxTokens": {"max": 100000}},
        {"name": "form", "type": "jsonSchema", "action": "Block", "stages": ["tool"], "jsonSchema": {"schema": schema}}]
    return [{"name": "all", "digest": "0" * 64, "spec": {"rules": rules}}]


def static_config(guarded: bool) -> dict:
    arm = {"name": "stable", "revision": HASH, "weight": 100, "buckets": [{"from": 0, "to": 10000}]}
    revision = {"hash": HASH, "ordinal": 1, "servingHash": SERVING, "body": {"configMap": "body", "digest": "0" * 64}}
    model = {"servedModelName": "stub", "open": True, "salt": "s", "stickiness": ["header:x-conversation-id"],
             "evaluation": {"audience": "a", "share": 0.5}, "arms": [arm], "revisions": [revision]}
    prompt = {"messages": [{"role": "system", "content": "You are the assistant of {{shop}}."}],
              "variables": {"shop": {"default": "Hanbit"}}}
    body = {"version": "revisionbody/v1", "hash": HASH, "servingHash": SERVING, "prompt": prompt,
            "engine": {"type": "llamacpp", "port": ENGINE, "model": "stub"}}
    if guarded:
        body["guardrails"] = guardrails()
    config = {"version": "gatewayconfig/v1", "namespace": "n", "modelDeployment": "m", "epoch": 1, "models": [model]}
    return {"config": config, "bodies": [body],
            "endpoints": [{"servingHash": SERVING, "ip": "127.0.0.1", "port": ENGINE, "podUID": "stub"}]}


def wait_ready(deadline: float) -> None:
    while time.monotonic() < deadline:
        try:
            if urllib.request.urlopen(f"http://127.0.0.1:{ADMIN}/readyz", timeout=1).status == 200:
                return
        except OSError:
            time.sleep(0.05)
    sys.exit("gateway_latency: the gateway did not become ready")


def main() -> int:
    build, guarded = pathlib.Path(sys.argv[1]), "--guardrails" in sys.argv[2:]
    only = sys.argv[sys.argv.index("--only") + 1:][:1] if "--only" in sys.argv else []
    print("guardrails:", ", ".join(rule["type"] for rule in guardrails()[0]["spec"]["rules"]) if guarded else "none")
    sys.stdout.flush()
    bench = build / "tests" / "gateway_latency"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(static_config(guarded), file)
        file.flush()
        engine = subprocess.Popen([bench, "engine", str(ENGINE)])
        gateway = subprocess.Popen([build / "bin" / "llmops-gateway", "--static-config", file.name,
                                    "--listen-address", "127.0.0.1", "--port", str(USERS), "--evaluation-port",
                                    str(EVALUATION), "--admin-port", str(ADMIN)], stderr=subprocess.DEVNULL)
        try:
            wait_ready(time.monotonic() + 20)
            status = subprocess.run([bench, "measure", str(ENGINE), str(USERS), str(gateway.pid), *only]).returncode
            rollup = pathlib.Path(f"/proc/{gateway.pid}/smaps_rollup").read_text()
            print("gateway after the run:", *[line for line in rollup.splitlines() if line.startswith(("Rss", "Anonymous"))])
            return status
        finally:
            gateway.kill()
            engine.kill()


if __name__ == "__main__":
    sys.exit(main())
