"""What Argo CD says of one Application over time: a line whenever sync status, health or the message changes."""
import subprocess
import threading
import time

from paths import environment

LOOK_SECONDS = 0.3


class Transcript:
    """Use as a context. Rows are (seconds, kind, values); kinds: app (sync, revision, health), node (health, message), note (text)."""

    def __init__(self, app, name):
        self.app, self.name = app, name
        self.rows = []
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        # Every write of the Application's status, none missed between two looks.
        template = "{.status.sync.status} {.status.sync.revision} {.status.health.status}{\"\\n\"}"
        self._watch = subprocess.Popen(["kubectl", "get", "applications.argoproj.io", app.name, "-n", "argocd", "--watch", "-o", f"jsonpath={template}"],
                                       env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._threads = [threading.Thread(target=self._follow_app, daemon=True), threading.Thread(target=self._follow_node, daemon=True)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._watch.terminate()
        for thread in self._threads:
            thread.join(10)

    def _add(self, kind, values):
        with self._lock:
            last = next((row[2] for row in reversed(self.rows) if row[1] == kind), None)
            if kind == "note" or last != values:
                self.rows.append((time.monotonic() - self._began, kind, values))

    def note(self, text):
        self._add("note", (text,))

    def _follow_app(self):
        for line in self._watch.stdout:
            words = line.split()
            # An Application that nobody has looked at yet has no status.
            if len(words) == 3:
                self._add("app", tuple(words))

    def _follow_node(self):
        while not self._stop.wait(LOOK_SECONDS):
            try:
                health = self.app.node("ModelDeployment", self.name)
            except (OSError, RuntimeError, ValueError):
                continue
            if health:
                self._add("node", (health.get("status", ""), health.get("message", "")))

    def since(self, mark, kind):
        with self._lock:
            return [row for row in self.rows[mark:] if row[1] == kind]

    def mark(self):
        with self._lock:
            return len(self.rows)

    def latest(self, kind):
        rows = self.since(0, kind)
        return rows[-1][2] if rows else ("", "", "")

    def own_drift(self):
        """Rows in which Git and cluster differed for a revision that had been in force already: nobody but us changed something."""
        synced, drift = set(), []
        for seconds, _, (sync, revision, _) in self.since(0, "app"):
            if sync == "Synced":
                synced.add(revision)
            elif revision in synced:
                drift.append((round(seconds, 1), sync, revision[:7]))
        return drift

    def lines(self):
        for seconds, kind, values in self.since_all():
            if kind == "note":
                yield f"{seconds:7.1f} s  == {values[0]}"
            elif kind == "app":
                yield f"{seconds:7.1f} s  {values[0]:<10} {values[1][:7]}  {values[2]}"
            else:
                yield f"{seconds:7.1f} s                        {self.name}: {values[0]}: {values[1]}"

    def since_all(self):
        with self._lock:
            return list(self.rows)

    def write(self, path):
        with open(path, "w", encoding="utf-8") as out:
            out.write("".join(line + "\n" for line in self.lines()))
