"""What a run cannot avoid, counted while it runs and charged at the machine's best rates.

Counted: tokens through the model's body, rows through its head, and, for each attention to keys
and values, its arithmetic and the bytes it reads. Charged: tokens and rows at the best rate of
several batch sizes, decoding steps at their own batch size, attention at the rate of a large matrix
product or at the speed of memory, whichever is slower. All rates are measured in the same run.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from eval.engines import attention

HEAD_ROWS = (64, 128, 160)
BLOCKS = ((4, 128), (8, 128), (8, 256))


def clock(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and result of `work`: of the processor with one thread, of the wall with more."""
    now = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    started = now()
    result = work()
    return now() - started, result


def best(work: Callable[[], Any]) -> float:
    """The shortest of five."""
    with torch.inference_mode():
        work()
        return min(clock(work)[0] for _ in range(5))


@dataclass
class Counts:
    """Tokens and logits evaluated; rows of each step that feeds a token a row; attention."""

    tokens: int = 0
    logits: int = 0
    steps: list[int] = field(default_factory=list)
    products: float = 0.0  # floating-point operations of attention
    bytes: float = 0.0  # keys and values read by steps


class Meter:
    """Counts while `model` is run by any engine; attention only where the engine is ours."""

    def __init__(self, model: Any) -> None:
        self.counts = Counts()
        model.base_model.register_forward_pre_hook(self._body, with_kwargs=True)
        model.get_output_embeddings().register_forward_pre_hook(self._head)
        self._attend = attention.partial_attention
        attention.partial_attention = self._watch

    def _body(self, module: Any, args: Any, kwargs: Any) -> None:
        ids = kwargs.get("input_ids", args[0] if args else None)
        self.counts.tokens += ids.numel()
        if ids.shape[1] == 1:
            self.counts.steps.append(len(ids))

    def _head(self, module: Any, args: Any) -> None:
        self.counts.logits += args[0].numel() // args[0].shape[-1]

    def _watch(self, query: Any, key: Any, value: Any, mask: Any, causal: bool, *rest: Any) -> Any:
        work = 4.0 * query.numel() * key.shape[2] * (0.5 if causal else 1.0)
        if query.shape[2] == 1:
            self.counts.bytes += key.element_size() * (key.numel() + value.numel())
        else:
            self.counts.products += work
        return self._attend(query, key, value, mask, causal, *rest)

    def read(self) -> Counts:
        """Counts since the last reading."""
        out, self.counts = self.counts, Counts()
        return out

    def close(self) -> None:
        """Put the engine's attention back."""
        attention.partial_attention = self._attend


class Rates:
    """Best seconds of a model's parts on this machine, and of memory and matrix products."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.known: dict[int, float] = {}
        head = model.get_output_embeddings()
        width = head.weight.shape[1]
        rows = {n: torch.randn(n, width) for n in HEAD_ROWS}
        self.head_row = min(
            best(lambda h=hidden: head(h).log_softmax(-1)) / n for n, hidden in rows.items()
        )
        most = min(1000, head.weight.shape[0])
        blocks = [torch.randint(3, most, shape) for shape in BLOCKS]
        self.body_token = min(
            best(lambda b=block: model.base_model(b, use_cache=False)) / block.numel()
            for block in blocks
        )
        square, block = torch.randn(1024, 1024), torch.randn(64 << 20)
        self.operation = best(lambda: square @ square) / 2 / 1024**3
        self.byte = best(block.sum) / block.numel() / 4
        self.most = most

    def step(self, rows: int) -> float:
        """One token for each of `rows` rows, nothing to look back on, and its logits."""
        if rows not in self.known:
            tokens = torch.randint(3, self.most, (rows, 1))
            head = self.model.get_output_embeddings()

            def work() -> Any:
                out = self.model.base_model(tokens, use_cache=False).last_hidden_state
                return head(out).amax(-1)

            self.known[rows] = best(work)
        return self.known[rows]

    def floor(self, counts: Counts) -> tuple[float, float]:
        """Seconds that the tokens and logits take, and what attention to the past adds."""
        once = sum(counts.steps)
        seconds = (counts.tokens - once) * self.body_token + (counts.logits - once) * self.head_row
        seconds += sum(self.step(rows) for rows in counts.steps)
        return seconds, counts.products * self.operation + counts.bytes * self.byte
