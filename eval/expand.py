"""Short forms in a ladder's file: checkpoint patterns, and other ladders taken in and thinned."""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from eval.ladder import Rung

BRACES = re.compile(r"\{([^{}]*)\}")


class Include(BaseModel):
    """Another ladder's rungs, or those of them that pass every filter given.

    ``min_params`` and ``max_params`` are counts; ``stages`` and ``families`` name what is kept;
    ``every`` keeps each k-th checkpoint of a training run, counted back from its last.
    """

    model_config = ConfigDict(extra="forbid")

    ladder: str
    min_params: float = 0
    max_params: float = float("inf")
    stages: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    every: int = Field(default=1, ge=1)

    def keep(self, rungs: tuple[Rung, ...]) -> list[Rung]:
        """The rungs that pass, in order."""
        passed = [
            rung
            for rung in rungs
            if self.min_params <= (rung.params or 0) <= self.max_params
            and (not self.stages or rung.stage in self.stages)
            and (not self.families or rung.family in self.families)
        ]
        return [rung for rung in passed if self._kept(rung, passed)]

    def _kept(self, rung: Rung, among: list[Rung]) -> bool:
        run = [r for r in among if r.training_run and r.training_run == rung.training_run]
        return not run or (len(run) - 1 - run.index(rung)) % self.every == 0


def checkpoints(given: dict[str, Any]) -> list[dict[str, Any]]:
    """A rung as written -> one for each of its checkpoints; itself where it names none.

    ``checkpoints`` is a pattern of revisions with one pair of braces and ``tokens_per_step``
    the tokens of one step; or a list of mappings with ``revision`` and ``tokens``.

    Raises
    ------
    ValueError
        If a pattern cannot be read.
    """
    rest = {k: v for k, v in given.items() if k not in ("checkpoints", "tokens_per_step")}
    wanted = given.get("checkpoints")
    if wanted is None:
        return [rest]
    if isinstance(wanted, str):
        per_step = float(given.get("tokens_per_step") or 0)
        if not per_step:
            raise ValueError("checkpoints: a pattern needs tokens_per_step beside it")
        wanted = [{"revision": text, "tokens": n * per_step} for text, n in revisions(wanted)]
    return [
        {
            **rest,
            **checkpoint,
            "name": f"{given['name']}-{checkpoint['revision']}",
            "training_run": given.get("training_run") or given["name"],
        }
        for checkpoint in wanted
    ]


def revisions(pattern: str) -> list[tuple[str, int]]:
    """``step{0,1000,...,3000}`` -> ("step0", 0), ("step1000", 1000), ...

    ``a,b,...,z`` goes on as a,b began: by the same factor where three numbers show one
    (``1,2,4,...,512``), otherwise by the same difference where that meets z, otherwise by
    multiples of b (``512,1000,...,143000``).
    """
    found = BRACES.findall(pattern)
    if len(found) != 1:
        raise ValueError(f"checkpoints: '{pattern}': give one pair of braces, as step{{1,2,3}}")
    return [(BRACES.sub(str(n), pattern), n) for n in _numbers(found[0])]


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    numbers: list[int] = []
    for i, part in enumerate(parts):
        if part == "...":
            last = int(parts[i + 1]) if i + 1 < len(parts) and parts[i + 1].isdigit() else None
            if last is None or len(numbers) < 2:
                raise ValueError(f"checkpoints: '{text}': ... needs two numbers before, one after")
            numbers += _between(numbers, last)
        elif part.isdigit():
            numbers.append(int(part))
        else:
            raise ValueError(f"checkpoints: '{text}': '{part}' is no number")
    return numbers


def _between(numbers: list[int], last: int) -> list[int]:
    """What stands between the numbers so far and ``last``."""
    before, a, b = ([0, *numbers])[-3:]
    factor = a // before if before else 0
    if factor > 1 and a == before * factor and b == a * factor:
        out = []
        while b * factor < last:
            b *= factor
            out.append(b)
        return out
    step = b - a if b > a and (last - b) % (b - a) == 0 else b
    if step <= 0 or (last - b) % step:
        raise ValueError(f"checkpoints: {a},{b},...,{last}: neither a difference nor a factor fits")
    return list(range(b + step, last, step))
