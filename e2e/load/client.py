#!/usr/bin/env python3
"""Users of a chat completions API: conversations at a fixed rate, half of them streamed, never a retry.

Runs until SIGTERM, SIGINT, or until the file of --until exists. Requests before the first 200 do not count.
The summary file is replaced every half second; the process ends with 1 when a request failed.
"""
import argparse
import asyncio
import contextlib
import itertools
import json
import os
import random
import signal
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from classify import LINEAGE, StreamText, Unusable, plain_text  # noqa: E402
from http1 import Broken, Connection  # noqa: E402
from record import Record  # noqa: E402

QUESTIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "engine", "golden.jsonl")
BODY_KEPT = 1000


def load_questions(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line)["input"] for line in lines if line.strip()]


class Conversation:
    """One user: asks, reads the answer, asks again, with all turns so far; streamed or not, throughout."""

    numbers = itertools.count(1)

    def __init__(self, options, record, questions, streamed):
        self.options = options
        self.record = record
        self.questions = questions
        self.streamed = streamed
        self.connection = None
        self.begin()

    def begin(self):
        self.drop_connection()
        self.name = f"{self.options.name}-{next(self.numbers)}"
        self.messages = []
        self.turn = 0
        self.turns = random.randint(self.options.min_turns, self.options.max_turns)

    def drop_connection(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    async def ask(self):
        """One request. A failed one ends its conversation, as it would for a user."""
        self.turn += 1
        self.messages.append({"role": "user", "content": random.choice(self.questions)})
        entry = {"t": round(time.time(), 3), "conversation": self.name, "turn": self.turn, "stream": self.streamed,
                 "status": None, "kind": None, "detail": None, "headers": {}}
        began = time.monotonic()
        try:
            answer = await asyncio.wait_for(self.exchange(entry, began), self.options.timeout)
            self.messages.append({"role": "assistant", "content": answer})
        except (Broken, Unusable) as problem:
            entry["kind"], entry["detail"] = problem.kind, problem.detail
        except asyncio.TimeoutError:
            entry["kind"], entry["detail"] = "timeout", f"no complete answer in {self.options.timeout} s"
        entry["ms"] = round((time.monotonic() - began) * 1000, 1)
        if entry["kind"]:
            self.drop_connection()
        if self.record.started is None and entry["kind"] is None:
            self.record.started = entry["t"]
        if self.record.started is not None:
            self.record.count(entry)
        if entry["kind"] or self.turn >= self.turns:
            self.begin()

    async def exchange(self, entry, began):
        options = self.options
        if self.connection is None or not self.connection.alive:
            self.drop_connection()
            self.connection = await Connection.open(options.host, options.port)
        connection = self.connection
        entry["reused"] = connection.used
        body = {"model": options.model, "messages": self.messages, "temperature": 0, "max_tokens": 96,
                "stream": self.streamed, **options.body}
        await connection.send(options.authority, "/v1/chat/completions",
                              {"x-conversation-id": self.name, "user-agent": "llmops-load"},
                              json.dumps(body, ensure_ascii=False).encode())
        head = await connection.head()
        entry["status"] = head.status
        entry["headers"] = {name: head.headers[name] for name in LINEAGE if name in head.headers}
        if not 200 <= head.status < 300:
            raw = b"".join([piece async for piece in connection.body(head)])
            entry["headers"] = head.headers
            entry["body"] = raw[:BODY_KEPT].decode(errors="replace")
            raise Unusable("status", f"{head.status}: {entry['body'][:200]}")
        stream = StreamText()
        received = b""
        try:
            async for piece in connection.body(head):
                entry.setdefault("firstByteMs", round((time.monotonic() - began) * 1000, 1))
                if self.streamed:
                    stream.feed(piece)
                received = (received + piece) if not self.streamed else (received + piece)[-BODY_KEPT:]
            answer = stream.text() if self.streamed else plain_text(received)
        except (Broken, Unusable) as problem:
            entry["body"] = received[-BODY_KEPT:].decode(errors="replace")
            if isinstance(problem, Broken) and self.streamed and not stream.done:
                raise Unusable("no-done", f"the stream was cut: {problem}") from problem
            raise
        if not connection.reusable:
            self.drop_connection()
        return answer


class Load:
    def __init__(self, options):
        self.options = options
        self.record = Record(options.summary, options.log)
        questions = load_questions(options.questions)
        self.free = asyncio.Queue()
        for i in range(options.conversations):
            self.free.put_nowait(Conversation(options, self.record, questions, streamed=i % 2 == 0))
        self.stop = asyncio.Event()
        self.running = set()

    async def one(self, conversation):
        await conversation.ask()
        self.free.put_nowait(conversation)

    async def pace(self):
        """Starts a request every 1/rate seconds; one that found no free conversation starts late."""
        interval = 1 / self.options.rate
        due = time.monotonic()
        while not self.stop.is_set():
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.stop.wait(), max(0.0, due - time.monotonic()))
                break
            if self.free.empty():
                self.record.late += 1
            getter = asyncio.ensure_future(self.free.get())
            stopper = asyncio.ensure_future(self.stop.wait())
            await asyncio.wait({getter, stopper}, return_when=asyncio.FIRST_COMPLETED)
            stopper.cancel()
            if not getter.done():
                getter.cancel()
                break
            task = asyncio.ensure_future(self.one(getter.result()))
            self.running.add(task)
            task.add_done_callback(self.running.discard)
            # After a stall the rate goes on; it does not catch up in a burst.
            due = max(due + interval, time.monotonic())

    async def report(self):
        while not self.stop.is_set():
            self.record.write_summary(running=True)
            orphaned = self.options.parent and os.getppid() != self.options.parent
            if orphaned or (self.options.until and os.path.exists(self.options.until)):
                self.stop.set()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.stop.wait(), 0.5)

    async def run(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        await asyncio.gather(self.pace(), self.report())
        # What was asked is answered, or times out, before the end.
        if self.running:
            await asyncio.wait(self.running)
        self.record.write_summary(running=False)


def parse_options(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="base address, e.g. http://10.96.0.20")
    parser.add_argument("--model", required=True)
    parser.add_argument("--rate", type=float, default=20, help="requests a second in total (20)")
    parser.add_argument("--conversations", type=int, default=8, help="at once; every second one is streamed (8)")
    parser.add_argument("--min-turns", type=int, default=3)
    parser.add_argument("--max-turns", type=int, default=5)
    parser.add_argument("--timeout", type=float, default=30, help="seconds for a whole answer (30)")
    parser.add_argument("--name", default="conversation", help="prefix of x-conversation-id")
    parser.add_argument("--questions", default=QUESTIONS, help="JSON Lines with a field input")
    parser.add_argument("--body", type=json.loads, default={}, help="further fields of each request, as a JSON object")
    parser.add_argument("--log", help="JSON Lines, one for each request")
    parser.add_argument("--summary", help="JSON, replaced every half second")
    parser.add_argument("--until", help="end when this file exists")
    parser.add_argument("--parent", type=int, help="end when this is no longer the parent process")
    options = parser.parse_args(arguments)
    address = urllib.parse.urlsplit(options.url)
    if address.scheme != "http" or not address.hostname:
        parser.error(f"--url: found {options.url}, allowed http://HOST[:PORT]")
    options.host, options.port = address.hostname, address.port or 80
    options.authority = address.netloc
    return options


async def main():
    load = Load(parse_options())
    await load.run()
    record = load.record
    print(f"requests {record.requests}, failed {record.failed} {dict(record.kinds) or ''}".rstrip())
    return 1 if record.failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
