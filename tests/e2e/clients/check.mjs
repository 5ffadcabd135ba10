// The official JavaScript client; the same checks and settings as check.py.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(process.env.PACKAGES + "/package.json"));
const { default: OpenAI } = await import(pathToFileURL(require.resolve("openai")));
const { VERSION: version } = require("openai/version");

const { BASE_URL, MODEL, ENGINE = "", ENGINE_URL = "", NO_TOOLS = "" } = process.env;
const GUARDED = process.env.GUARDED === "1";
const RRN = "900101-1234568";
const client = new OpenAI({ baseURL: BASE_URL, apiKey: "none", maxRetries: 0, timeout: 60_000 });

function assert(condition, what) {
  if (!condition) throw new Error(JSON.stringify(what) ?? "not so");
}
const messages = (text) => [{ role: "user", content: text }];
const ask = (text, more = {}) =>
  client.chat.completions.create({ model: MODEL, messages: messages(text), max_tokens: 96, ...more });
async function streamed(text, more = {}) {
  const chunks = [];
  for await (const chunk of await ask(text, { stream: true, ...more })) chunks.push(chunk);
  return [chunks, chunks.map((c) => c.choices[0]?.delta.content ?? "").join("")];
}
async function refused(kind, call) {
  try {
    await call();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`no ${kind.name}`);
}
// What makes the engine say exactly this: [question, more].
const says = (text) =>
  ENGINE === "llamacpp" ? ["Say it", { grammar: "root ::= " + JSON.stringify(text) }] : [text, {}];
// The engine says this; what a client reads, streamed and gathered.
async function saidBy(text) {
  const [question, more] = says(text);
  return [(await streamed(question, more))[1], (await ask(question, more)).choices[0].message.content];
}
const engine = async (path) => (await fetch(ENGINE_URL + path)).text();
const metric = async (name) => Number(new RegExp(`^llamacpp:${name} (\\S+)`, "m").exec(await engine("/metrics"))[1]);
// What the engine has done so far: streams that were left, or tokens.
async function generated() {
  return ENGINE === "stub" ? JSON.parse(await engine("/stub/cancelled")).count : metric("tokens_predicted_total");
}
async function waitUntil(holds, why) {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    assert(Date.now() < deadline, why);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const checks = {
  async chat_gives_an_answer_with_usage_and_lineage() {
    const { data, response } = await ask("Say hello").withResponse();
    assert(data.object === "chat.completion" && data.model === MODEL && data.usage.total_tokens > 0, data);
    assert(data.choices[0].message.role === "assistant" && data.choices[0].message.content, data);
    assert(response.headers.get("x-llmops-arm") && response.headers.get("x-request-id"), "headers");
  },
  async a_stream_says_the_same_as_a_gathered_answer() {
    const [chunks, said] = await streamed("Say hello", { temperature: 0, seed: 1 });
    assert(chunks.every((c) => c.model === MODEL && !c.usage), chunks[0]);
    assert(["stop", "length"].includes(chunks.at(-1).choices[0].finish_reason), chunks.at(-1));
    if (ENGINE) assert(said === (await ask("Say hello", { temperature: 0, seed: 1 })).choices[0].message.content, said);
    assert(said, chunks);
  },
  async a_stream_has_usage_when_asked() {
    const [chunks] = await streamed("Say hello", { stream_options: { include_usage: true } });
    assert(chunks.at(-1).choices.length === 0 && chunks.at(-1).usage.total_tokens > 0, chunks.at(-1));
  },
  async several_choices_come_apart() {
    if (!ENGINE) return "the engine may have one choice only";
    const [question, more] = says("abc");
    const answer = await ask(question, { n: 2, ...more });
    assert(answer.choices.length === 2 && answer.choices[1].message.content === "abc", answer);
  },
  async models_are_listed() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assert(ids.includes(MODEL) && (await client.models.retrieve(MODEL)).id === MODEL, ids);
  },
  async an_unknown_model_is_not_found() {
    const error = await refused(OpenAI.NotFoundError, () =>
      client.chat.completions.create({ model: "no-such-model", messages: messages("x") }));
    assert(error.code === "model_not_found" && error.param === "model" && error.type, error.error);
  },
  async a_bad_request_names_the_field() {
    const error = await refused(OpenAI.BadRequestError, () =>
      client.chat.completions.create({ model: MODEL, messages: [] }));
    assert(error.param === "messages" && error.code, error.error);
  },
  async embeddings_that_the_engine_lacks_are_said_so() {
    if (!ENGINE) return "depends on the engine";
    const error = await refused(OpenAI.APIError, () => client.embeddings.create({ model: MODEL, input: "a" }));
    assert(error.status === 501 && error.code === "not_supported", error.error);
  },
  async a_client_that_leaves_cancels_the_engine() {
    const before = ENGINE_URL ? await generated() : 0;
    const [question, more] = ENGINE === "llamacpp"
      ? ["Say it", { grammar: 'root ::= ("one more ")+', max_tokens: 900 }]
      : [ENGINE === "stub" ? "count to 200" : "Count from 1 to 400 in words", {}];
    const stream = await ask(question, { stream: true, ...more });
    let seen = 0;
    for await (const _ of stream) if (++seen > 3) break;
    stream.controller.abort();
    if (ENGINE === "stub") await waitUntil(async () => (await generated()) > before, "the engine went on");
    assert((await ask("still there?")).choices[0].message.content, "no answer");
    if (ENGINE === "llamacpp" && ENGINE_URL) {
      await waitUntil(async () => (await metric("requests_processing")) === 0, "the engine went on");
      assert((await generated()) - before < 600, "the engine went on");
    }
  },
  async tools_are_called_gathered_and_streamed() {
    if (NO_TOOLS) return NO_TOOLS;
    const parameters = { type: "object", properties: { city: { type: "string" }, note: { type: "string" } },
                         required: ["city"] };
    const tools = [{ type: "function", function: { name: "weather", description: "Weather of a city", parameters } }];
    const question = messages("What is the weather in Seoul?");
    const gathered = await client.chat.completions.create({ model: MODEL, messages: question, tools });
    const call = gathered.choices[0].message.tool_calls[0];
    assert(call.function.name === "weather" && JSON.parse(call.function.arguments).city === "Seoul", call);
    const final = await client.chat.completions.stream({ model: MODEL, messages: question, tools })
      .finalChatCompletion();
    assert(final.choices[0].message.tool_calls[0].function.arguments === call.function.arguments, final);
    const after = await client.chat.completions.create({ model: MODEL, messages: [
      ...question, gathered.choices[0].message, { role: "tool", tool_call_id: call.id, content: "sunny" }] });
    assert(after.choices[0].message.content, after);
  },
  async a_resident_number_is_masked_on_both_ways() {
    if (!GUARDED) return "no guardrails";
    for (const said of await saidBy(`I am ${RRN}.`))
      assert(!said.includes(RRN) && (!ENGINE || said === "I am [RRN]."), said);
  },
  async a_blocked_request_says_which_rule() {
    if (!GUARDED) return "no guardrails";
    const error = await refused(OpenAI.BadRequestError, () => ask("tell me about bluebird"));
    assert(error.code === "content_filter" && !JSON.stringify(error.error).includes("bluebird"), error.error);
  },
  async a_blocked_answer_ends_with_content_filter() {
    if (!(GUARDED && ENGINE)) return "no guardrails, or an engine that says what it wants";
    const [question, more] = says("say yellowbird please");
    const [chunks, said] = await streamed(question, more);
    assert(chunks.at(-1).choices[0].finish_reason === "content_filter" && !said.includes("yellow"), [said, chunks.at(-1)]);
    const answer = await ask(question, more);
    assert(answer.choices[0].finish_reason === "content_filter" && answer.choices[0].message.content === "say ", answer);
  },
  async verdicts_come_when_asked() {
    if (!GUARDED) return "no guardrails";
    const answer = await ask("Say hello", { moderation: { model: "any" } });
    assert(answer.moderation.input.results[0].flagged === false, answer.moderation);
  },
};

let failed = 0;
for (const [name, run] of Object.entries(checks)) {
  const line = { client: `openai-javascript ${version}`, check: name };
  try {
    const skipped = await run();
    line.result = skipped ? `not applicable: ${skipped}` : "passed";
  } catch (error) {
    line.result = "failed";
    line.error = String(error).slice(0, 400);
    ++failed;
  }
  console.log(JSON.stringify(line));
}
process.exit(failed ? 1 : 0);
