"""Greedy generation of the shared-prefix engine against lm-eval's own HFLM, row by row."""

from typing import Any

import pytest
from lm_eval.models.huggingface import HFLM

from eval.engines.shared_prefix import SharedPrefixLM

SHARED = ["llama", "gpt_neox", "qwen2", "qwen3", "opt", "gpt2"]
UNSHARED = ["gemma2", "gemma3", "mamba"]
SHOTS = "Question: what is 3 + 4?\nAnswer: 7\n\nQuestion: what is 9 + 4?\nAnswer: 13\n\n"
CONTEXTS = [
    *(SHOTS + f"Question: what is {n} + 2?\nAnswer:" for n in range(6)),
    *(f"The quick brown fox {word}" for word in ("red", "green", "pears")),
    "T",
    "x" * 300,
    SHOTS * 4,
]


def both(model: Any, tokenizer: Any, **settings: Any) -> tuple[HFLM, SharedPrefixLM]:
    plain = HFLM(model, tokenizer=tokenizer, device="cpu", dtype="float32", batch_size=1)
    return plain, SharedPrefixLM(model, tokenizer=tokenizer, device="cpu", batch_size=1, **settings)


@pytest.mark.parametrize("shape", SHARED + UNSHARED)
@pytest.mark.parametrize("kind", ["bytes", "words"])
def test_same_as_hflm(shape, kind, model_of, tokenizers, requests):
    plain, ours = both(model_of(shape), tokenizers[kind])
    settings = [
        {"until": ["\n\n", "Question:"], "max_gen_toks": 24},
        {"until": ["e", "4", " and"], "max_gen_toks": 40, "do_sample": False},
        {"until": [], "max_gen_toks": 1},
    ]
    asked = requests("generate_until", [(c, dict(s)) for c in CONTEXTS for s in settings])
    expected = plain.generate_until(asked, disable_tqdm=True)
    got = ours.generate_until(asked, disable_tqdm=True)
    unlike = [k for k, pair in enumerate(zip(got, expected, strict=True)) if pair[0] != pair[1]]
    assert all(ours.tied[k] for k in unlike), [(got[k], expected[k]) for k in unlike]
    assert sum(ours.tied) == ours.tally.ties <= len(asked) // 10
