"""One question to a chat completions API, without any library."""
import http.client
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "load"))
from classify import StreamText  # noqa: E402


def ask(host, port, model, question, system=None, conversation="quickstart-question"):
    """Returns (answer, headers); raises OSError or ValueError when there is none."""
    messages = ([{"role": "system", "content": system}] if system else []) + [{"role": "user", "content": question}]
    body = json.dumps({"model": model, "messages": messages, "temperature": 0, "max_tokens": 96})
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("POST", "/v1/chat/completions", body,
                           {"Content-Type": "application/json", "x-conversation-id": conversation})
        answer = connection.getresponse()
        raw = answer.read()
        if answer.status != 200:
            raise ValueError(f"status {answer.status}: {raw[:200].decode(errors='replace')}")
        return json.loads(raw)["choices"][0]["message"]["content"], {k.lower(): v for k, v in answer.getheaders()}
    except (http.client.HTTPException, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"no answer: {error!r}") from error
    finally:
        connection.close()


def stream(host, port, model, question, conversation="quickstart-question", **more):
    """The same as a stream: (pieces of text as they came, all bytes as they came). `more` goes into the body."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": question}], "temperature": 0, "max_tokens": 96,
                       "stream": True, **more})
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("POST", "/v1/chat/completions", body,
                           {"Content-Type": "application/json", "x-conversation-id": conversation})
        answer = connection.getresponse()
        if answer.status != 200:
            raise ValueError(f"status {answer.status}: {answer.read()[:200].decode(errors='replace')}")
        text, raw = StreamText(), b""
        while piece := answer.read1(65536):
            raw += piece
            text.feed(piece)
        text.text()
        return [part for part in text.parts if part], raw
    except http.client.HTTPException as error:
        raise ValueError(f"no answer: {error!r}") from error
    finally:
        connection.close()


def forced(text):
    """Makes a llama.cpp engine say exactly this, one token after the other (a GBNF grammar)."""
    return {"grammar": "root ::= " + json.dumps(text, ensure_ascii=False)}
