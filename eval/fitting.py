"""Whether requests fit into a model and its memory, and whether what comes out is numbers."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lm_eval.api.instance import Instance

log = logging.getLogger(__name__)

MOST_ROWS = 64  # lm-eval's own upper bound for automatic batches
MEMORY_SHARE = 0.5  # of what is free, for one batch


@dataclass(frozen=True)
class Lengths:
    """How requests fit: the longest in tokens, how many are too long and what there is room for."""

    count: int = 0
    longest: int = 0
    cut: int = 0
    room: int = 0

    def complaint(self) -> str:
        """What to do about prompts that are too long."""
        return (
            f"{self.cut} of {self.count} prompts are longer than the model's context (up to "
            f"{self.longest} tokens, room for {self.room}); leave the benchmark out for this "
            "model, give it fewer shots, or run with --truncate, which cuts prompts on the left"
        )


def lengths(lm: Any, kind: str, requests: Sequence[Instance]) -> Lengths:
    """How requests fit into a transformers model; all fit where that cannot be told.

    Running text is scored in windows and always fits.
    """
    if not requests or kind == "loglikelihood_rolling" or not _is_transformers(lm):
        return Lengths(len(requests))
    longest = cut = 0
    context = lm.max_length  # asking costs a search of the configuration
    tightest = context + 1
    top = max(requests, key=lambda r: len(_text(kind, r)))
    for request in requests:
        text = _text(kind, request)
        room = context + 1
        if kind == "generate_until":
            room = context - int(request.args[1].get("max_gen_toks", lm.max_gen_toks))
        # a token is a byte at least, so most need not be counted; two more for special tokens
        if request is not top and len(text.encode("utf-8", "surrogatepass")) + 2 <= room:
            continue
        length = len(lm.tok_encode(text))
        longest = max(longest, length)
        if length > room:
            cut += 1
            tightest = min(tightest, room)
    return Lengths(len(requests), longest, cut, max(0, tightest))


def set_batch(lm: Any, longest: int) -> None:
    """Set the rows of a batch by the memory free now; the engine's own `memory` goes its own way.

    A row takes, for each token, its logits three times over (as computed, in float32, as
    log-probabilities) and its keys, values and work.
    """
    if not longest or not _is_transformers(lm) or not isinstance(lm.batch_size_per_gpu, int):
        return
    from eval.engines.memory import free_bytes

    config = lm.config.get_text_config()
    width = int(getattr(config, "hidden_size", 0) or 1024)
    depth = int(getattr(config, "num_hidden_layers", 0) or 1)
    size = lm.model.dtype.itemsize
    token = 3 * 4 * int(config.vocab_size) + (2 * depth + 16) * width * size
    rows = int(free_bytes(lm.device) * MEMORY_SHARE / (token * longest))
    lm.batch_size_per_gpu = max(1, min(MOST_ROWS, rows))


def halve_batch(lm: Any, error: BaseException) -> bool:
    """Whether ``error`` is memory running out and the batch could be halved."""
    from accelerate.utils.memory import should_reduce_batch_size

    out = isinstance(error, MemoryError) or should_reduce_batch_size(error)
    size = getattr(lm, "batch_size_per_gpu", None)
    if not out or not isinstance(size, int) or size <= 1:
        return False
    lm.batch_size_per_gpu = size // 2
    log.warning("out of memory: going on with batches of %d", size // 2)
    return True


def empty_cache() -> None:
    """Give back what an accelerator's allocator holds and nobody uses."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def check_numbers(answers: Sequence[Any]) -> None:
    """Refuse log-likelihoods that are not numbers.

    Raises
    ------
    ValueError
        If any is NaN.
    """
    values = [a[0] if isinstance(a, tuple | list) else a for a in answers]
    bad = sum(math.isnan(value) for value in values)
    if bad:
        raise ValueError(f"{bad} of {len(values)} log-likelihoods are NaN; {REMEDY}")


REMEDY = "the model gives no numbers: try another dtype (float32), or check its weights"


class Finite:
    """Watches a transformers model's logits; without it NaN would pass for a wrong answer."""

    def __init__(self, lm: Any) -> None:
        self.bad: Any = None
        head = lm.model.get_output_embeddings() if _is_transformers(lm) else None
        self.hook = head.register_forward_hook(self._look) if head is not None else None

    def _look(self, module: Any, inputs: Any, output: Any) -> None:
        bad = ~output.isfinite().all()
        self.bad = bad if self.bad is None else self.bad | bad

    def check(self) -> None:
        """Refuse if any logit since the last check was NaN or infinite.

        Raises
        ------
        ValueError
            If one was.
        """
        if self.bad is not None and bool(self.bad):
            self.bad = None
            raise ValueError(f"logits are NaN or infinite; {REMEDY}")

    def close(self) -> None:
        """Stop watching."""
        if self.hook is not None:
            self.hook.remove()


def _text(kind: str, request: Instance) -> str:
    return str(request.args[0]) if kind == "generate_until" else "".join(request.args)


def _is_transformers(lm: Any) -> bool:
    """Whether it is lm-eval's transformers backend, or ours on top of it, on a causal model."""
    from lm_eval.models.huggingface import HFLM

    return isinstance(lm, HFLM) and lm.backend == "causal"
