"""The API server over one kept connection: get, list, write, watch, and kubectl's table view."""
import atexit
import base64
import functools
import http.client
import json
import os
import ssl
import subprocess
import tempfile
import time
import urllib.parse

from paths import CURRENT, KUBECONFIG, environment

IDLE_SECONDS = 20
ATTEMPT = "llmops-e2e-attempt"  # the user agent of bearers of another's token, so that logs can tell them from him
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"

# Plural → (path prefix, namespaced) of the kinds that are asked for here.
_CORE = ("pods", "services", "configmaps", "namespaces", "events", "serviceaccounts", "endpoints", "secrets", "nodes",
         "persistentvolumeclaims")
_GROUPS = {"deployments": "apps/v1", "controllerrevisions": "apps/v1", "replicasets": "apps/v1", "jobs": "batch/v1",
           "leases": "coordination.k8s.io/v1", "endpointslices": "discovery.k8s.io/v1",
           "customresourcedefinitions": "apiextensions.k8s.io/v1", "modeldeployments": "llmops.dev/v1alpha1",
           "networkpolicies": "networking.k8s.io/v1", "poddisruptionbudgets": "policy/v1", "roles": "rbac.authorization.k8s.io/v1", "clusterroles": "rbac.authorization.k8s.io/v1",
           "rolebindings": "rbac.authorization.k8s.io/v1", "promptversions": "llmops.dev/v1alpha1", "evalgates": "llmops.dev/v1alpha1", "evalruns": "llmops.dev/v1alpha1",
           "guardrails": "llmops.dev/v1alpha1"}


@functools.cache
def proxy_address():
    """host:port of a `kubectl proxy` that ends with this process."""
    process = subprocess.Popen(["kubectl", "proxy", "--port=0"], env=environment(), stdout=subprocess.PIPE, text=True, start_new_session=True)
    atexit.register(process.kill)
    return process.stdout.readline().split()[-1]


class ApiError(Exception):
    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status


class ApiConflict(ApiError):
    """Another wrote first."""


def resource_path(plural, namespace=None, name=None, subresource=None, **query):
    prefix = "/api/v1" if plural in _CORE else "/apis/" + _GROUPS[plural]
    parts = [prefix] + (["namespaces", namespace] if namespace else []) + [plural]
    parts += ([name] if name else []) + ([subresource] if subresource else [])
    query = {key: value for key, value in query.items() if value is not None}
    return "/".join(parts) + ("?" + urllib.parse.urlencode(query) if query else "")


class Kube:
    """Talks as the cluster's administrator, or as `user` whom he impersonates, or as the bearer of `token` (not with
    CLUSTER=current). Not for several threads at once: one object a thread."""

    def __init__(self, kubeconfig=KUBECONFIG, user=None, token=None):
        self._connection = None
        self._identity = {"Impersonate-User": user} if user else {"Authorization": f"Bearer {token}", "User-Agent": ATTEMPT} if token else {}
        self._used = 0.0
        if CURRENT:
            # Whatever way of authentication the kubeconfig has, kubectl knows it.
            self._address = urllib.parse.urlsplit(f"http://{proxy_address()}")
            return
        config = json.loads(subprocess.run(["kubectl", "config", "view", "--raw", "--minify", "-o", "json"], check=True,
                                           stdout=subprocess.PIPE, env={**environment(), "KUBECONFIG": kubeconfig}).stdout)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._address = urllib.parse.urlsplit(cluster["server"])
        self._tls = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        if token:
            return
        # The ssl module takes certificates from files only.
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            for field in ("client-certificate-data", "client-key-data"):
                file.write(base64.b64decode(user[field]) + b"\n")
            file.flush()
            self._tls.load_cert_chain(file.name)

    def _connect(self, timeout):
        if CURRENT:
            return http.client.HTTPConnection(self._address.hostname, self._address.port, timeout=timeout)
        return http.client.HTTPSConnection(self._address.hostname, self._address.port or 443, context=self._tls, timeout=timeout)

    def request(self, method, path, body=None, accept="application/json", content_type="application/json"):
        """Returns the parsed answer; raises ApiError for every status of 300 and above."""
        headers = {"Accept": accept, **self._identity, **({"Content-Type": content_type} if body is not None else {})}
        payload = json.dumps(body) if body is not None and not isinstance(body, (bytes, str)) else body
        # The server closes connections that have been idle for long; before that we do.
        if self._connection is not None and time.monotonic() - self._used > IDLE_SECONDS:
            self._connection.close()
            self._connection = None
        self._used = time.monotonic()
        for attempt in (1, 2):
            fresh = self._connection is None
            if fresh:
                self._connection = self._connect(30)
            try:
                self._connection.request(method, path, payload, headers)
                answer = self._connection.getresponse()
                raw = answer.read()
                break
            except (OSError, http.client.HTTPException):
                self._connection.close()
                self._connection = None
                # A kept connection may have been closed by the server; a fresh one that fails is an error.
                if fresh or attempt == 2 or method not in ("GET", "DELETE"):
                    raise
        if answer.status >= 300:
            try:
                message = json.loads(raw)["message"]
            except (ValueError, KeyError, TypeError):
                message = raw[:200].decode(errors="replace")
            raise (ApiConflict if answer.status == 409 else ApiError)(answer.status, f"{method} {path}: {message}")
        return json.loads(raw) if raw[:1] in (b"{", b"[") else raw.decode()

    def get(self, plural, namespace, name):
        """None when there is no such object."""
        try:
            return self.request("GET", resource_path(plural, namespace, name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list(self, plural, namespace=None, selector=None, fields=None):
        return self.request("GET", resource_path(plural, namespace, labelSelector=selector, fieldSelector=fields))["items"]

    def create(self, plural, namespace, body):
        return self.request("POST", resource_path(plural, namespace), body)

    def patch(self, plural, namespace, name, body, subresource=None):
        return self.request("PATCH", resource_path(plural, namespace, name, subresource), body,
                            content_type="application/merge-patch+json")

    def delete(self, plural, namespace, name, grace_seconds=None, propagation="Background"):
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        try:
            self.request("DELETE", resource_path(plural, namespace, name), options)
        except ApiError as error:
            if error.status != 404:
                raise

    def watch(self, path, version):
        """Yields (type, object) of what has happened since `version` to what `path`, with a query, lists; until the watch ends."""
        connection = self._connect(300)
        try:
            connection.request("GET", f"{path}&watch=true&timeoutSeconds=240&resourceVersion={version}")
            answer = connection.getresponse()
            while line := answer.readline():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                yield event["type"], event["object"]
        finally:
            connection.close()

    def watch_rows(self, plural, namespace, name):
        """Yields (cells by column name, object) as `kubectl get -w` shows them, now and at each change, until the
        watch ends; (None, None) when the object is gone."""
        query = {"fieldSelector": f"metadata.name={name}", "includeObject": "Object"}
        listed = self.request("GET", resource_path(plural, namespace, **query), accept=TABLE)
        columns = listed["columnDefinitions"]  # a watch tells them once at most
        yield from table_rows(columns, listed) or [(None, None)]
        connection = self._connect(300)
        try:
            path = resource_path(plural, namespace, watch="true", resourceVersion=listed["metadata"]["resourceVersion"],
                                 timeoutSeconds=240, **query)
            connection.request("GET", path, headers={"Accept": TABLE})
            answer = connection.getresponse()
            while line := answer.readline():
                event = json.loads(line)
                if event["type"] == "DELETED":
                    yield None, None
                elif event["type"] in ("ADDED", "MODIFIED"):
                    yield from table_rows(columns, event["object"])
                else:
                    return
        finally:
            connection.close()


def table_rows(columns, table):
    """Columns of priority 0 only: those without -o wide."""
    return [({c["name"].upper(): cell for c, cell in zip(columns, row["cells"]) if c.get("priority", 0) == 0}, row["object"])
            for row in table["rows"]]


def format_row(cells, header=False):
    """One line as kubectl aligns it; widths fit every value that these columns take."""
    widths = {"NAME": 12, "PHASE": 12, "STEP": 5, "WEIGHT": 7, "STABLE": 7, "CANDIDATE": 10, "WAITING": 10, "READY": 6, "AGE": 5}
    names = cells if not header else {name: name for name in cells}
    return " ".join(f"{'' if value is None else str(value):<{widths.get(name, 10)}}" for name, value in names.items()).rstrip()


def kubectl(*arguments, check=True, stdin=None):
    """Runs the real kubectl; returns what it printed."""
    done = subprocess.run(["kubectl", *arguments], env=environment(), input=stdin, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if check and done.returncode != 0:
        raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stdout.strip()}")
    return done.stdout.rstrip("\n")


def condition(obj, kind):
    """The condition of that type of an object, or {}."""
    for entry in obj.get("status", {}).get("conditions", []):
        if entry["type"] == kind:
            return entry
    return {}
