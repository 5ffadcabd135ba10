#!/usr/bin/env python3
"""Runs the official OpenAI clients for Python and JavaScript against a gateway; ends with 1 when a check failed.

usage: run.py --build BUILD_DIR               a gateway without a cluster and engine_stub.py, without and with guardrails
       run.py --build BUILD_DIR --llamacpp    the same with the real engine of e2e/engine, as a process
       run.py --cluster [--build BUILD_DIR]   the same on the cluster, which must be up (e2e/cluster); deploys and cleans up
       run.py --base-url URL --model NAME [--engine llamacpp] [--engine-url URL] [--tools] [--guarded]
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
ROOT = HERE.parents[2]
ENGINE_CACHE = pathlib.Path.home() / ".cache" / "llmops-operator"
CACHE = ENGINE_CACHE / "clients"
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


def static_config(guarded, engine_model):
    arm = {"name": "stable", "revision": HASH, "weight": 100, "buckets": [{"from": 0, "to": 10000}]}
    revision = {"hash": HASH, "ordinal": 1, "servingHash": SERVING, "body": {"configMap": "body", "digest": "0" * 64}}
    model = {"servedModelName": "bot", "open": True, "salt": "s", "stickiness": ["body:user"],
             "evaluation": {"audience": "a", "share": 0.5}, "arms": [arm], "revisions": [revision]}
    body = {"version": "revisionbody/v1", "hash": HASH, "servingHash": SERVING,
            "prompt": {"messages": [{"role": "system", "content": "You are the assistant of a shop."}]},
            "engine": {"type": "llamacpp", "port": ENGINE, "model": engine_model}}
    if guarded:
        body["guardrails"] = guardrails()
    config = {"version": "gatewayconfig/v1", "namespace": "n", "modelDeployment": "m", "epoch": 1, "models": [model]}
    return {"config": config, "bodies": [body],
            "endpoints": [{"servingHash": SERVING, "ip": "127.0.0.1", "port": ENGINE, "podUID": "stub"}]}


def llama_server():
    """The command of the engine that e2e/engine puts into its image, without a container."""
    roots = sorted(ENGINE_CACHE.glob("rootfs-forky-*/usr/bin/llama-server"))
    if not roots:
        sys.exit("no llama-server in the cache; run e2e/engine/image.sh")
    root = roots[-1].parents[2]
    libraries = root / "usr/lib/x86_64-linux-gnu"
    # Where its own search for back ends would begin, there is nothing outside of a container.
    environment = {**os.environ, "GGML_BACKEND_PATH": str(libraries / "ggml/backends0/libggml-cpu-haswell.so")}
    path = ":".join(str(libraries / folder) for folder in ("", "llama", "ggml"))
    return [root / "lib64/ld-linux-x86-64.so.2", "--library-path", path, roots[-1], "-m", ROOT / "e2e/engine/good.gguf",
            "--alias", "engine", "--host", "127.0.0.1", "--port", str(ENGINE), "-np", "4", "-c", "4096", "--cache-ram", "0",
            "--metrics", "--jinja", "-t", "1"], environment


def no_tools(engine_url):
    """Why a llama.cpp engine cannot call tools; empty when it can."""
    properties = json.load(urllib.request.urlopen(engine_url + "/props"))
    known = properties.get("chat_template_caps", {}).get("supports_tools")
    return "" if known else "the model's chat template knows no tools (supports_tools of /props)"


@contextlib.contextmanager
def local_gateway(build, guarded, llamacpp):
    """A gateway on loopback with an engine behind it; yields what the checks have to know."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file, contextlib.ExitStack() as closing:
        json.dump(static_config(guarded, "engine"), file)
        file.flush()
        command, environment = llama_server() if llamacpp else ([sys.executable, HERE / "engine_stub.py", str(ENGINE), "engine"], None)
        for command, environment in ((command, environment), ([pathlib.Path(build) / "bin" / "llmops-gateway",
                                     "--static-config", file.name, "--listen-address", "127.0.0.1", "--port", str(USERS),
                                     "--evaluation-port", str(EVALUATION), "--admin-port", str(ADMIN)], None)):
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            closing.callback(process.wait)
            closing.callback(process.kill)
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(f"http://127.0.0.1:{ADMIN}/readyz", timeout=1).status == 200:
                    break
            if time.monotonic() > deadline:
                sys.exit("the gateway did not become ready")
            time.sleep(0.05)
        engine_url = f"http://127.0.0.1:{ENGINE}"
        yield {"BASE_URL": f"http://127.0.0.1:{USERS}/v1", "MODEL": "bot", "ENGINE_URL": engine_url,
               "ENGINE": "llamacpp" if llamacpp else "stub", "NO_TOOLS": no_tools(engine_url) if llamacpp else ""}


@contextlib.contextmanager
def cluster_gateway(build, guarded):
    """A ModelDeployment on the cluster, as the scenarios of tests/e2e deploy theirs."""
    sys.path.insert(0, str(HERE.parent))
    from stage import Stage, deployment_spec
    from install import cluster_up, install_chart, load_images
    from screen import Screen
    cluster_up()
    install_chart(load_images(build))
    with Stage(Screen(), "clients", argparse.Namespace(keep=False)) as stage:
        more = {}
        if guarded:
            rail = guardrails()[0]
            stage.create("guardrails", {"apiVersion": "llmops.dev/v1alpha1", "kind": "Guardrail",
                                        "metadata": {"name": rail["name"]}, "spec": rail["spec"]})
            more["guardrailRefs"] = [{"name": rail["name"]}]
        stage.deploy_and_settle("bot", deployment_spec(**more))
        url = "http://{}:{}/v1".format(*stage.address("bot"))
        # kube-proxy learns of the ready gateway after we do.
        stage.wait("the Service leads to the gateway", lambda: answers(url + "/models"), 30)
        yield {"BASE_URL": url, "MODEL": "bot", "ENGINE": "llamacpp",
               "NO_TOOLS": "the chat template of e2e/engine's models knows no tools"}


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


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
    arguments.add_argument("--llamacpp", action="store_true")
    arguments.add_argument("--cluster", action="store_true")
    arguments.add_argument("--base-url")
    arguments.add_argument("--model", default="bot")
    arguments.add_argument("--engine", default="", choices=["", "llamacpp"])
    arguments.add_argument("--engine-url", default="")
    arguments.add_argument("--tools", action="store_true")
    arguments.add_argument("--guarded", action="store_true")
    given = arguments.parse_args()
    if not (given.build or given.cluster or given.base_url):
        arguments.error("one of --build, --cluster and --base-url")
    results = []
    if given.base_url:
        results = run_clients({"BASE_URL": given.base_url, "MODEL": given.model, "ENGINE": given.engine,
                               "ENGINE_URL": given.engine_url, "GUARDED": str(int(given.guarded)),
                               "NO_TOOLS": "" if given.tools else "not said to know tools (--tools)"})
    else:
        for guarded in (False, True):
            build = given.build or str(ROOT / "build" / "release")
            gateway = cluster_gateway(build, guarded) if given.cluster else local_gateway(build, guarded, given.llamacpp)
            with gateway as settings:
                results += run_clients({**settings, "GUARDED": str(int(guarded))})
    for result in results:
        print(f"{result['result']:8} {result['client']:26} {result['check']}  {result.get('error', '')}")
    failed = sum(result["result"] == "failed" for result in results)
    passed = sum(result["result"] == "passed" for result in results)
    print(f"{passed} passed, {failed} failed, {len(results) - passed - failed} not applicable")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
