"""Attention over keys and values in two parts: a trunk that many rows share, and each row's own.

A softmax over two sets of keys is the mean of the softmax over each, weighted by how much of the
total each holds, so the trunk is kept once and never copied into the rows (Juravsky et al. 2024,
"Hydragen", arXiv:2402.05099). The function registered with transformers serves every architecture
that looks its attention up by name; what one forward needs is held by the `Cache` passed to it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import AttentionInterface, PreTrainedModel
from transformers.cache_utils import Cache, CacheLayerMixin

NAME = "eval_shared_prefix"
# What some architectures ask of attention and this one does not give; such a model is refused.
# (A sliding window is not among them: the caller keeps sequences shorter than it.)
UNSUPPORTED = ("s_aux", "position_bias")

KeyValues = list[tuple[Tensor, Tensor]]  # a layer each: keys and values [batch, heads, length, dim]


@dataclass
class Shared:
    """Keys and values that the rows `rows` of the batch (None: all) have before their own."""

    layers: KeyValues
    rows: Tensor | None = None


class Unsupported(RuntimeError):
    """The model asks something of attention that sharing does not cover."""


class OwnLayer(CacheLayerMixin):
    """One layer of `OwnCache`; does only what `OwnCache.update` does not."""

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Nothing to set up: memory is the caller's."""

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> Any:
        """Never asked: `OwnCache.update` answers for all layers."""
        raise RuntimeError("a layer was asked for what OwnCache.update does")

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """As if nothing were cached: positions and masks are passed explicitly."""
        return query_length, 0

    def get_seq_length(self) -> int:
        """As if nothing were cached."""
        return 0

    def get_max_length(self) -> int:
        """No bound of its own."""
        return -1


class OwnCache(Cache):
    """What one forward needs beside its tokens.

    shared: trunks under the rows. mask: additive, [batch, 1, queries, keys], None for causal.
    store: keeps the new keys and values of a layer and returns what the rows attend to, or None to
    attend to the new ones alone. kept: the new keys and values, where `keep` asks for them.
    """

    def __init__(
        self,
        layers: int,
        shared: Sequence[Shared] = (),
        mask: Tensor | None = None,
        store: Any = None,
        keep: bool = False,
    ) -> None:
        super().__init__(layers=[OwnLayer() for _ in range(layers)])
        self.shared, self.mask, self.store, self.keep = shared, mask, store, keep
        self.kept: KeyValues = []

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Keep or store the new keys and values; return all that the rows own."""
        if self.keep:
            self.kept.append((key_states, value_states))
        if self.store is not None:
            return self.store(layer_idx, key_states, value_states)
        return key_states, value_states


_current: list[OwnCache] = []


@contextmanager
def attending(model: PreTrainedModel) -> Iterator[None]:
    """Within it, `model` attends by `attend`; its own way is put back at the end."""
    AttentionInterface.register(NAME, attend)
    before = model.config._attn_implementation
    model.config._attn_implementation = NAME
    try:
        yield
    finally:
        model.config._attn_implementation = before


@contextmanager
def using(cache: OwnCache) -> Iterator[None]:
    """Within it, `attend` serves a forward that was given `cache`."""
    _current.append(cache)
    try:
        yield
    finally:
        _current.pop()


def attend(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """The attention function given to transformers: queries [batch, heads, n, dim] over own keys
    and every trunk of the current cache; returns [batch, n, heads, dim]."""
    layer: Any = module.layer_idx
    cache = _current[-1]
    for name in UNSUPPORTED:
        if kwargs.get(name) is not None:
            raise Unsupported(f"its attention uses {name}")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    cap = kwargs.get("softcap")
    if not cache.shared and cap is None:
        own = own_attention(query, key, value, cache.mask, scale)
        return own.transpose(1, 2), None
    causal = cache.mask is None
    out, weight = partial_attention(query, key, value, cache.mask, causal, scale, cap)
    for shared in cache.shared:
        trunk_key, trunk_value = shared.layers[layer]
        if shared.rows is None:
            out, weight = merge(out, weight, *over_trunk(query, trunk_key, trunk_value, scale, cap))
        else:
            rows = shared.rows
            part = over_trunk(query[rows], trunk_key, trunk_value, scale, cap)
            out[rows], weight[rows] = merge(out[rows], weight[rows], *part)
    return out.transpose(1, 2), None


def own_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scale: float
) -> Tensor:
    """Attention with nothing shared: what PyTorch offers, grouped queries included."""
    return F.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=mask,
        is_causal=mask is None and query.shape[2] > 1,
        scale=scale,
        enable_gqa=query.shape[1] != key.shape[1],
    )


def over_trunk(
    query: Tensor, key: Tensor, value: Tensor, scale: float, cap: float | None = None
) -> tuple[Tensor, Tensor]:
    """Attention of every row to one trunk [1, kv heads, length, dim]: rows and the query heads of a
    group become further queries of one problem, so that keys are read once."""
    batch, heads, count, dim = query.shape
    groups = key.shape[1]
    folded = query.view(batch, groups, heads // groups, count, dim)
    folded = folded.permute(1, 0, 2, 3, 4).reshape(1, groups, -1, dim)
    out, weight = partial_attention(folded, key, value, None, False, scale, cap)
    out = out.view(groups, batch, heads // groups, count, dim)
    weight = weight.view(groups, batch, heads // groups, count)
    return (
        out.transpose(0, 1).reshape(batch, heads, count, dim),
        weight.transpose(0, 1).reshape(batch, heads, count),
    )


def partial_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    causal: bool,
    scale: float,
    cap: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Attention and the log of its softmax's denominator [batch, heads, n], to be merged; scores
    are squashed into (-cap, cap) where the architecture has it so."""
    if query.device.type == "cpu" and cap is None:
        return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, is_causal=causal, attn_mask=mask, scale=scale
        )
    return plain_attention(query, key, value, mask, causal, scale, cap)


def plain_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    causal: bool,
    scale: float,
    cap: float | None = None,
) -> tuple[Tensor, Tensor]:
    """`partial_attention` written out, for devices without a kernel that returns both."""
    repeats = query.shape[1] // key.shape[1]
    key, value = (part.repeat_interleave(repeats, dim=1) for part in (key, value))
    scores = (query @ key.transpose(-1, -2)).float() * scale
    if cap is not None:
        scores = torch.tanh(scores / cap) * cap
    if causal:
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        scores = scores.masked_fill(~seen, float("-inf"))
    elif mask is not None:
        scores = scores + mask
    weight = scores.logsumexp(dim=-1)
    return (scores - weight.unsqueeze(-1)).exp().to(value.dtype) @ value, weight


def merge(
    out: Tensor, weight: Tensor, other: Tensor, other_weight: Tensor
) -> tuple[Tensor, Tensor]:
    """The attention over two sets of keys from the attention over each."""
    share = torch.sigmoid(other_weight - weight).unsqueeze(-1).to(out.dtype)
    return torch.lerp(out, other, share), torch.logaddexp(weight, other_weight)
