"""A task's requests, built once and handed out afresh for every model that is scored on it.

lm-eval builds the requests of a task anew for each model: templates, shots and all. Seeds are set
before (``score.seed``), so every model of a process gets the same ones; here the first building is
kept, and copies without answers are given from then on.
"""

import copy
import random
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class _Kept:
    """Requests by document, and how the global random generators stood when they were built."""

    requests: dict[int, list[Any]]
    generators: tuple[Any, ...]


class Built:
    """Stands in place of a task's own ``build_all_requests`` from :func:`keep` on.

    What decides requests beside the task is part of the key: shots, repeats and limit. Chosen
    documents (``samples``) are picked from the requests built last: few-shot samplers draw on from
    document to document, so built alone an item would see other shots than in a full run.
    """

    def __init__(self, task: Any) -> None:
        self.task = task
        self.build = task.build_all_requests
        self._kept: dict[tuple[Any, ...], _Kept] = {}
        self._last: _Kept | None = None

    def __call__(
        self, *, limit: int | None = None, samples: list[int] | None = None, **how: Any
    ) -> None:
        """What ``build_all_requests`` does: ``task.instances`` are new, and without answers.

        ``how`` is anything else lm-eval passes; where it asks for more than plain prompts on one
        process, the task's own method is called and nothing kept.
        """
        if any(value for name, value in how.items() if (name, value) != ("world_size", 1)):
            self.build(limit=limit, samples=samples, **how)
            return
        if samples is None:
            self._last = self._of(limit)
            chosen = list(self._last.requests)
        else:
            self._last = self._last or self._of(None)
            chosen = samples
        # the evaluator numbers chosen documents from 0
        self.task._instances = [
            fresh(request, number if samples is not None else doc)
            for number, doc in enumerate(chosen)
            for request in self._last.requests[doc]
        ]
        _set_generators(self._last.generators)

    def _of(self, limit: int | None) -> _Kept:
        config = self.task.config
        key = (config.num_fewshot, config.repeats, limit)
        if key not in self._kept:
            self.build(limit=limit)
            requests: dict[int, list[Any]] = {}
            for request in self.task.instances:
                requests.setdefault(request.doc_id, []).append(request)
            self._kept[key] = _Kept(requests, _generators())
        return self._kept[key]


def keep(task: Any) -> None:
    """Have ``task`` build its requests once for all models."""
    task.build_all_requests = Built(task)


def fresh(request: Any, doc: int) -> Any:
    """A copy of a request as it was before any model had it, for the document numbered ``doc``."""
    arguments = tuple(a if isinstance(a, str) else copy.deepcopy(a) for a in request.args)
    return replace(
        request,
        arguments=arguments,
        metadata=(request.task_name, doc, request.repeats),
        resps=[],
        filtered_resps={},
    )


def _generators() -> tuple[Any, ...]:
    """States of the global generators: a task may draw on them while it builds."""
    import torch

    return random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002


def _set_generators(states: tuple[Any, ...]) -> None:
    import torch

    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    torch.set_rng_state(states[2])
