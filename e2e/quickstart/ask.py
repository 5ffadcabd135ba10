"""One question to a chat completions API, without any library."""
import http.client
import json


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
