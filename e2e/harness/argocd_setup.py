"""A real Argo CD as processes of this machine beside the cluster, and a Git repository that it follows."""
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from images import run as run_script
from kube import kubectl
from paths import CACHE, CHART, E2E, STATE, environment

NAMESPACE = "argocd"
CUSTOMIZATIONS = os.path.join(CHART, "files", "argocd", "argocd-cm-patch.yaml")
REDIS, REPO_SERVER, SERVER = 16379, 18081, 18080
METRICS = {"repo": 18084, "controller": 18082, "server": 18083}
RESYNC_SECONDS = 5
GROUP, VERSION = "llmops.dev", "v1alpha1"
SETTINGS = f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: argocd-rbac-cm, namespace: {NAMESPACE}, labels: {{app.kubernetes.io/part-of: argocd}}}}
---
apiVersion: v1
kind: Secret
metadata: {{name: argocd-secret, namespace: {NAMESPACE}, labels: {{app.kubernetes.io/part-of: argocd}}}}
stringData: {{server.secretkey: only-for-tests-0123456789abcdef}}
---
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {{name: default, namespace: {NAMESPACE}}}
spec:
  sourceRepos: ["*"]
  destinations: [{{namespace: "*", server: "*"}}]
  clusterResourceWhitelist: [{{group: "*", kind: "*"}}]
"""


def build():
    """Argo CD and its redis, cached."""
    run_script([os.path.join(E2E, "cluster", "build.sh"), "argocd"], "building Argo CD")


def files():
    """The folder of Argo CD's program: CRDs and the settings that it comes with lie beside it."""
    return os.path.dirname(os.path.realpath(os.path.join(CACHE, "bin", "argocd")))


def install_settings():
    """CRDs, Argo CD's own settings as it ships them, and the chart's customizations patched into them as docs/gitops.md says."""
    kubectl("create", "namespace", NAMESPACE, check=False)
    known = kubectl("get", "crds", "-o", "name")
    for name in ("application", "appproject", "applicationset"):
        # More than a megabyte: on a busy machine an apply of it may run into the API server's time limit.
        if f"/{name}s.argoproj.io" not in known:
            kubectl("create", "-f", os.path.join(files(), f"{name}-crd.yaml"))
    kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd/applications.argoproj.io", "crd/appprojects.argoproj.io")
    kubectl("apply", "-n", NAMESPACE, "-f", os.path.join(files(), "argocd-cm.yaml"))
    kubectl("apply", "-f", "-", stdin=SETTINGS)
    kubectl("patch", "configmap", "argocd-cm", "-n", NAMESPACE, "--patch-file", CUSTOMIZATIONS)


class ArgoCd:
    """Use as a context: its processes end with it."""

    def __init__(self):
        self.state = os.path.join(STATE, "argocd")
        self._processes = []

    def __enter__(self):
        build()
        install_settings()
        shutil.rmtree(self.state, ignore_errors=True)
        for name in ("tmp", "gpg", "gnupg", "tls", "ssh", "plugin", "log"):
            os.makedirs(os.path.join(self.state, name), mode=0o700)
        try:
            self._start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def _start(self, name, *command):
        folder = self.state
        environ = {**environment(), "TMPDIR": os.path.join(folder, "tmp"), "ARGOCD_FAKE_IN_CLUSTER": "true", "ARGOCD_GPG_ENABLED": "false",
                   "ARGOCD_GPG_DATA_PATH": os.path.join(folder, "gpg"), "ARGOCD_GNUPGHOME": os.path.join(folder, "gnupg"),
                   "ARGOCD_TLS_DATA_PATH": os.path.join(folder, "tls"), "ARGOCD_SSH_DATA_PATH": os.path.join(folder, "ssh"),
                   "ARGOCD_PLUGINSOCKFILEPATH": os.path.join(folder, "plugin"), "HOME": folder, "ARGOCD_SYNC_WAVE_DELAY": "1"}
        environ["PATH"] = os.path.join(files(), "scripts") + os.pathsep + environ["PATH"]
        with open(os.path.join(folder, "log", f"{name}.log"), "wb") as log:
            # None outlives the process that plays the scenario.
            self._processes.append(subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command], env=environ, cwd=folder,
                                                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT))

    def _start_all(self):
        self._start("redis", "chroot", os.path.join(CACHE, "redis"), "/usr/bin/redis-server", "--port", str(REDIS), "--bind", "127.0.0.1",
                    "--save", "", "--appendonly", "no", "--dir", "/tmp")
        common = ("--redis", f"127.0.0.1:{REDIS}", "--loglevel", "info")
        self._start("repo-server", "argocd-repo-server", *common, "--disable-tls", "--client-ca-path", "", "--address", "127.0.0.1", "--port", str(REPO_SERVER),
                    "--metrics-port", str(METRICS["repo"]), "--revision-cache-expiration", "2s")
        cluster = ("--kubeconfig", environment()["KUBECONFIG"], "-n", NAMESPACE, "--repo-server", f"127.0.0.1:{REPO_SERVER}",
                   "--repo-server-plaintext", "--metrics-port")
        self._start("controller", "argocd-application-controller", *common, *cluster, str(METRICS["controller"]), "--loglevel", "debug",
                    "--app-resync", str(RESYNC_SECONDS), "--app-resync-jitter", "0", "--self-heal-timeout-seconds", "2")
        self._start("server", "argocd-server", *common, *cluster, str(METRICS["server"]), "--disable-auth", "--insecure",
                    "--address", "127.0.0.1", "--port", str(SERVER))
        deadline = time.monotonic() + 60
        while True:
            try:
                self.ask("GET", "/api/version")
                return
            except OSError as problem:
                if time.monotonic() > deadline or any(process.poll() is not None for process in self._processes):
                    raise RuntimeError(f"Argo CD does not answer: {problem}\n{self.last_words()}") from problem
                time.sleep(0.2)

    def last_words(self):
        """The ends of its logs, for people."""
        words = []
        for name in sorted(os.listdir(os.path.join(self.state, "log"))):
            with open(os.path.join(self.state, "log", name), encoding="utf-8", errors="replace") as log:
                words += [f"--- {name}", *log.read().splitlines()[-8:]]
        return "\n".join(words)

    def log(self, name):
        with open(os.path.join(self.state, "log", f"{name}.log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    @staticmethod
    def ask(method, path, body=None, **query):
        """An answer of argocd-server; HTTP errors become RuntimeError with what it said."""
        url = f"http://127.0.0.1:{SERVER}{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
        request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')[:500]}") from error


class App:
    """One Application, as a person sees it in Argo CD."""

    def __init__(self, argocd, name, namespace):
        self.argocd, self.name, self.namespace = argocd, name, namespace

    def read(self):
        return self.argocd.ask("GET", f"/api/v1/applications/{self.name}")

    def node(self, kind, name):
        """Health of one resource of its tree: {status, message}; empty when it is not there."""
        tree = self.argocd.ask("GET", f"/api/v1/applications/{self.name}/resource-tree")
        for node in tree.get("nodes") or []:
            if (node["kind"], node["name"]) == (kind, name):
                return node.get("health") or {}
        return {}

    def kinds_in_tree(self):
        tree = self.argocd.ask("GET", f"/api/v1/applications/{self.name}/resource-tree")
        return {node["kind"] for node in tree.get("nodes") or []}

    def _resource(self, name):
        return {"namespace": self.namespace, "resourceName": name, "group": GROUP, "version": VERSION, "kind": "ModelDeployment"}

    def actions(self, name):
        """{action: disabled} of a ModelDeployment."""
        answer = self.argocd.ask("GET", f"/api/v1/applications/{self.name}/resource/actions", **self._resource(name))
        return {action["name"]: bool(action.get("disabled")) for action in answer.get("actions") or []}

    def click(self, name, action, **parameters):
        body = {**self._resource(name), "action": action,
                "resourceActionParameters": [{"name": key, "value": str(value)} for key, value in parameters.items()]}
        return self.argocd.ask("POST", f"/api/v1/applications/{self.name}/resource/actions/v2", body)

    def refresh(self, hard=False):
        return self.argocd.ask("GET", f"/api/v1/applications/{self.name}", refresh="hard" if hard else "normal")

    def sync(self):
        return self.argocd.ask("POST", f"/api/v1/applications/{self.name}/sync", {"prune": True})


class Repository:
    """A Git repository on disk; its files are manifests."""

    def __init__(self, folder):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        self._git("init", "--quiet", "--initial-branch=main")

    def _git(self, *arguments):
        identity = {"GIT_AUTHOR_NAME": "e2e", "GIT_AUTHOR_EMAIL": "e2e@example.com", "GIT_COMMITTER_NAME": "e2e",
                    "GIT_COMMITTER_EMAIL": "e2e@example.com", "GIT_CONFIG_GLOBAL": "/dev/null"}
        return subprocess.run(["git", "-C", self.folder, *arguments], check=True, env={**environment(), **identity}, text=True,
                              stdout=subprocess.PIPE).stdout.strip()

    @property
    def url(self):
        return "file://" + self.folder

    def commit(self, message, files=(), remove=()):
        """files: {path: text}. Returns the commit."""
        for path, text in dict(files).items():
            os.makedirs(os.path.dirname(os.path.join(self.folder, path)), exist_ok=True)
            with open(os.path.join(self.folder, path), "w", encoding="utf-8") as file:
                file.write(text)
        for path in remove:
            os.remove(os.path.join(self.folder, path))
        self._git("add", "--all")
        self._git("commit", "--quiet", "-m", message)
        return self._git("rev-parse", "HEAD")
