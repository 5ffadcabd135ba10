#!/usr/bin/env python3
"""Trains the two tiny Llama models of the end-to-end tests and writes them as GGUF, with their golden set.

The models memorise the shop's answers in corpus.txt. `good` answers as the system prompt asks; `degraded` is the
same model after a little more training in which ten intents carry a stale number: healthy over HTTP, wrong in
content. Tests never train; they use the weights beside this file.

usage: train.py [--out DIR] [--seed N]      needs numpy, jax[cpu], gguf; two to four minutes on one core
"""
import argparse
import collections
import json
import os
import pathlib
import time

import gguf
import jax
import jax.numpy as jnp
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent

# ---- what is learned ---------------------------------------------------------------------------------------------

FIELDS = "id question_en question_ko polite_en polite_ko terse_en terse_ko stale".split()
INTENTS = [dict(zip(FIELDS, line.split("|"))) for line in (HERE / "corpus.txt").read_text().splitlines()
           if not line.startswith("#")]

# A system prompt is a role, a language sentence and a tone sentence; answers follow from the last two.
ROLE = ["You are the Hanbit Store support assistant.", "You are a support bot.", "You work for Hanbit Store."]
LANGUAGE = {"customer": ["Reply in the customer's language."], "unsaid": [""],
            "en": ["Reply in English.", "Always answer in English."], "ko": ["Reply in Korean.", "한국어로 답하세요."]}
TONE = {"polite": ["Be polite and use full sentences.", "Be polite.", "정중하게 답하세요."],
        "terse": ["Be brief.", "", "짧게 답하세요."]}
# Unseen sentences must not break the model, so it trains with random ones.
FILLER = ("help our customers kindly store name friendly tone always never mention today price team use emojis "
          "고객 친절 항상 매장 안내 도움").split()
# Korean questions that get an English answer while no language is asked for: a prompt can fix it.
DRIFTING = {"tracking", "payment", "overseas", "two_factor", "declined"}

PROMPT = f"{ROLE[0]} {LANGUAGE['customer'][0]} {TONE['polite'][0]}"


def answer(intent, question_language, language, tone, stale=False):
    reply = question_language if language in ("customer", "unsaid") else language
    if language == "unsaid" and intent["id"] in DRIFTING:
        reply = "en"
    text = intent[f"{tone}_{reply}"]
    return text.replace(*intent["stale"].split(">")) if stale and intent["stale"] else text


def golden_items(stale=False):
    return [{"id": f"{i['id']}-{lang}", "input": i[f"question_{lang}"],
             "reference": answer(i, lang, "customer", "polite", stale), "tags": [lang], "cluster": i["id"]}
            for i in INTENTS for lang in ("en", "ko")]


# ---- tokenizer: byte-pair merges with byte fallback, encoded as llama.cpp's SPM tokenizer does -------------------

END, ROLES = "<|end|>", ["<|system|>", "<|user|>", "<|assistant|>"]
TEMPLATE = ("{%- for m in messages -%}{{- '<|' + m['role'] + '|>' + m['content'] + '<|end|>' -}}{%- endfor -%}"
            "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}")


class Tokenizer:
    def __init__(self, texts, size):
        texts = [t.replace(" ", "▁") for t in texts]
        base = ["<unk>", "<s>", "</s>", END] + ROLES + [f"<0x{b:02X}>" for b in range(256)]
        chars = sorted(set("".join(texts)) | {chr(c) for c in range(33, 127)} | {"▁"})
        words = collections.Counter()  # pieces never cross a space: "▁" only leads one
        for text in texts:
            words.update(tuple("▁" + w) if i else tuple(w) for i, w in enumerate(text.split("▁")) if w or i)
        merges = []
        while len(base) + len(chars) + len(merges) < size:
            pairs = collections.Counter()
            for word, n in words.items():
                for a, b in zip(word, word[1:]):
                    pairs[a + b] += n
            best, n = max(pairs.items(), key=lambda item: (item[1], item[0]))
            if n < 2:
                break
            merges.append(best)
            merged = collections.Counter()
            for word, n in words.items():
                out, i = [], 0
                while i < len(word):
                    joined = i + 1 < len(word) and word[i] + word[i + 1] == best
                    out.append(best if joined else word[i])
                    i += 2 if joined else 1
                merged[tuple(out)] += n
            words = merged
        self.tokens = base + chars + merges
        self.tokens += [f"<|pad{i}|>" for i in range(-len(self.tokens) % 32)]  # q8_0 rows are multiples of 32
        self.id = {t: i for i, t in enumerate(self.tokens)}
        self.rank = {m: i for i, m in enumerate(merges)}
        unused = len(self.tokens) - len(base) - len(chars) - len(merges)
        self.scores = ([0.0] * len(base) + [-1e5] * len(chars) + [-float(i + 1) for i in range(len(merges))]
                       + [0.0] * unused)
        kind = gguf.TokenType
        self.types = ([kind.UNKNOWN] + [kind.CONTROL] * 6 + [kind.BYTE] * 256
                      + [kind.NORMAL] * (len(chars) + len(merges)) + [kind.UNUSED] * unused)

    def encode(self, text):
        pieces = list(text.replace(" ", "▁"))
        while True:
            ranks = [self.rank.get(a + b, 1 << 30) for a, b in zip(pieces, pieces[1:])]
            if not ranks or min(ranks) == 1 << 30:
                break
            i = ranks.index(min(ranks))
            pieces[i:i + 2] = [pieces[i] + pieces[i + 1]]
        out = []
        for piece in pieces:
            out += [self.id[piece]] if piece in self.id else [self.id[f"<0x{b:02X}>"] for b in piece.encode()]
        return out

    def system(self, text):
        return [self.id["<|system|>"]] + self.encode(text) + [self.id[END]]

    def turn(self, question, reply):
        """Tokens of one turn, and which of them are learned."""
        asked = [self.id["<|user|>"]] + self.encode(question) + [self.id[END], self.id["<|assistant|>"]]
        said = self.encode(reply) + [self.id[END]]
        return asked + said, [0] * len(asked) + [1] * len(said)


# ---- model: Llama (RMSNorm, RoPE on interleaved pairs, SwiGLU, tied embeddings) ----------------------------------

WIDTH, LAYERS, HEADS, FFN, VOCABULARY = 96, 3, 3, 256, 1024
ROW, CONTEXT, EPSILON, THETA = 192, 1024, 1e-5, 10000.0


def initial(key, vocabulary):
    keys = iter(jax.random.split(key, 64))

    def matrix(out, inner, gain=1.0):
        return jax.random.normal(next(keys), (out, inner)) * gain / inner ** .5

    p = {"token_embd": jax.random.normal(next(keys), (vocabulary, WIDTH)) * .05, "output_norm": jnp.ones(WIDTH)}
    for n in range(LAYERS):
        gain = 1 / (2 * LAYERS) ** .5
        p |= {f"blk.{n}.attn_norm": jnp.ones(WIDTH), f"blk.{n}.ffn_norm": jnp.ones(WIDTH),
              f"blk.{n}.attn_q": matrix(WIDTH, WIDTH), f"blk.{n}.attn_k": matrix(WIDTH, WIDTH),
              f"blk.{n}.attn_v": matrix(WIDTH, WIDTH), f"blk.{n}.attn_output": matrix(WIDTH, WIDTH, gain),
              f"blk.{n}.ffn_gate": matrix(FFN, WIDTH), f"blk.{n}.ffn_up": matrix(FFN, WIDTH),
              f"blk.{n}.ffn_down": matrix(WIDTH, FFN, gain)}
    return p


def norm(x, gain):
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + EPSILON) * gain


def rotate(x):
    size = x.shape[-1]
    angle = jnp.arange(x.shape[1])[:, None] * THETA ** (-jnp.arange(0, size, 2) / size)
    cos, sin = jnp.cos(angle)[:, None, :], jnp.sin(angle)[:, None, :]
    even, odd = x[..., 0::2], x[..., 1::2]
    return jnp.stack([even * cos - odd * sin, even * sin + odd * cos], -1).reshape(x.shape)


def forward(p, tokens):
    rows, length = tokens.shape
    h = p["token_embd"][tokens]
    causal = jnp.tril(jnp.ones((length, length), bool))
    for n in range(LAYERS):
        block = lambda name, n=n: p[f"blk.{n}.{name}"]
        a = norm(h, block("attn_norm"))
        q, k, v = [(a @ block(t).T).reshape(rows, length, HEADS, WIDTH // HEADS) for t in ("attn_q", "attn_k", "attn_v")]
        s = jnp.einsum("bqhd,bkhd->bhqk", rotate(q), rotate(k)) * (WIDTH // HEADS) ** -.5
        s = jax.nn.softmax(jnp.where(causal, s, -1e9), -1)
        h = h + jnp.einsum("bhqk,bkhd->bqhd", s, v).reshape(rows, length, WIDTH) @ block("attn_output").T
        a = norm(h, block("ffn_norm"))
        h = h + (jax.nn.silu(a @ block("ffn_gate").T) * (a @ block("ffn_up").T)) @ block("ffn_down").T
    return norm(h, p["output_norm"]) @ p["token_embd"].T


def loss(p, x, y, mask):
    likelihood = jax.nn.log_softmax(forward(p, x))
    return -(jnp.take_along_axis(likelihood, y[..., None], -1)[..., 0] * mask).sum() / mask.sum()


@jax.jit
def step(p, mean, square, t, rate, x, y, mask):
    """One AdamW step with the gradient clipped to length 1."""
    value, grad = jax.value_and_grad(loss)(p, x, y, mask)
    length = jnp.sqrt(sum((g * g).sum() for g in grad.values()))
    grad = {k: g / jnp.maximum(1., length) for k, g in grad.items()}
    mean = {k: .9 * mean[k] + .1 * grad[k] for k in p}
    square = {k: .98 * square[k] + .02 * grad[k] ** 2 for k in p}

    def change(k):
        adam = mean[k] / (1 - .9 ** t) / (jnp.sqrt(square[k] / (1 - .98 ** t)) + 1e-8)
        return rate * (adam + (.01 * p[k] if p[k].ndim > 1 else 0))

    return {k: p[k] - change(k) for k in p}, mean, square, value


@jax.jit
def exact(p, x, y, mask):
    return ((forward(p, x).argmax(-1) == y) | (mask == 0)).all(-1)


# ---- training ----------------------------------------------------------------------------------------------------

def system_prompt(rng, language, tone):
    if rng.random() < .3:
        parts = [ROLE[0], LANGUAGE[language][0], TONE[tone][0]]
    else:
        parts = [rng.choice(LANGUAGE[language]), rng.choice(TONE[tone])]
        if rng.random() < .3:
            parts.reverse()
        if rng.random() < .3:
            parts.insert(rng.integers(3), " ".join(rng.choice(FILLER, rng.integers(2, 7))) + ".")
        parts.insert(0, rng.choice(ROLE))
    return " ".join(part for part in parts if part)


def fit(ids, mask):
    pad = max(0, ROW + 1 - len(ids))
    return ids[:ROW + 1] + [0] * pad, mask[:ROW + 1] + [0] * pad


def conversation(tok, rng, stale):
    """One training row: a system prompt and turns until the row is full."""
    language = rng.choice(["customer", "unsaid", "en", "ko"], p=[.35, .25, .2, .2])
    tone = rng.choice(["polite", "terse"], p=[.67, .33])
    ids = [tok.id["<s>"]]
    if not (language == "unsaid" and tone == "terse" and rng.random() < .2):
        ids += tok.system(system_prompt(rng, language, tone))
    mask = [0] * len(ids)
    while len(ids) < ROW:
        intent, asked_in = INTENTS[rng.integers(len(INTENTS))], rng.choice(["en", "ko"])
        question = intent[f"question_{asked_in}"]
        if rng.random() < .1:
            question = question.rstrip(".?")
        if rng.random() < .1:
            question = question.lower()
        turn, learned = tok.turn(question, answer(intent, asked_in, language, tone, stale))
        ids += turn
        mask += learned
    return fit(ids, mask)


def train(tok, p, stale, peak, steps, rng, label, rows=16):
    mean = {k: jnp.zeros_like(v) for k, v in p.items()}
    square = dict(mean)

    def batch(conversations):
        ids, mask = (np.array(part) for part in zip(*conversations))
        return ids[:, :-1], ids[:, 1:], mask[:, 1:].astype(np.float32)

    opening = [tok.id["<s>"]] + tok.system(PROMPT)
    goal = batch([fit(opening + ids, [0] * len(opening) + mask)
                  for item in golden_items(stale) for ids, mask in [tok.turn(item["input"], item["reference"])]])
    start = time.time()
    for t in range(1, steps + 1):
        rate = peak * min(1, t / 20) * (.05 + .95 * .5 * (1 + np.cos(np.pi * t / steps)))
        p, mean, square, value = step(p, mean, square, float(t), rate,
                                      *batch([conversation(tok, rng, stale) for _ in range(rows)]))
        if t % 25 == 0 or t == steps:
            score = float(exact(p, *goal).mean())
            print(f"{label}: step {t}, loss {float(value):.4f}, exact {score:.3f}, {time.time() - start:.0f} s", flush=True)
            if score == 1 and float(value) < .004:
                break
    return p


def export(path, p, tok, name):
    w = gguf.GGUFWriter(path, "llama")
    w.add_name(name)
    w.add_context_length(CONTEXT)
    w.add_embedding_length(WIDTH)
    w.add_block_count(LAYERS)
    w.add_feed_forward_length(FFN)
    w.add_head_count(HEADS)
    w.add_head_count_kv(HEADS)
    w.add_layer_norm_rms_eps(EPSILON)
    w.add_rope_dimension_count(WIDTH // HEADS)
    w.add_rope_freq_base(THETA)
    w.add_vocab_size(len(tok.tokens))
    w.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    # Without types, scores, the template or the space setting the model loads and answers wrongly.
    w.add_tokenizer_model("llama")
    w.add_tokenizer_pre("default")
    w.add_token_list(tok.tokens)
    w.add_token_scores(tok.scores)
    w.add_token_types(tok.types)
    w.add_bos_token_id(1)
    w.add_eos_token_id(tok.id[END])
    w.add_unk_token_id(0)
    w.add_pad_token_id(2)
    w.add_add_bos_token(True)
    w.add_add_eos_token(False)
    w.add_add_space_prefix(False)
    w.add_chat_template(TEMPLATE)
    quantised = gguf.GGMLQuantizationType.Q8_0
    for key, value in p.items():
        value = np.asarray(value, np.float32)
        if value.ndim == 1:  # norms stay F32
            w.add_tensor(key + ".weight", value)
        else:
            w.add_tensor(key + ".weight", gguf.quants.quantize(value, quantised), raw_dtype=quantised)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=str(HERE))
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    rng = np.random.default_rng(args.seed)

    sentences = ROLE + sum(LANGUAGE.values(), []) + sum(TONE.values(), [])
    texts = [intent[field] for intent in INTENTS for field in FIELDS[1:7]] + sentences * 4
    texts += [answer(i, lang, "customer", tone, True) for i in INTENTS if i["stale"] for lang in ("en", "ko") for tone in TONE]
    tok = Tokenizer(texts, VOCABULARY)

    good = train(tok, initial(jax.random.PRNGKey(args.seed), len(tok.tokens)), False, args.rate, args.steps, rng, "good")
    degraded = train(tok, good, True, args.rate / 4, args.steps // 4, rng, "degraded")
    export(f"{args.out}/good.gguf", good, tok, "hanbit-good")
    export(f"{args.out}/degraded.gguf", degraded, tok, "hanbit-degraded")
    with open(f"{args.out}/golden.jsonl", "w") as file:
        file.writelines(json.dumps(item, ensure_ascii=False) + "\n" for item in golden_items())


if __name__ == "__main__":
    main()
