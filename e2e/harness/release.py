"""One ModelDeployment as it is watched: its rows as they turn, what it waits for, its pods, and what went wrong."""
import http.client
import queue
import threading
import time

from kube import ApiError, Kube, condition, format_row, kubectl


class Unexpected(Exception):
    """A release ended otherwise than expected, or not in time."""


def status(obj):
    return obj.get("status", {}) if obj else {}


def waiting_text(obj):
    """What the release waits for, in its own words."""
    message = status(obj).get("message") or "waiting for the operator's first look"
    return message if len(message) < 200 else message[:199] + "…"


class Release:
    """Follows one ModelDeployment by a watch in a thread of its own."""

    def __init__(self, screen, namespace, name, detail=lambda: ""):
        self.screen = screen
        self.namespace = namespace
        self.name = name
        self.kube = Kube()
        self.detail = detail  # a short text for the live line, e.g. counts of the load
        self.each_look = lambda obj: None  # called with every object seen, on the caller's thread
        self.object = None
        self._generation = 0  # of the last patch: objects before it answer no question about what came of it
        self._rows = queue.Queue()
        self._shown = None
        self._stop = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        kube = Kube()
        while not self._stop.is_set():
            try:
                for row in kube.watch_rows("modeldeployments", self.namespace, self.name):
                    self._rows.put(row)
                    if self._stop.is_set():
                        return
            except (OSError, http.client.HTTPException, ApiError, ValueError):
                # The API server may be away in a scenario; the next list tells all.
                self._stop.wait(0.5)

    def close(self):
        self._stop.set()

    def _show(self, cells):
        turn = {key: value for key, value in cells.items() if key != "AGE"}
        if turn == self._shown:
            return
        if self._shown is None:
            self.screen.line("  " + format_row(cells, header=True))
        self._shown = turn
        self.screen.line("  " + format_row(cells))

    def new_heading(self):
        """Prints the column names again before the next row."""
        self._shown = None

    def wait_for(self, what, reached, seconds, failed=lambda obj: None):
        """Follows until reached(object) is true and returns the object. failed(object) may return why it never will be."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                cells, obj = self._rows.get(timeout=0.25)
                self.object = obj
                if cells is not None:
                    self._show(cells)
            except queue.Empty:
                obj = self.object
            if obj is not None:
                self.each_look(obj)
            if obj is not None and obj["metadata"]["generation"] >= self._generation:
                if reached(obj):
                    return obj
                if problem := failed(obj):
                    raise Unexpected(f"{what}: {problem}")
            if time.monotonic() > deadline:
                raise Unexpected(f"{what}: not reached in {seconds} s; {waiting_text(obj)}")
            self.screen.live(f"waiting for {what}: {waiting_text(obj)}", self.detail())

    def patch(self, spec):
        """Changes the spec and returns the new generation."""
        self._generation = self.kube.patch("modeldeployments", self.namespace, self.name, {"spec": spec})["metadata"]["generation"]
        return self._generation

    def pods(self, component):
        return self.kube.list("pods", self.namespace, f"llmops.dev/model-deployment={self.name},llmops.dev/component={component}")

    def engine_pod_uids(self):
        return {pod["metadata"]["uid"] for pod in self.pods("engine")}

    def eval_runs(self, run=None):
        """This deployment's EvalRuns, of one run or all, in the order of their steps."""
        runs = [r for r in self.kube.list("evalruns", self.namespace) if r["spec"]["modelDeployment"] == self.name]
        return sorted((r for r in runs if run is None or r["spec"]["run"] == run), key=lambda r: (r["spec"]["run"], r["spec"]["step"]))

    def dump(self, operator_namespace="llmops-system"):
        """What a person would look at first when something went wrong."""
        say = self.screen.line
        for title, arguments in (
                ("kubectl get mdep -o wide", ("get", "mdep", "-n", self.namespace, "-o", "wide")),
                ("kubectl describe mdep", ("describe", "mdep", self.name, "-n", self.namespace)),
                ("pods and jobs", ("get", "pods,jobs,evalruns", "-n", self.namespace, "-o", "wide")),
                ("events", ("get", "events", "-n", self.namespace, "--sort-by=.metadata.creationTimestamp")),
                ("operator log", ("logs", "-n", operator_namespace, "-l", "app.kubernetes.io/name=llmops-operator", "--tail=40"))):
            say(f"--- {title}")
            text = kubectl(*arguments, check=False).splitlines()
            for line in text[-120:] if title != "events" else text[-40:]:
                say("  " + line)


def settled(obj):
    """Healthy for the generation that was asked for."""
    return (status(obj).get("phase") == "Healthy" and status(obj).get("observedGeneration") == obj["metadata"]["generation"])


def ended_after(last_run):
    """The run after that one is over, and gateways have acknowledged what came of it."""
    def over(obj):
        now = status(obj)
        return (now.get("lastRun", 0) > last_run and "run" not in now and now.get("phase") in ("Healthy", "RolledBack")
                and now.get("observedGeneration") == obj["metadata"]["generation"])
    return over


def available(obj):
    return condition(obj, "Available").get("status") == "True"


def latest_history(obj):
    history = status(obj).get("history", [])
    return history[0] if history else {}
