"""Greedy generation of the shared-prefix engine against lm-eval's own HFLM."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM

from eval.engines import body, generation
from eval.engines.body import Room
from eval.engines.shared_prefix import SharedPrefixLM

SHARED = ["llama", "gpt_neox", "qwen2", "qwen3", "opt", "gpt2", "gemma2", "gemma3"]
UNSHARED = ["mamba"]
SHOTS = "Question: what is 3 + 4?\nAnswer: 7\n\nQuestion: what is 9 + 4?\nAnswer: 13\n\n"
CONTEXTS = [
    *(f"{SHOTS}Question: what is {n} + 2?\nAnswer:" for n in range(3)),
    *(f"The quick brown fox {word}" for word in ("red", "green")),
    "T",
    "x" * 300,
    SHOTS * 4,
]


def both(model: Any, tokenizer: Any) -> tuple[HFLM, SharedPrefixLM]:
    # One row at a time, HFLM's answer does not depend on when its batch's other rows stop.
    plain = HFLM(model, tokenizer=tokenizer, device="cpu", dtype="float32", batch_size=1)
    return plain, SharedPrefixLM(model, tokenizer=tokenizer, device="cpu", batch_size=1)


def compare(plain: HFLM, ours: SharedPrefixLM, asked: list[Instance]) -> None:
    """Same answers, except where the engine says that a choice was tied."""
    expected = plain.generate_until(asked, disable_tqdm=True)
    got = ours.generate_until(asked, disable_tqdm=True)
    unlike = [k for k, pair in enumerate(zip(got, expected, strict=True)) if pair[0] != pair[1]]
    assert all(ours.tied[k] for k in unlike), [(got[k], expected[k]) for k in unlike]
    assert sum(ours.tied) <= max(1, len(asked) // 8)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [*((shape, "bytes") for shape in SHARED + UNSHARED), ("llama", "words"), ("gpt_neox", "words")],
)
def test_same_as_hflm(shape, kind, model_of, tokenizers, requests):
    plain, ours = both(model_of(shape), tokenizers[kind])
    stops = [
        {"until": ["\n\n", "Question:"], "max_gen_toks": 12},
        {"until": ["e", "4", " and"], "max_gen_toks": 30, "do_sample": False},
        {"until": [], "max_gen_toks": 1},
    ]
    contexts = CONTEXTS if shape in SHARED else CONTEXTS[:1]
    asked = requests("generate_until", [(c, dict(s)) for c in contexts for s in stops])
    compare(plain, ours, asked)


@settings(max_examples=15, deadline=None)
@given(
    contexts=st.lists(
        st.tuples(
            st.sampled_from(["", SHOTS, SHOTS * 2]),
            st.text("Tom 3+4?\n", min_size=1, max_size=40),
            st.integers(1, 20),
            st.sampled_from([["\n"], ["m", "4?"], [" 3"]]),
        ),
        min_size=1,
        max_size=9,
    ),
    rows=st.sampled_from([1, 2, 512]),
    least=st.sampled_from([1, 32]),
    tokens=st.sampled_from([1, 100, 4096]),
    shape=st.sampled_from(["llama", "gpt_neox", "opt"]),
)
def test_any_prompts_any_room(contexts, rows, least, tokens, shape, model_of, tokenizers, requests):
    plain, ours = both(model_of(shape), tokenizers["bytes"])
    ours.room = Room(tokens, 1 << 30)
    asked = requests(
        "generate_until",
        [
            (shots + text, {"until": until, "max_gen_toks": most})
            for shots, text, most, until in contexts
        ],
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generation, "MOST_ROWS", rows)
        patch.setattr(generation, "LEAST_TRUNK", least)
        compare(plain, ours, asked)


def test_rows_leave_and_enter(model_of, tokenizers, requests, monkeypatch):
    """With few slots, steps are far fewer than if each batch waited for its slowest row."""
    ours = both(model_of("llama"), tokenizers["bytes"])[1]
    monkeypatch.setattr(generation, "MOST_ROWS", 4)
    fed: list[int] = []
    run = body.Body.run

    def counted(self, tokens, positions, cache):
        fed.extend([len(tokens)] if tokens.shape[1] == 1 else [])
        return run(self, tokens, positions, cache)

    monkeypatch.setattr(body.Body, "run", counted)
    lengths = [1, 2, 3, 40] * 4
    asked = requests(
        "generate_until",
        [(f"Tom has {k}", {"until": [], "max_gen_toks": n}) for k, n in enumerate(lengths)],
    )
    ours.generate_until(asked, disable_tqdm=True)
    assert sum(fed) <= ours.tally.generated <= sum(lengths)
    assert len(fed) < 4 * 40


def test_goes_on_when_memory_runs_out(model_of, tokenizers, requests, monkeypatch):
    plain, ours = both(model_of("llama"), tokenizers["bytes"])
    ours.room = Room(4096, ours.body.token_bytes() * 60 * 8)
    run, refused = body.Body.run, []

    def short_of_memory(self, tokens, positions, cache):
        if tokens.shape[1] == 1 and len(tokens) > 4:
            refused.append(len(tokens))
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB")
        return run(self, tokens, positions, cache)

    monkeypatch.setattr(body.Body, "run", short_of_memory)
    asked = requests(
        "generate_until",
        [(f"The quick fox {k}", {"until": ["\n"], "max_gen_toks": 10}) for k in range(9)],
    )
    compare(plain, ours, asked)
    assert refused


def test_sampling_is_left_to_hflm(model_of, tokenizers, requests, caplog):
    plain, ours = both(model_of("llama"), tokenizers["bytes"])
    sampled = {"until": ["\n"], "max_gen_toks": 8, "do_sample": True, "temperature": 0.9}
    greedy = {"until": ["\n"], "max_gen_toks": 8}
    asked = requests("generate_until", [("Tom has", sampled), ("Tom has", greedy), ("To", sampled)])
    torch.manual_seed(3)
    got = ours.generate_until(asked, disable_tqdm=True)
    torch.manual_seed(3)
    alone = plain.generate_until([asked[0], asked[2]], disable_tqdm=True)
    assert [got[0], got[2]] == alone
    assert got[1] == plain.generate_until([asked[1]], disable_tqdm=True)[0]
    assert "sampling" in caplog.text


def test_says_why_it_falls_back(model_of, tokenizers, requests, caplog):
    ours = both(model_of("mamba"), tokenizers["bytes"])[1]
    assert "does not take an attention function" in str(ours.unshared)
    assert str(ours.unshared) in caplog.text
    ours = both(model_of("gemma3"), tokenizers["bytes"])[1]
    assert ours.unshared is None
    stop = {"until": ["\n"], "max_gen_toks": 4}
    ours.generate_until(requests("generate_until", [("Tom has", stop)]), disable_tqdm=True)
    assert "window" not in caplog.text
    ours.generate_until(requests("generate_until", [(SHOTS, stop)]), disable_tqdm=True)
    assert "longer than the model's attention window of 32 tokens" in caplog.text
