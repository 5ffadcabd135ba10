#!/usr/bin/env python3
"""Answers for all gateway pods at once: whatever address port 8082 is asked on, that pod has taken over its configuration and
reaches every engine pod that is ready. Knows pods and configurations from the API server ($KUBECONFIG), as gateways do.

usage: gateways.py
"""
import asyncio
import json
import os
import sys
import threading
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[3] / "e2e" / "harness")]
from kube import Kube  # noqa: E402

ADMIN_PORT = 8082
OWNER, COMPONENT, SERVING_HASH = "llmops.dev/model-deployment", "llmops.dev/component", "llmops.dev/serving-hash"
SELECTOR = "app.kubernetes.io%2Fmanaged-by=llmops-operator"
SHORT = 10


class Known:
    """Every pod and configuration, by what a report asks for."""

    def __init__(self):
        self.gateways = {}  # address → (owner, pod UID)
        self.engines = {}   # owner → {pod: (short serving hash, ready)}
        self.configs = {}   # owner → (epoch, open, serving hashes)

    def see_pod(self, kind, pod):
        meta, status = pod["metadata"], pod.get("status", {})
        owner, component = meta["labels"].get(OWNER), meta["labels"].get(COMPONENT)
        gone = kind == "DELETED" or "deletionTimestamp" in meta
        if component == "gateway" and status.get("podIP"):
            if not gone:
                self.gateways[status["podIP"]] = (owner, meta["uid"])
            elif self.gateways.get(status["podIP"], (None, None))[1] == meta["uid"]:
                del self.gateways[status["podIP"]]
        elif component == "engine":
            pods = self.engines.setdefault(owner, {})
            pods.pop(meta["name"], None)
            if not gone:
                ready = any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions", []))
                pods[meta["name"]] = (meta["labels"].get(SERVING_HASH), ready)

    def see_config_map(self, _, config_map):
        text = config_map.get("data", {}).get("config.json")
        if text is None:
            return
        config = json.loads(text)
        model = config["models"][0]
        self.configs[config["modelDeployment"]] = (config["epoch"], model["open"], {one["servingHash"] for one in model["revisions"]})

    def report(self, address):
        owner, uid = self.gateways.get(address, (None, None))
        if owner is None or owner not in self.configs:
            return None
        epoch, opened, hashes = self.configs[owner]
        pods = list(self.engines.get(owner, {}).values())
        endpoints = {one: {"servable": sum(ready for short, ready in pods if short == one[:SHORT]),
                           "total": sum(short == one[:SHORT] for short, _ in pods)} for one in hashes}
        return {"version": "gatewayreport/v1", "podUID": uid, "bootID": "bench", "epoch": epoch, "opened": opened, "endpoints": endpoints}


def follow(path, see):
    """Lists and then watches for ever; a watch that ended begins again with a list."""
    kube = Kube(kubeconfig=os.environ["KUBECONFIG"])
    path += f"?labelSelector={SELECTOR}"
    while True:
        listed = kube.request("GET", path)
        for item in listed["items"]:
            see("ADDED", item)
        for kind, thing in kube.watch(path, listed["metadata"]["resourceVersion"]):
            see(kind, thing)


async def answer(known, reader, writer):
    address = writer.get_extra_info("sockname")[0]
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            report = known.report(address)
            body = json.dumps(report or {}).encode()
            status = "200 OK" if report else "503 Service Unavailable"
            writer.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve():
    known = Known()
    for path, see in (("/api/v1/pods", known.see_pod), ("/api/v1/configmaps", known.see_config_map)):
        threading.Thread(target=follow, args=(path, see), daemon=True).start()
    server = await asyncio.start_server(lambda reader, writer: answer(known, reader, writer), "0.0.0.0", ADMIN_PORT, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
