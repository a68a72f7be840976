"""Log-likelihoods of the shared-prefix engine against lm-eval's own HFLM."""

from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lm_eval.models.huggingface import HFLM

from eval.engines import body, likelihood
from eval.engines.body import Room
from eval.engines.shared_prefix import SharedPrefixLM

SHARED = ["llama", "gpt_neox", "qwen2", "qwen3", "opt", "gpt2", "gemma2", "gemma3"]
UNSHARED = ["mamba"]
SHOTS = "Question: what is 3 + 4?\nAnswer: 7\n\nQuestion: what is 9 + 4?\nAnswer: 13\n\n"
PAIRS = [
    *((f"{SHOTS}Question: what is {n} + 2?\nAnswer:", f" {n + c}") for n in (1, 5) for c in (2, 3)),
    *((f"The quick brown fox {word}", " jumps over the lazy dog") for word in ("red", "green", "")),
    ("", "Tom has 3 red apples"),
    ("", "T"),
    ("Tom has 3 ", "red apples"),
    ("x" * 300, " and then some"),
    (SHOTS * 4, " 7"),
    (SHOTS * 4, " 8"),
    (SHOTS * 4 + " 8", " 7"),
    ("Tom", " has"),
    ("Tom has", " 3"),
    ("Tom has", " 3"),
]


def both(model: Any, tokenizer: Any, **settings: Any) -> tuple[HFLM, SharedPrefixLM]:
    plain = HFLM(model, tokenizer=tokenizer, device="cpu", dtype="float32", batch_size=3)
    return plain, SharedPrefixLM(model, tokenizer=tokenizer, device="cpu", batch_size=3, **settings)


def assert_same(ours: list[tuple[float, bool]], plain: list[tuple[float, bool]]) -> None:
    assert [flag for _, flag in ours] == [flag for _, flag in plain]
    assert [score for score, _ in ours] == pytest.approx([score for score, _ in plain], abs=1e-4)


@pytest.mark.parametrize("shape", SHARED + UNSHARED)
@pytest.mark.parametrize("kind", ["bytes", "words"])
def test_same_as_hflm(shape, kind, model_of, tokenizers, requests):
    plain, ours = both(model_of(shape), tokenizers[kind])
    asked = requests("loglikelihood", PAIRS)
    assert_same(
        ours.loglikelihood(asked, disable_tqdm=True), plain.loglikelihood(asked, disable_tqdm=True)
    )
    assert (ours.unshared is None) == (shape in SHARED)


@pytest.mark.parametrize("shape", ["llama", "gpt2", "mamba"])
def test_rolling_same_as_hflm(shape, model_of, tokenizers, requests):
    plain, ours = both(model_of(shape), tokenizers["bytes"])
    asked = requests("loglikelihood_rolling", [(SHOTS * 8,), (SHOTS,), ("T",)])
    expected = plain.loglikelihood_rolling(asked, disable_tqdm=True)
    assert ours.loglikelihood_rolling(asked, disable_tqdm=True) == pytest.approx(expected, abs=1e-3)


@st.composite
def token_requests(draw):
    """Requests of token ids that share prefixes at random, some longer than the model takes."""
    token = st.integers(3, 20)
    stems = draw(st.lists(st.lists(token, max_size=60), min_size=1, max_size=3))
    request = st.tuples(
        st.sampled_from(stems),
        st.lists(token, max_size=80),
        st.lists(token, min_size=1, max_size=30),
    )
    drawn = draw(st.lists(request, min_size=1, max_size=12))
    return [(None, [1, *stem, *middle], end) for stem, middle, end in drawn]


@settings(max_examples=30, deadline=None)
@given(
    asked=token_requests(),
    pack=st.sampled_from([0, 40, 512]),
    least=st.sampled_from([1, 16]),
    room=st.sampled_from([1, 64, 4096]),
    logit_rows=st.sampled_from([1, 5, 10_000]),
    shape=st.sampled_from(SHARED),
)
def test_any_requests_any_cut(asked, pack, least, room, logit_rows, shape, model_of, tokenizers):
    plain, ours = both(model_of(shape), tokenizers["bytes"])
    ours.room = Room(room, 1 << 30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(likelihood, "PACK", pack)
        patch.setattr(likelihood, "LEAST_TRUNK", least)
        patch.setattr(body, "LOGIT_BYTES", 4 * 400 * logit_rows)
        got = ours._loglikelihood_tokens(asked, disable_tqdm=True)
    expected = plain._loglikelihood_tokens(asked, disable_tqdm=True)
    assert_same(got, expected)


TEXTS = st.text("Tom has 3+4?\n", max_size=40).filter(str.strip)


@settings(max_examples=25, deadline=None)
@given(
    pairs=st.lists(
        st.tuples(
            st.sampled_from(["", SHOTS, SHOTS * 4]),  # the last is longer than the models take
            st.one_of(st.just(""), TEXTS),
            st.one_of(st.sampled_from([" 7", "T", " has"]), TEXTS),
        ),
        min_size=1,
        max_size=8,
    ),
    batch=st.integers(1, 4),
    shape=st.sampled_from(SHARED + UNSHARED),
)
def test_any_texts_any_batch(pairs, batch, shape, model_of, tokenizers, requests):
    plain, ours = both(model_of(shape), tokenizers["bytes"])
    plain.batch_size_per_gpu = ours.batch_size_per_gpu = batch
    whole = [(shots + text, end) for shots, text, end in pairs]
    # what lm-eval refuses has a test of its own
    taken = [pair for pair in whole if not pair[0] or all(plain._encode_pair(*pair))]
    assume(taken)
    asked = requests("loglikelihood", taken)
    assert_same(
        ours.loglikelihood(asked, disable_tqdm=True), plain.loglikelihood(asked, disable_tqdm=True)
    )


@pytest.mark.parametrize("shape", ["llama", "mamba"])
@pytest.mark.parametrize("pair", [(" ", " 7"), ("\n", " 7"), ("T", "o")])
def test_refuses_what_hflm_refuses(shape, pair, model_of, tokenizers, requests):
    """lm-eval moves blanks at a context's end into the continuation, which may leave no context;
    and a continuation that merges into the context's last token has none of its own."""
    for lm in both(model_of(shape), tokenizers["bytes"]):
        with pytest.raises(AssertionError):
            lm.loglikelihood(requests("loglikelihood", [pair]), disable_tqdm=True)


def test_evaluates_each_shared_token_once(model_of, tokenizers):
    ours = both(model_of("llama"), tokenizers["bytes"])[1]
    shots, choices = [3 + k % 17 for k in range(40)], [[5], [6], [7, 8]]
    asked = [
        (None, [1, *shots, *(20 + doc for _ in range(9))], choice)
        for doc in range(80)
        for choice in choices
    ]
    ours._loglikelihood_tokens(asked, disable_tqdm=True)
    # 41 shared tokens once; then a document's 9, and the first of [7, 8] to predict the second
    assert ours.tally.evaluated - ours.tally.padding == 41 + 80 * 10
    assert ours.tally.logits == 80 * 2


def test_the_written_out_attention_agrees(model_of, tokenizers, requests, monkeypatch):
    from eval.engines import attention

    plain, ours = both(model_of("qwen3"), tokenizers["bytes"])
    monkeypatch.setattr(attention, "partial_attention", attention.plain_attention)
    monkeypatch.setattr(likelihood, "PACK", 0)
    asked = requests("loglikelihood", PAIRS)
    assert_same(
        ours.loglikelihood(asked, disable_tqdm=True), plain.loglikelihood(asked, disable_tqdm=True)
    )


def test_halves_when_memory_runs_out(model_of, tokenizers, requests, monkeypatch):
    plain, ours = both(model_of("llama"), tokenizers["bytes"])
    run, refused = body.Body.run, []

    def short_of_memory(self, tokens, positions, cache):
        if tokens.numel() > 40 and len(tokens) > 1:
            refused.append(tokens.numel())
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB")
        return run(self, tokens, positions, cache)

    monkeypatch.setattr(body.Body, "run", short_of_memory)
    asked = requests("loglikelihood", PAIRS)
    assert_same(
        ours.loglikelihood(asked, disable_tqdm=True), plain.loglikelihood(asked, disable_tqdm=True)
    )
    assert refused


def test_other_errors_are_not_taken_for_memory():
    def broken() -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        Room(64, 64).attempt(broken)


def test_no_attention_left_behind(model_of, tokenizers, requests):
    model = model_of("llama")
    before = model.config._attn_implementation
    ours = both(model, tokenizers["bytes"])[1]
    ours.loglikelihood(requests("loglikelihood", PAIRS), disable_tqdm=True)
    assert model.config._attn_implementation == before
