"""What an answer of the OpenAI API is worth: the text, or the reason why it counts as failed."""
import json

LINEAGE = ("x-llmops-arm", "x-llmops-revision", "x-llmops-revision-hash", "x-llmops-epoch", "x-request-id")


class Unusable(Exception):
    """`kind` is one word, for counting."""

    def __init__(self, kind, detail):
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


def plain_text(body):
    """The text of a `chat.completion`."""
    try:
        text = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Unusable("body", f"no chat completion: {error!r}") from error
    if not isinstance(text, str):
        raise Unusable("body", "choices[0].message.content is no text")
    return text


class StreamText:
    """Collects the text of a `chat.completion.chunk` stream, piece by piece."""

    def __init__(self):
        self.parts = []
        self.done = False
        self._rest = b""

    def feed(self, piece):
        self._rest += piece
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            line = line.rstrip(b"\r")
            if line.startswith(b"data:"):
                self._event(line[5:].strip())

    def _event(self, data):
        if data == b"[DONE]":
            self.done = True
            return
        try:
            event = json.loads(data)
            if "error" in event:
                raise Unusable("stream-error", json.dumps(event["error"], ensure_ascii=False)[:300])
            for choice in event["choices"]:
                self.parts.append(choice["delta"].get("content") or "")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unusable("body", f"no chunk: {error!r}") from error

    def text(self):
        if not self.done:
            raise Unusable("no-done", "the stream ended without [DONE]")
        return "".join(self.parts)
