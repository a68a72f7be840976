"""Log-likelihoods of the shared-prefix engine against lm-eval's own HFLM, shape by shape."""

from typing import Any

import pytest
from lm_eval.models.huggingface import HFLM

from eval.engines.shared_prefix import SharedPrefixLM

SHARED = ["llama", "gpt_neox", "qwen2", "qwen3", "opt", "gpt2"]
UNSHARED = ["gemma2", "gemma3", "mamba"]
SHOTS = "Question: what is 3 + 4?\nAnswer: 7\n\nQuestion: what is 9 + 4?\nAnswer: 13\n\n"
PAIRS = [
    *(
        (SHOTS + f"Question: what is {n} + 2?\nAnswer:", f" {n + c}")
        for n in range(4)
        for c in range(4)
    ),
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
