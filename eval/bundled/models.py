"""Untrained models of the bundled ladder, as ordinary transformers classes."""

from typing import Any

from eval.bundled.recipe import Shape
from eval.bundled.stream import IDS
from eval.bundled.words import END, PAD
from eval.errors import InputError

CONTEXT = 512
# Heads this small need dimensions that position leaves alone: with the usual base of 10,000,
# look-ups were learned late. GPT-NeoX rotates a quarter of each head by default.
LLAMA_ROPE = {"rope_type": "default", "rope_theta": 1e8}


def build(architecture: str, shape: Shape) -> Any:
    """Make a causal language model with fresh weights drawn from torch's global generator.

    Raises `InputError` for an architecture that is not one of llama, gpt-neox, lfm2.
    """
    import transformers

    common: dict[str, Any] = {
        "vocab_size": len(IDS),
        "hidden_size": shape.width,
        "num_hidden_layers": shape.layers,
        "pad_token_id": IDS[PAD],
        "bos_token_id": IDS[END],
        "eos_token_id": IDS[END],
        "tie_word_embeddings": True,
    }
    attention: dict[str, Any] = {
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.inner,
        "max_position_embeddings": CONTEXT,
    }
    if architecture == "llama":
        config: Any = transformers.LlamaConfig(
            **common, **attention, num_key_value_heads=shape.heads, rope_parameters=LLAMA_ROPE
        )
    elif architecture == "gpt-neox":
        config = transformers.GPTNeoXConfig(**common, **attention)
    elif architecture == "lfm2":
        kinds = ["conv" if i % 2 == 0 else "full_attention" for i in range(shape.layers)]
        config = transformers.Lfm2Config(
            **common,
            **attention,
            num_key_value_heads=shape.heads,
            block_auto_adjust_ff_dim=False,
            layer_types=kinds,
        )
    else:
        raise InputError(
            f"recipes: architecture {architecture!r} is not known; use llama, gpt-neox or lfm2"
        )
    return transformers.AutoModelForCausalLM.from_config(config)
