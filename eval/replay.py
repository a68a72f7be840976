"""Evaluate a cell again from the responses in its items: no model, the task's own filters."""

import json
from collections import Counter
from typing import Any

import pandas as pd
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM

from eval import score
from eval.errors import InputError
from eval.suite import Benchmark


class Replay(LM):
    """Answers from ``responses``: (task, document) -> answers, a list for each of its requests.

    ``docs`` are the documents of each task; the evaluator numbers them from 0.
    """

    def __init__(
        self, responses: dict[tuple[str, int], list[list[Any]]], docs: dict[str, list[int]]
    ) -> None:
        super().__init__()
        self.responses = responses
        self.docs = docs

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        """As the model gave them."""
        return [(float(a[0]), bool(a[1])) for a in self._answers(requests)]

    def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
        """As the model gave them."""
        return [float(a) for a in self._answers(requests)]

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """As the model gave them."""
        return [str(a) for a in self._answers(requests)]

    def _answers(self, requests: list[Instance]) -> list[Any]:
        repeats: Counter[int] = Counter()
        answers = []
        for request in requests:
            task, number = str(request.task_name), request.doc_id
            assert number is not None
            lists = self.responses[task, self.docs[task][number]]
            answers.append(lists[request.idx][repeats[id(request)]])
            repeats[id(request)] += 1
        return answers


def replay(loaded: dict[str, Any], benchmark: Benchmark, items: pd.DataFrame) -> dict[str, Any]:
    """lm-eval's results, samples among them, of a cell's responses.

    ``loaded`` is the benchmark's entry of :func:`eval.catalog.open_tasks`.

    Raises
    ------
    InputError
        If a document scored is none of the task's any more.
    """
    score.seed(loaded, benchmark)
    once = items.drop_duplicates(["task", "doc"])
    docs = {str(name): sorted(rows["doc"].tolist()) for name, rows in once.groupby("task")}
    if set(docs) != set(loaded["tasks"]):
        raise InputError(f"{benchmark.name}: its tasks are not those it was scored on")
    places = zip(once["task"].astype(str), once["doc"].astype(int), strict=True)
    responses = dict(zip(places, map(unpacked, once["response"].astype(str)), strict=True))
    for name, task in loaded["tasks"].items():
        if docs[name][-1] >= len(task.eval_docs):
            raise InputError(
                f"{benchmark.name}: {name}: {len(task.eval_docs)} documents, fewer than were "
                "scored; give the data it was scored on"
            )
        task.build_all_requests(limit=benchmark.limit)  # the scored ones are picked from these
    return score.evaluate(Replay(responses, docs), loaded, samples=docs)


def unpacked(response: str) -> list[list[Any]]:
    """The answers that :func:`eval.items.packed` wrote."""
    if not response.startswith("["):
        return [[response]]
    return list(json.loads(response))
