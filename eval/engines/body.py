"""A causal model taken apart: its body run over trunks and rows, its head where one asks."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from accelerate.utils.memory import should_reduce_batch_size
from torch import Tensor
from transformers import PreTrainedModel

from eval.engines.attention import KeyValues, OwnCache, Shared, using
from eval.engines.tally import Tally

log = logging.getLogger(__name__)
T = TypeVar("T")

# Logits of one pass over the head, in bytes: few enough for the allocator to reuse its memory
# (glibc maps blocks of 32 MiB and more anew each time), enough for the head's weights to be read
# seldom.
LOGIT_BYTES = 32 << 20


class Body:
    """Runs `model` in parts.

    window: the most tokens that every layer still attends to in full, None for any number.
    tie_gap: logits closer than this (absolute) count as tied.
    """

    def __init__(self, model: PreTrainedModel, tally: Tally, window: int | None = None) -> None:
        self.model = model
        self.tally = tally
        self.window = window
        self.base = model.base_model
        self.head = model.get_output_embeddings()
        self.config = model.config.get_text_config()
        self.layers = int(self.config.num_hidden_layers)
        self.device = model.device
        width = int(self.config.hidden_size)
        self.inner = int(getattr(self.config, "intermediate_size", None) or 4 * width)
        self.tie_gap = 1e-4 if model.dtype == torch.float32 else 2e-2

    def hidden(
        self,
        tokens: Tensor,
        positions: Tensor,
        shared: Sequence[Shared] = (),
        mask: Tensor | None = None,
        keep: bool = False,
    ) -> tuple[Tensor, KeyValues]:
        """Last hidden states [batch, n, width] of tokens [batch, n] at positions [batch or 1, n] on
        top of `shared`, and their keys and values a layer if `keep`."""
        cache = OwnCache(self.layers, shared, mask, keep=keep)
        return self.run(tokens, positions, cache), cache.kept

    def run(self, tokens: Tensor, positions: Tensor, cache: OwnCache) -> Tensor:
        """One forward of the body with `cache` in force."""
        self.tally.evaluated += tokens.numel()
        with using(cache):
            return self.base(
                input_ids=tokens, position_ids=positions, past_key_values=cache, use_cache=True
            ).last_hidden_state

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits [count, vocabulary] of hidden states [count, width], as the model's own forward
        gives them (some scale or cap them after the head)."""
        self.tally.logits += len(hidden)
        logits = self.head(hidden)
        if (scale := getattr(self.config, "logit_scale", None)) is not None:
            logits = logits * scale
        if (scale := getattr(self.config, "logits_scaling", None)) is not None:
            logits = logits / scale
        if (cap := getattr(self.config, "final_logit_softcapping", None)) is not None:
            logits = torch.tanh(logits / cap) * cap
        return logits

    def logit_rows(self, wanted: int) -> int:
        """How many rows of logits to compute at a time when `wanted` are: passes of equal size.

        Somewhat too many go in one pass, since two small ones would read the head's weights twice.
        """
        most = max(1, LOGIT_BYTES // (4 * self.head.weight.shape[0]))
        passes = -(-wanted // most) if wanted > 1.5 * most else 1
        return max(1, -(-wanted // passes))

    def extend(self, above: KeyValues, new: KeyValues) -> KeyValues:
        """The keys and values of a trunk [1, heads, length, dim] made longer by `new`."""
        if not above:
            return [(key.contiguous(), value.contiguous()) for key, value in new]
        return [
            (torch.cat([key, more], dim=2), torch.cat([value, extra], dim=2))
            for (key, value), (more, extra) in zip(above, new, strict=True)
        ]

    def token_bytes(self) -> int:
        """Bytes that one cached token takes over all layers."""
        heads = getattr(self.config, "num_key_value_heads", None)
        heads = heads or self.config.num_attention_heads
        dim = getattr(self.config, "head_dim", None)
        dim = dim or self.config.hidden_size // self.config.num_attention_heads
        return 2 * self.layers * heads * dim * self.model.dtype.itemsize

    def work_bytes(self) -> int:
        """Bytes that one token takes while it passes through a layer, generously."""
        return (12 * self.config.hidden_size + 4 * self.inner) * self.model.dtype.itemsize


@dataclass
class Room:
    """How many tokens one forward may take; halved when memory runs out.

    tokens: padded tokens in a forward. bytes: memory for keys, values and work beside the weights.
    """

    tokens: int
    bytes: int

    def attempt(self, work: Callable[..., T], *args: Any) -> T | None:
        """work(*args), or None after memory ran out and the room was halved.

        Raises what `work` raised when there is nothing left to halve.
        """
        try:
            return work(*args)
        except RuntimeError as error:
            if not should_reduce_batch_size(error) or self.tokens <= 1:
                raise
        self.tokens = max(1, self.tokens // 2)
        self.bytes //= 2
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        log.warning("out of memory: going on with %d tokens a forward", self.tokens)
        return None
