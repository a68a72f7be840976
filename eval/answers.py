"""A model as lm-eval's evaluator sees it while a cell is scored: it answers, and looks out.

Between the evaluator and the engine: answers given before are not asked for again, lots of them
are kept on disk, prompts that do not fit are refused, and so are models that give no numbers;
when memory runs out the batch is halved.
"""

import gc
import hashlib
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM

from eval import fitting
from eval.journal import Journal

KEEP_SECONDS = 1.0  # a lot that took less is as soon computed again as read


class Answers(LM):
    """Wraps the lm-eval model ``lm``.

    every: requests between two entries in the journal. truncate: let prompts be cut on the left
    to what the model can read, as lm-eval does, and count them in ``cut``. fixed: leave the batch
    size alone. tell: is told of so many more requests answered.

    Random generators stand as they were set when the first lot starts; before any other they are
    seeded by its first request, so that a run that goes on draws what an undisturbed one does.
    """

    def __init__(
        self,
        lm: Any,
        journal: Journal | None = None,
        every: int | None = None,
        truncate: bool = False,
        fixed: bool = False,
        tell: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__()
        self.lm = lm
        self.journal = journal
        self.every = every
        self.truncate = truncate
        self.fixed = fixed
        self.tell = tell
        self.cut = 0
        self.first: str | None = None
        self.given: dict[str, Any] = journal.read() if journal else {}
        self.resumed = len(self.given)
        self.finite = fitting.Finite(lm)

    @property
    def rank(self) -> int:
        """As the model's."""
        return int(self.lm.rank)

    @property
    def world_size(self) -> int:
        """As the model's."""
        return int(self.lm.world_size)

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        """As the model's."""
        return [(float(a[0]), bool(a[1])) for a in self._answer("loglikelihood", requests)]

    def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
        """As the model's."""
        return [float(a) for a in self._answer("loglikelihood_rolling", requests)]

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """As the model's."""
        return [str(a) for a in self._answer("generate_until", requests)]

    def _answer(self, kind: str, requests: list[Instance]) -> list[Any]:
        keys = _keys(kind, requests)
        self.first = self.first or keys[0]
        asked = [(k, r) for k, r in zip(keys, requests, strict=True) if k not in self.given]
        fits = fitting.lengths(self.lm, kind, [r for _, r in asked])
        self.cut += fits.cut
        if fits.cut and not self.truncate:
            raise ValueError(fits.complaint())
        if not self.fixed:
            fitting.set_batch(self.lm, fits.longest)
        every = self.every or len(asked) or 1
        for start in range(0, len(asked), every):
            lot = asked[start : start + every]
            self._lot(kind, dict(lot), last=start + every >= len(asked))
            if self.tell:
                self.tell(len(lot))
        return [self.given[key] for key in keys]

    def _lot(self, kind: str, lot: dict[str, Instance], last: bool) -> None:
        """Have one lot answered, check it and keep it."""
        first = next(iter(lot))
        if first != self.first:
            _seed(int(first[:8], 16))
        started = time.monotonic()
        answers = self._ask(kind, list(lot.values()))
        if kind != "generate_until":
            fitting.check_numbers(answers)
        self.finite.check()
        found = dict(zip(lot, answers, strict=True))
        self.given |= found
        slow = time.monotonic() - started >= KEEP_SECONDS
        if self.journal and not last and (slow or self.every is not None):
            self.journal.add(found)

    def _ask(self, kind: str, requests: list[Instance]) -> list[Any]:
        """The model's answers; with half the batch, and half again, where memory runs out."""
        while True:
            try:
                return list(getattr(self.lm, kind)(requests))
            except (RuntimeError, MemoryError) as error:
                if not fitting.halve_batch(self.lm, error):
                    raise
            gc.collect()  # out of the handler, so that the failed forward's tensors are free
            fitting.empty_cache()


def _seed(number: int) -> None:
    import torch

    random.seed(number)
    np.random.seed(number)  # noqa: NPY002 - lm-eval and its models use the global generator
    torch.manual_seed(number)


def _keys(kind: str, requests: list[Instance]) -> list[str]:
    """A key for each request: what is asked, and how often it was asked before in the list."""
    seen: Counter[str] = Counter()
    keys = []
    for request in requests:
        text = repr((kind, request.args)).encode("utf-8", "surrogatepass")
        name = hashlib.blake2b(text, digest_size=12).hexdigest()
        keys.append(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return keys
