"""Formal proof as lm-eval tasks: prompts out, model texts in, verdicts and pass@k.

A filter sees the answers of all items at once, so all candidates of a rung are judged in one go;
`process_results` only counts verdicts. The task files and their few-shot proofs are in
eval/tasks/proof.
"""

import math
import re
from collections.abc import Sequence
from typing import Any

from lm_eval.api.filter import Filter
from lm_eval.api.registry import register_filter
from lm_eval.api.task import ConfigurableTask

from eval.errors import InputError
from eval.proofs import lean_text, pool
from eval.proofs.checker import CheckerError, Limits, Problem, Verdict
from eval.proofs.passk import pass_at_k
from eval.proofs.statement import THEOREM, StatementError, parse
from eval.proofs.statements import SOURCES, problems
from eval.proofs.syntax import Malformed, tokens

_FENCE = re.compile(r"```[^\n]*\n(.*?)(?:```|\Z)", re.DOTALL)
_FAILURES = ("malformed", "timeout", "resource")


def dataset(
    benchmark: str,
    k: Sequence[int] = (1,),
    path: str = "",
    hub: str = "",
    **metadata: Any,
) -> dict[str, Any]:
    """A `custom_dataset` for lm-eval: a row a problem, in every split of the benchmark."""
    import datasets

    source = SOURCES[benchmark]
    return {
        split: datasets.Dataset.from_list(
            [
                {
                    "name": problem.name,
                    "source": problem.source,
                    "prompt": prompt_of(source.checker, problem),
                    "proof": "",
                    "checker": source.checker,
                    "k": list(k),
                }
                for problem in problems(benchmark, split, path, hub)
            ]
        )
        for split in source.splits
    }


def prompt_of(checker: str, problem: Problem) -> str:
    """What a model reads: the statement up to where its proof begins."""
    try:
        if checker == "lean":
            return lean_text.prompt(problem)
        return f"(* Prove the theorem. *)\n{parse(problem).prompt}\nProof."
    except StatementError as error:
        raise InputError(f"{error}; list it in eval/proofs/not_loading.yaml") from None


def prompt(doc: dict[str, Any]) -> str:
    """`doc_to_text`."""
    return str(doc["prompt"])


class ProofTask(ConfigurableTask):
    """An lm-eval task whose checker has proved itself before a model generates anything for it."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config={key: value for key, value in config.items() if key != "class"})

    def build_all_requests(self, **options: Any) -> None:
        """Raises `CheckerError`, which fails this cell alone, where nobody could judge."""
        pool.ready(SOURCES[self.config.dataset_kwargs["benchmark"]].checker)
        super().build_all_requests(**options)


def candidate(response: str, doc: dict[str, Any]) -> str:
    """The proof within a model's text: out of its code fence, and no further than its end."""
    blocks = _FENCE.findall(response)
    closed = [block for block in blocks if "Qed" in block or "theorem" in block]
    text = (closed or blocks or [response])[-1]
    return lean_text.cut(text) if doc["checker"] == "lean" else _cut(text, doc["name"])


def _cut(text: str, name: str) -> str:
    """A Coq text up to the `Qed.` of its first proof, or of the theorem where it restates it."""
    words: list[str] = []
    restated = re.search(rf"\b(?:{'|'.join(THEOREM)})\s+{re.escape(name)}\b", text)
    proving = restated is None
    try:
        for token in tokens(text):
            if token.kind != "stop":
                words.append(token.text)
                continue
            if proving and words in (["Qed"], ["Defined"]):
                return text[: token.end]
            proving = proving or (len(words) > 1 and words[0] in THEOREM and words[1] == name)
            words = []
    except Malformed:
        pass
    return text


@register_filter("proof_check")
class ProofCheck(Filter):
    """Judge the answers of all items together; each becomes its verdict, as plain values."""

    def apply(self, resps: Any, docs: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
        pairs = [
            (Problem(doc["name"], doc["source"]), candidate(text, doc))
            for texts, doc in zip(resps, docs, strict=True)
            for text in texts
        ]
        (name,) = {doc["checker"] for doc in docs}
        checker = pool.ready(name)
        verdicts = iter(pool.judge(checker, pairs, Limits()))
        return [[_row(next(verdicts), checker.id) for _ in texts] for texts in resps]


def _row(verdict: Verdict, checker_id: str) -> dict[str, Any]:
    return {**verdict.as_json(), "checker_id": checker_id, "value": verdict.value}


def process_results(doc: dict[str, Any], results: list[list[dict[str, Any]]]) -> dict[str, float]:
    """pass@k for each k the task asks for, and the share of samples that failed in each way.

    NaN where the checker failed on a sample: nobody knows whether the proof was right.
    """
    (verdicts,) = results
    n = len(verdicts)
    if max(doc["k"]) > n:
        raise InputError(f"{doc['name']}: pass@{max(doc['k'])} needs that many samples, not {n}")
    values = [verdict["value"] for verdict in verdicts]
    unknown = any(value is None for value in values)
    right = sum(int(value or 0) for value in values)
    rates = {f"pass@{k}": math.nan if unknown else pass_at_k(n, right, k) for k in doc["k"]}
    failed = {
        status: sum(verdict["status"] == status for verdict in verdicts) / n for status in _FAILURES
    }
    return {**rates, **failed}


def over_problems(values: Sequence[float]) -> float:
    """Mean over problems. Raises `CheckerError`, so that the score is missing, where one is NaN."""
    unknown = sum(math.isnan(value) for value in values)
    if unknown:
        raise CheckerError(
            f"the checker failed on {unknown} of {len(values)} problems, tried twice; "
            "the score is left missing"
        )
    return math.fsum(values) / len(values)


def statement_bits(doc: dict[str, Any], results: list[Any]) -> dict[str, tuple[float, int]]:
    """Log-likelihood in nats and length in bytes of the statement."""
    (loglikelihood,) = results
    nats = loglikelihood if isinstance(loglikelihood, float) else loglikelihood[0]
    return {"bits_per_byte": (nats, len(doc["prompt"].encode()))}
