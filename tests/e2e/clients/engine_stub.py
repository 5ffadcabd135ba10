#!/usr/bin/env python3
"""An engine that thinks of nothing, as llama.cpp's server speaks: usage: engine_stub.py PORT MODEL

The last user message says what it does: "count to N" streams N words with a pause between them, anything else is
repeated letter by letter. With `tools` it calls the first of them. GET /stub/cancelled: streams that were left.
"""
import http.server
import json
import sys
import threading
import time

MODEL = sys.argv[2] if len(sys.argv) > 2 else "stub"
LOCK = threading.Lock()
CANCELLED = 0


def text_of(content):
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def pieces_of(body):
    """(delta or text members, finish reason) one after another."""
    if "messages" not in body:
        prompt = body["prompt"] if isinstance(body["prompt"], str) else body["prompt"][0]
        return [({"text": letter}, None) for letter in prompt] + [({"text": ""}, "stop")], 0
    said = text_of(body["messages"][-1]["content"])
    answered = body["messages"][-1]["role"] == "tool"
    deltas = [{"role": "assistant", "content": None}]
    pause, finish = 0, "stop"
    if body.get("tools") and not answered:
        name = body["tools"][0]["function"]["name"]
        deltas.append({"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
                                       "function": {"name": name, "arguments": ""}}]})
        for letter in json.dumps({"city": "Seoul", "note": said}):
            deltas.append({"tool_calls": [{"index": 0, "function": {"arguments": letter}}]})
        finish = "tool_calls"
    elif said.startswith("count to "):
        pause = 0.05
        deltas += [{"content": f"{number} "} for number in range(1, int(said.split()[-1]) + 1)]
    else:
        deltas += [{"content": letter} for letter in said]
    return [({"delta": delta}, None) for delta in deltas] + [({"delta": {}}, finish)], pause


class Engine(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send_json(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        answers = {"/health": {"status": "ok"}, "/props": {"total_slots": 16},
                   "/v1/models": {"object": "list", "data": [{"id": MODEL}]}, "/stub/cancelled": {"count": CANCELLED}}
        self.send_json(200 if self.path in answers else 404, answers.get(self.path, {}))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v1/embeddings":
            return self.send_json(501, {"error": {"code": 501, "type": "not_supported_error",
                                                  "message": "This server does not support embeddings."}})
        try:
            self.stream(body)
        except (BrokenPipeError, ConnectionResetError):
            global CANCELLED
            with LOCK:
                CANCELLED += 1
            self.close_connection = True

    def stream(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        chat = "messages" in body
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk" if chat else "text_completion",
                "created": int(time.time()), "model": MODEL}
        pieces, pause = pieces_of(body)
        for members, finish in pieces:
            for index in range(body.get("n") or 1):
                self.event({**head, "choices": [{"index": index, "logprobs": None, "finish_reason": finish, **members}]})
            time.sleep(pause)
        usage = {"prompt_tokens": 7, "completion_tokens": len(pieces), "total_tokens": 7 + len(pieces)}
        if (body.get("stream_options") or {}).get("include_usage"):
            self.event({**head, "choices": [], "usage": usage})
        self.chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def event(self, value):
        self.chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Engine).serve_forever()
