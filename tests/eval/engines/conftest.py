"""Tiny models with random weights, one for each shape the engine has to agree with HFLM on."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import transformers
from lm_eval.api.instance import Instance
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedModel, PreTrainedTokenizerFast

TEXT = [
    "Tom has 3 red apples and 4 green pears. How many pieces of fruit has he?\n#### 7\n\n",
    "Question: if the train leaves at 9 and arrives at 12, how long is the ride?\nAnswer: 3 hours.",
    "The quick brown fox jumps over the lazy dog; then 12 + 30 = 42, isn't it?",
]
COMMON = {"vocab_size": 400, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
SPECIAL = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
ROPE = {
    **COMMON,
    **SPECIAL,
    "intermediate_size": 64,
    "max_position_embeddings": 128,
    "initializer_range": 0.25,
}
SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", {**ROPE, "num_key_value_heads": 2}),
    "gpt_neox": ("GPTNeoX", ROPE),
    "qwen2": ("Qwen2", {**ROPE, "num_key_value_heads": 4}),
    "qwen3": ("Qwen3", {**ROPE, "num_key_value_heads": 2, "head_dim": 16}),
    "opt": (
        "OPT",
        {
            **COMMON,
            **SPECIAL,
            "ffn_dim": 64,
            "word_embed_proj_dim": 32,
            "max_position_embeddings": 128,
            "init_std": 0.25,
        },
    ),
    "gpt2": (
        "GPT2",
        {
            **SPECIAL,
            "vocab_size": 400,
            "n_embd": 32,
            "n_layer": 2,
            "n_head": 4,
            "n_positions": 128,
            "initializer_range": 0.25,
        },
    ),
    "gemma2": (
        "Gemma2",
        {**ROPE, "num_key_value_heads": 2, "head_dim": 16, "sliding_window": 32},
    ),
    "gemma3": (
        "Gemma3",
        {**ROPE, "num_key_value_heads": 2, "head_dim": 16, "sliding_window": 32},
    ),
    "mamba": ("Mamba", {**COMMON, **SPECIAL, "state_size": 8, "initializer_range": 0.25}),
}


def byte_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE of 400 tokens, as GPT-2's and Pythia's are made."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT * 4, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    )


def word_tokenizer() -> PreTrainedTokenizerFast:
    """Words, numbers and marks; decoding joins them with spaces."""
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()]
    )
    trainer = trainers.WordLevelTrainer(
        special_tokens=["<pad>", "<s>", "</s>", "<unk>"], show_progress=False
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
    )


def tiny_model(shape: str, seed: int = 0) -> PreTrainedModel:
    """A model of the shape with random weights, in float32, ready to evaluate."""
    name, settings = SHAPES[shape]
    kind = f"{name}TextConfig" if name == "Gemma3" else f"{name}Config"
    torch.manual_seed(seed)
    config = getattr(transformers, kind)(**settings)
    head = "LMHeadModel" if name == "GPT2" else "ForCausalLM"
    return getattr(transformers, name + head)(config).eval()


@pytest.fixture(scope="module", autouse=True)
def heard() -> Iterator[None]:
    """The engine's warnings come through; a command that ran before in this process hushes them."""
    logger = logging.getLogger("eval.engines")
    before = logger.level
    logger.setLevel(logging.WARNING)
    yield
    logger.setLevel(before)


@pytest.fixture(scope="session")
def model_of() -> Callable[[str], PreTrainedModel]:
    """tiny_model, each shape made once."""
    made: dict[str, PreTrainedModel] = {}

    def get(shape: str) -> PreTrainedModel:
        if shape not in made:
            made[shape] = tiny_model(shape)
        return made[shape]

    return get


@pytest.fixture(scope="session")
def tokenizers() -> dict[str, PreTrainedTokenizerFast]:
    """Both kinds of tokenizer."""
    return {"bytes": byte_tokenizer(), "words": word_tokenizer()}


@pytest.fixture(scope="session")
def requests() -> Callable[..., list[Instance]]:
    """requests(kind, [arguments, ...]): lm-eval instances."""

    def make(kind: Any, arguments: list[tuple[Any, ...]]) -> list[Instance]:
        return [Instance(kind, {}, each, k) for k, each in enumerate(arguments)]

    return make
