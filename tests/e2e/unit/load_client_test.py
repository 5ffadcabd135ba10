"""The load client against a server that behaves, and against one that misbehaves in each way that counts as failed."""
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
LOAD = os.path.join(ROOT, "e2e", "load")
sys.path.insert(0, LOAD)
import client  # noqa: E402
from classify import StreamText, Unusable, plain_text  # noqa: E402

ANSWER = {"choices": [{"message": {"role": "assistant", "content": "14 days."}}]}
CHUNK = {"choices": [{"delta": {"content": "14 days."}}]}


def plain(status=200, body=None, headers=""):
    body = json.dumps(ANSWER).encode() if body is None else body
    return (f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\nx-llmops-arm: stable\r\nx-llmops-revision: 3\r\n"
            f"{headers}\r\n").encode() + body


def stream(*events, end=True):
    pieces = [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-llmops-arm: candidate\r\nx-llmops-revision: 4\r\n\r\n"]
    for event in events:
        data = f"data: {event}\n\n".encode()
        pieces.append(b"%x\r\n%s\r\n" % (len(data), data))
    return b"".join(pieces) + (b"0\r\n\r\n" if end else b"")


GOOD_STREAM = stream(json.dumps(CHUNK), "[DONE]")


class Server:
    """Answers each request with reply(number of the request, its parsed body); None: closes at once."""

    def __init__(self, reply):
        self.reply = reply
        self.requests = []
        self.connections = 0

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.split("content-length: ")[1].split("\r\n")[0])
                body = json.loads(await reader.readexactly(length))
                self.requests.append((head, body))
                answer = self.reply(len(self.requests), body)
                if answer is None:
                    break
                if answer == "hang":
                    await reader.read()
                    break
                writer.write(answer)
                await writer.drain()
                if b"connection: close" in answer or not answer.endswith((b"0\r\n\r\n", b"}")):
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        writer.close()


def run_load(reply, requests, *arguments):
    """A run that ends after so many counted requests; returns (record, server)."""

    async def run():
        server = Server(reply)
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        load = client.Load(client.parse_options(["--url", f"http://127.0.0.1:{port}", "--model", "m", "--rate", "400",
                                                 *arguments]))
        count = load.record.count

        def count_and_stop(entry):
            count(entry)
            if load.record.requests >= requests:
                load.stop.set()

        load.record.count = count_and_stop
        await asyncio.wait_for(load.run(), 20)
        listener.close()
        return load.record, server

    return asyncio.run(run())


def well(number, body):
    return GOOD_STREAM if body["stream"] else plain()


def after_first(answer):
    """Behaves on the first request (nothing counts before it), then answers as given."""
    return lambda number, body: well(number, body) if number <= 1 else answer


class LoadClientTest(unittest.TestCase):
    def test_counts_requests_by_arm_and_streams_half_of_them(self):
        record, _ = run_load(well, 80)
        self.assertEqual(record.failed, 0)
        self.assertEqual(record.arms["stable"] + record.arms["candidate"], record.requests)
        self.assertAlmostEqual(record.streams / record.requests, 0.5, delta=0.1)
        self.assertEqual(record.revisions["candidate 4"], record.arms["candidate"])

    def test_keeps_conversations_of_at_least_three_turns_under_one_name(self):
        _, server = run_load(well, 60)
        turns = {}
        for head, body in server.requests:
            name = head.split("x-conversation-id: ")[1].split("\r\n")[0]
            turns.setdefault(name, []).append(len(body["messages"]))
        complete = [lengths for lengths in turns.values() if len(lengths) >= 3]
        self.assertGreaterEqual(len(complete), 4)
        for lengths in turns.values():
            self.assertEqual(lengths, list(range(1, 2 * len(lengths), 2)))

    def test_sends_further_fields_when_asked(self):
        _, server = run_load(well, 10, "--body", '{"grammar": "root ::= a", "max_tokens": 900}')
        self.assertTrue(all(body["grammar"] == "root ::= a" and body["max_tokens"] == 900 for _, body in server.requests))

    def test_what_fails_before_the_first_answer_does_not_count(self):
        record, _ = run_load(lambda n, body: plain(503, b'{"error": {}}') if n <= 5 else well(n, body), 20)
        self.assertEqual(record.failed, 0)

    def failed_kinds(self, answer, *arguments):
        record, server = run_load(after_first(answer), 8, *arguments)
        self.assertGreaterEqual(record.failed, 6)
        return set(record.kinds), record, server

    def test_a_status_other_than_2xx_is_failed_and_kept_with_body_and_headers(self):
        kinds, record, _ = self.failed_kinds(plain(503, b'{"error": {"message": "no arm}"}}', "retry-after: 1\r\n"))
        self.assertEqual(kinds, {"status"})
        failure = record.failures[0]
        self.assertEqual(failure["status"], 503)
        self.assertIn("no arm", failure["body"])
        self.assertEqual(failure["headers"]["retry-after"], "1")

    def test_a_closed_connection_is_failed_and_not_repeated(self):
        kinds, record, server = self.failed_kinds(None)
        self.assertEqual(kinds, {"reset"})
        self.assertEqual(len(server.requests), record.requests)

    def test_a_stream_without_done_is_failed(self):
        kinds, record, _ = self.failed_kinds(stream(json.dumps(CHUNK)), "--conversations", "1")
        self.assertEqual(kinds, {"no-done"})

    def test_a_stream_that_is_cut_is_failed(self):
        kinds, _, _ = self.failed_kinds(stream(json.dumps(CHUNK), end=False), "--conversations", "1")
        self.assertEqual(kinds, {"no-done"})

    def test_an_error_inside_a_stream_is_failed(self):
        kinds, _, _ = self.failed_kinds(stream('{"error": {"message": "engine lost"}}', "[DONE]"), "--conversations", "1")
        self.assertEqual(kinds, {"stream-error"})

    def test_an_answer_that_does_not_come_in_time_is_failed(self):
        kinds, _, _ = self.failed_kinds("hang", "--timeout", "0.2")
        self.assertEqual(kinds, {"timeout"})

    def test_a_body_that_is_no_completion_is_failed(self):
        kinds, _, _ = self.failed_kinds(plain(200, b"{}"))
        self.assertEqual(kinds, {"body", "no-done"})  # asked plain, asked as a stream

    def test_nobody_listening_is_failed_as_connect(self):
        async def refused():
            try:
                await client.Connection.open("127.0.0.1", 1)
            except client.Broken as problem:
                return problem.kind

        self.assertEqual(asyncio.run(refused()), "connect")

    def test_a_connection_that_the_server_closed_is_not_taken_again(self):
        record, server = run_load(lambda n, body: GOOD_STREAM if body["stream"] else plain(headers="connection: close\r\n"), 60)
        self.assertEqual(record.failed, 0)
        self.assertGreater(server.connections, 8)

    def test_sigterm_ends_it_with_a_summary_and_the_exit_code_tells_of_failures(self):
        async def run(reply):
            server = Server(reply)
            listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
            port = listener.sockets[0].getsockname()[1]
            with tempfile.TemporaryDirectory() as folder:
                summary = os.path.join(folder, "load.json")
                process = await asyncio.create_subprocess_exec(
                    sys.executable, os.path.join(LOAD, "client.py"), "--url", f"http://127.0.0.1:{port}", "--model", "m",
                    "--summary", summary, "--log", os.path.join(folder, "load.jsonl"), stdout=subprocess.DEVNULL)
                while len(server.requests) < 10:
                    await asyncio.sleep(0.02)
                process.terminate()
                code = await asyncio.wait_for(process.wait(), 10)
                with open(summary, encoding="utf-8") as file:
                    result = json.load(file)
                with open(os.path.join(folder, "load.jsonl"), encoding="utf-8") as file:
                    lines = len(file.readlines())
            listener.close()
            return code, result, lines

        code, result, lines = asyncio.run(run(well))
        self.assertEqual((code, result["failed"], result["running"]), (0, 0, False))
        self.assertEqual(lines, result["requests"])
        code, result, _ = asyncio.run(run(after_first(plain(500, b"{}"))))
        self.assertEqual(code, 1)
        self.assertGreater(result["failedByKind"]["status"], 0)


class ClassifyTest(unittest.TestCase):
    def test_reads_a_stream_that_is_cut_anywhere(self):
        raw = f"data: {json.dumps(CHUNK)}\r\n\r\n: ping\n\ndata: {json.dumps(CHUNK)}\n\ndata: [DONE]\n\n".encode()
        for at in range(len(raw)):
            text = StreamText()
            text.feed(raw[:at])
            text.feed(raw[at:])
            self.assertEqual(text.text(), "14 days.14 days.")

    def test_a_usage_chunk_without_choices_and_a_null_content_are_fine(self):
        text = StreamText()
        text.feed(b'data: {"choices": [{"delta": {"role": "assistant", "content": null}}]}\n\n')
        text.feed(b'data: {"choices": [], "usage": {}}\n\ndata: [DONE]\n\n')
        self.assertEqual(text.text(), "")

    def test_a_plain_answer_without_text_is_unusable(self):
        for body in (b"", b"[]", b'{"choices": []}', b'{"choices": [{"message": {"content": null}}]}'):
            with self.assertRaises(Unusable):
                plain_text(body)


if __name__ == "__main__":
    unittest.main()
