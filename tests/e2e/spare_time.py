"""Work that is needed later, done by what the processors have left meanwhile."""
import atexit
import os
import signal
import subprocess
import threading


def step_back():
    """The lowest priority there is, for this process and those that it starts: scenarios wait most of their time, but what they
    do then must not come late."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    try:
        with open("/proc/self/autogroup", "w", encoding="ascii") as group:
            group.write("19")
    except OSError:
        pass  # a kernel that shares by process alone


class SpareTime:
    """Runs commands one after another beside what the caller does. One that fails is run again by whoever needs its result, and
    fails in his hands."""

    def __init__(self, commands, folder, environment, log):
        self._running, self._ended = None, False
        self._thread = threading.Thread(target=self._work, args=(commands, folder, environment, log), daemon=True)
        atexit.register(self._stop)
        self._thread.start()

    def _work(self, commands, folder, environment, log):
        with open(log, "w", encoding="utf-8") as out:
            for command in commands:
                if self._ended:
                    return
                self._running = subprocess.Popen(["ionice", "-c", "3", *command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                                 stdout=out, stderr=out, start_new_session=True, preexec_fn=step_back)
                self._running.wait()

    def _stop(self):
        self._ended = True
        if self._running and self._running.poll() is None:
            os.killpg(self._running.pid, signal.SIGKILL)

    def wait(self):
        self._thread.join()
