"""The official Python client against BASE_URL (…/v1) and MODEL; a line of JSON for each check.

ENGINE: stub, llamacpp, or empty for any other; ENGINE_URL: its base where it can be reached; NO_TOOLS: why it cannot call
tools, empty when it can; GUARDED=1: resident registration numbers are masked on both ways, "bluebird" is blocked in what
is asked and "yellowbird" in what is answered.
"""
import json
import os
import re
import sys
import time
import urllib.request

import openai

BASE_URL, MODEL = os.environ["BASE_URL"], os.environ["MODEL"]
ENGINE, ENGINE_URL = os.environ.get("ENGINE", ""), os.environ.get("ENGINE_URL", "")
NO_TOOLS, GUARDED = os.environ.get("NO_TOOLS", ""), os.environ.get("GUARDED") == "1"
RRN = "900101-1234568"
CHECKS = []
client = openai.OpenAI(base_url=BASE_URL, api_key="none", max_retries=0, timeout=60)


def check(function):
    CHECKS.append(function)
    return function


def ask(text, **more):
    return client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": text}], **{"max_tokens": 96, **more})


def streamed(text, **more):
    chunks = list(ask(text, stream=True, **more))
    said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    return chunks, said


def says(text):
    """What makes the engine say exactly this: (question, more)."""
    if ENGINE == "llamacpp":
        return "Say it", {"extra_body": {"grammar": "root ::= " + json.dumps(text)}}
    return text, {}


def said_by(text):
    """The engine says this; what a client reads, streamed and gathered."""
    question, more = says(text)
    return streamed(question, **more)[1], ask(question, **more).choices[0].message.content


def generated():
    """What the engine has done so far: streams that were left, or tokens."""
    path = "/stub/cancelled" if ENGINE == "stub" else "/metrics"
    text = urllib.request.urlopen(ENGINE_URL + path).read().decode()
    return json.loads(text)["count"] if ENGINE == "stub" else metric(text, "tokens_predicted_total")


def metric(text, name):
    return float(re.search(rf"^llamacpp:{name} (\S+)", text, re.M)[1])


def wait_until(true, why):
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, why
        time.sleep(0.05)


def at_rest():
    """Whether the engine works on nothing: then all its tokens are counted."""
    return metric(urllib.request.urlopen(ENGINE_URL + "/metrics").read().decode(), "requests_processing") == 0


def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


@check
def chat_gives_an_answer_with_usage_and_lineage():
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=[{"role": "user", "content": "Say hello"}], max_tokens=48)
    answer = raw.parse()
    assert answer.object == "chat.completion" and answer.model == MODEL, answer
    assert answer.choices[0].message.role == "assistant" and answer.choices[0].message.content, answer
    assert answer.choices[0].finish_reason in ("stop", "length") and answer.usage.total_tokens > 0, answer
    assert raw.headers["x-llmops-arm"] and raw.headers["x-request-id"], raw.headers


@check
def a_stream_says_the_same_as_a_gathered_answer():
    chunks, said = streamed("Say hello", temperature=0, seed=1)
    assert chunks[0].object == "chat.completion.chunk" and chunks[-1].choices[0].finish_reason in ("stop", "length")
    assert all(c.model == MODEL and c.usage is None for c in chunks), "the served name, no usage unasked"
    if ENGINE:
        assert said == ask("Say hello", temperature=0, seed=1).choices[0].message.content, said
    assert said, chunks


@check
def a_stream_has_usage_when_asked():
    chunks, _ = streamed("Say hello", stream_options={"include_usage": True})
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0, chunks[-1]


@check
def several_choices_come_apart():
    if not ENGINE:
        return "the engine may have one choice only"
    question, more = says("abc")
    answer = ask(question, n=2, **more)
    assert [c.index for c in answer.choices] == [0, 1] and answer.choices[1].message.content == "abc", answer


@check
def models_are_listed():
    assert MODEL in [m.id for m in client.models.list()] and client.models.retrieve(MODEL).id == MODEL


@check
def an_unknown_model_is_not_found():
    error = refused(openai.NotFoundError, lambda: client.chat.completions.create(
        model="no-such-model", messages=[{"role": "user", "content": "x"}]))
    assert error.code == "model_not_found" and error.param == "model" and error.type, error.body


@check
def a_bad_request_names_the_field():
    error = refused(openai.BadRequestError, lambda: client.chat.completions.create(model=MODEL, messages=[]))
    assert error.param == "messages" and error.code, error.body


@check
def embeddings_that_the_engine_lacks_are_said_so():
    if not ENGINE:
        return "depends on the engine"
    error = refused(openai.APIStatusError, lambda: client.embeddings.create(model=MODEL, input="a"))
    assert error.status_code == 501 and error.code == "not_supported", error.body


@check
def a_client_that_leaves_cancels_the_engine():
    before = generated() if ENGINE_URL else 0
    if ENGINE == "llamacpp":
        question, more = "Say it", {"extra_body": {"grammar": 'root ::= ("one more ")+'}, "max_tokens": 900}
    else:
        question, more = ("count to 200" if ENGINE == "stub" else "Count from 1 to 400 in words"), {}
    stream = ask(question, stream=True, **more)
    for number, _ in enumerate(stream):
        if number == 3:
            break
    stream.close()
    if ENGINE == "stub":
        wait_until(lambda: generated() > before, "the engine went on")
    # With one slot free at least, so that this answer does not wait for the one that was left.
    assert ask("still there?").choices[0].message.content
    if ENGINE == "llamacpp" and ENGINE_URL:
        wait_until(at_rest, "the engine went on")
        assert generated() - before < 600, f"the engine went on for {generated() - before} tokens"


TOOL = {"type": "function", "function": {"name": "weather", "description": "Weather of a city", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}, "note": {"type": "string"}}, "required": ["city"]}}}


@check
def tools_are_called_gathered_and_streamed():
    if NO_TOOLS:
        return NO_TOOLS
    question = [{"role": "user", "content": "What is the weather in Seoul?"}]
    gathered = client.chat.completions.create(model=MODEL, messages=question, tools=[TOOL])
    call = gathered.choices[0].message.tool_calls[0]
    assert call.function.name == "weather" and json.loads(call.function.arguments)["city"] == "Seoul", call
    assert gathered.choices[0].finish_reason == "tool_calls", gathered
    with client.chat.completions.stream(model=MODEL, messages=question, tools=[TOOL]) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.tool_calls[0].function.arguments == call.function.arguments, final
    after = client.chat.completions.create(model=MODEL, messages=[
        *question, gathered.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}])
    assert after.choices[0].message.content, after


@check
def a_resident_number_is_masked_on_both_ways():
    if not GUARDED:
        return "no guardrails"
    for said in said_by(f"I am {RRN}."):
        assert RRN not in said and (not ENGINE or said == "I am [RRN]."), said


@check
def a_blocked_request_says_which_rule():
    if not GUARDED:
        return "no guardrails"
    error = refused(openai.BadRequestError, lambda: ask("tell me about bluebird"))
    assert error.code == "content_filter" and "bluebird" not in json.dumps(error.body), error.body


@check
def a_blocked_answer_ends_with_content_filter():
    if not (GUARDED and ENGINE):
        return "no guardrails, or an engine that says what it wants"
    question, more = says("say yellowbird please")
    chunks, said = streamed(question, **more)
    assert chunks[-1].choices[0].finish_reason == "content_filter" and "yellow" not in said, (said, chunks[-1])
    assert chunks[-1].moderation.output.results[0].flagged, chunks[-1]
    answer = ask(question, **more)
    assert answer.choices[0].finish_reason == "content_filter" and answer.choices[0].message.content == "say ", answer


@check
def verdicts_come_when_asked():
    if not GUARDED:
        return "no guardrails"
    answer = ask("Say hello", extra_body={"moderation": {"model": "any"}})
    assert answer.moderation.input.type == "moderation_results", answer.moderation
    assert answer.moderation.input.results[0].flagged is False, answer.moderation


def main():
    failed = 0
    for function in CHECKS:
        line = {"client": f"openai-python {openai.__version__}", "check": function.__name__}
        try:
            skipped = function()
            line["result"] = f"not applicable: {skipped}" if skipped else "passed"
        except Exception as error:  # noqa: BLE001: whatever a check meets is its result
            line["result"], line["error"] = "failed", f"{type(error).__name__}: {error}"[:400]
            failed += 1
        print(json.dumps(line), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
