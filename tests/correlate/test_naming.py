"""Model names: what is one model, what a series shares, and what size a name states."""

import pytest

from correlate.naming import normal_form, size, stem


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("meta-llama/Llama-2-7b-hf", "llama 2 7B"),
        ("Metamath-Llemma-7B", "MetaMath-Llemma-7B"),
        ("stablelm-2-1_6b", "StableLM-2-1.6B"),
    ],
)
def test_spellings_of_one_model(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Qwen1.5-7B", "Qwen-15-7B"),
        ("Qwen-7B", "Qwen-7B-Chat"),
        ("open_llama_7b", "open_llama_7b_v2"),
        ("pythia-1b", "pythia-1b-deduped"),
        ("Llama-3-8B", "Llama-3.1-8B"),
    ],
)
def test_models_that_differ_stay_apart(one: str, other: str) -> None:
    assert normal_form(one) != normal_form(other)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("meta-llama/Llama-2-7b-hf", 7e9),
        ("bigscience/bloom-7b1", 7.1e9),
        ("bigscience/bloom-560m", 560e6),
        ("stabilityai/stablelm-2-1_6b", 1.6e9),
        ("llama-balanced-41k", None),  # thousands are steps or contexts as often as sizes
        ("01-ai/Yi-6B-200K", 6e9),
        ("mistralai/Mixtral-8x7B-v0.1", None),
        ("Qwen/Qwen2-57B-A14B", None),
        ("deepseek-ai/deepseek-moe-16b-base", None),
        ("openai-community/gpt2-xl", None),
        ("microsoft/phi-2", None),
    ],
)
def test_size_in_a_name(name: str, params: float | None) -> None:
    assert size(name) == (None if params is None else pytest.approx(params))


def test_sizes_of_a_series_share_a_stem() -> None:
    assert {stem(f"Qwen/Qwen-{s}-Chat") for s in ("7B", "14B", "72B")} == {"Qwen-Chat"}
    assert stem("Yi-6B-200K") != stem("Yi-34B")
    assert stem("7B") == "7B"
