"""Starts the load client beside a scenario and reads its counts."""
import json
import os
import signal
import subprocess
import sys

from paths import BUILD, E2E


class LoadRun:
    """Use as a context: the client ends with it, whatever happens."""

    def __init__(self, url, model, name="load", rate=20, conversations=8, arguments=()):
        os.makedirs(BUILD, exist_ok=True)
        self.summary_path = os.path.join(BUILD, f"{name}.json")
        self.log_path = os.path.join(BUILD, f"{name}.jsonl")
        for path in (self.summary_path, self.log_path):
            if os.path.exists(path):
                os.remove(path)
        self._process = subprocess.Popen(
            [sys.executable, "-B", os.path.join(E2E, "load", "client.py"), "--url", url, "--model", model, "--rate", str(rate),
             "--conversations", str(conversations), "--name", name, "--summary", self.summary_path, "--log", self.log_path,
             "--parent", str(os.getpid()), *arguments],
            stdout=subprocess.DEVNULL, start_new_session=True)

    def read(self):
        """The counts as of the last half second; zeros before the first 200."""
        try:
            with open(self.summary_path, encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {"requests": 0, "failed": 0, "failedByKind": {}, "arms": {}, "revisions": {}, "failures": [],
                    "late": 0, "streams": 0, "ms": {"p50": None, "p99": None}, "started": None}

    @property
    def running(self):
        return self._process.poll() is None

    def stop(self):
        """Ends the client after its open requests; returns the final counts."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        return self.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def failure_lines(summary, limit=5):
    """The first failures, a line each, for people."""
    return [f"{entry['kind']}: turn {entry['turn']} of {entry['conversation']} ({'stream' if entry['stream'] else 'plain'}), "
            f"arm {entry['headers'].get('x-llmops-arm', '?')}: {entry['detail']}" for entry in summary["failures"][:limit]]
