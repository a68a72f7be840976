"""The plan: cells of a ladder on a suite, what is done already, what is still to run."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from eval import catalog, identity
from eval.ladder import Ladder, Rung
from eval.store import Key, Study
from eval.suite import Benchmark, Suite

State = Literal["done", "missing", "failed", "changed"]


@dataclass(frozen=True)
class Cell:
    """A rung on a benchmark. ``changed``: on disk, but scored under another identity."""

    rung: Rung
    benchmark: Benchmark
    parts: dict[str, Any]
    identity: str
    state: State

    @property
    def key(self) -> Key:
        """Where the cell is stored."""
        return Key(self.rung.name, self.benchmark.name)


@dataclass(frozen=True)
class Plan:
    """All cells of a ladder on a suite, rung by rung."""

    ladder: Ladder
    suite: Suite
    study: Study
    engine: str
    cells: tuple[Cell, ...]

    def counts(self) -> dict[str, int]:
        """How many cells are in each state."""
        counted = Counter(cell.state for cell in self.cells)
        return {state: counted[state] for state in ("done", "missing", "failed", "changed")}

    def to_run(self, retry_failed: bool = False) -> list[Cell]:
        """Cells that a run would score: missing or changed ones, failed ones when asked."""
        wanted = {"missing", "changed"} | ({"failed"} if retry_failed else set())
        return [cell for cell in self.cells if cell.state in wanted]


def make(ladder: Ladder, suite: Suite, study: Study, engine: str) -> Plan:
    """Work out the plan; reads weights and task files, loads nothing, touches no network.

    Raises
    ------
    InputError
        If a rung's folder is missing or a task is unknown.
    """
    definitions = catalog.definitions(suite)
    cells = tuple(_cells(ladder, suite, study, engine, definitions))
    return Plan(ladder, suite, study, engine, cells)


def _cells(
    ladder: Ladder, suite: Suite, study: Study, engine: str, definitions: dict[str, str]
) -> Iterator[Cell]:
    for rung in ladder.rungs:
        for benchmark in suite.benchmarks:
            parts = identity.content(rung, benchmark, definitions[benchmark.name], engine)
            name = identity.name(parts)
            key = Key(rung.name, benchmark.name)
            yield Cell(rung, benchmark, parts, name, state(study, key, name))


def state(study: Study, key: Key, name: str) -> State:
    """The state on disk of the cell at ``key`` whose identity is ``name``."""
    found = study.result(key)
    if found is not None:
        return "done" if found["cell"]["identity"] == name else "changed"
    failed = study.error(key)
    if failed is not None:
        return "failed" if failed["identity"] == name else "changed"
    return "missing"
