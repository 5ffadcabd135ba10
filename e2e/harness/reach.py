"""How this machine reaches Services and pods: directly on the machine's own cluster, through forwarded ports elsewhere."""
import atexit
import re
import subprocess

from paths import CURRENT, environment

_forwards = {}  # (namespace, target, port) → (process, local port)


def service_address(service):
    """(host, port) of a Service's first port; None while nothing answers there."""
    meta = service["metadata"]
    if not CURRENT:
        return service["spec"]["clusterIP"], service["spec"]["ports"][0]["port"]
    return _forwarded(meta["namespace"], f"svc/{meta['name']}", service["spec"]["ports"][0]["port"])


def pod_address(pod, port):
    """(host, port) of a pod; None while it has no address."""
    if not pod["status"].get("podIP"):
        return None
    if not CURRENT:
        return pod["status"]["podIP"], port
    return _forwarded(pod["metadata"]["namespace"], f"pod/{pod['metadata']['name']}", port)


def _forwarded(namespace, target, port):
    process, local = _forwards.get((namespace, target, port), (None, None))
    if process is None or process.poll() is not None:
        process = subprocess.Popen(["kubectl", "port-forward", "-n", namespace, target, f":{port}"], env=environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        # One line when it listens, none when there is no ready pod.
        match = re.match(r"Forwarding from 127\.0\.0\.1:(\d+)", process.stdout.readline())
        if not match:
            process.kill()
            process.wait()
            return None
        local = int(match.group(1))
        _forwards[(namespace, target, port)] = (process, local)
    return "127.0.0.1", local


@atexit.register
def _end_forwards():
    for process, _ in _forwards.values():
        process.kill()
