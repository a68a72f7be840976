"""The plan: cells of a ladder on a suite, what is done already, what is still to run."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from eval import catalog, identity, precision
from eval.ladder import Ladder, Rung
from eval.store import Key, Study
from eval.suite import Benchmark, Suite

State = Literal["done", "missing", "failed", "changed"]


@dataclass(frozen=True)
class Cell:
    """A rung on a benchmark. ``changed``: on disk, but scored under another identity.

    ``target`` is the standard error at which the cell stops; None for all items.
    """

    rung: Rung
    benchmark: Benchmark
    parts: dict[str, Any]
    identity: str
    state: State
    target: float | None = None

    @property
    def key(self) -> Key:
        """Where the cell is stored."""
        return Key(self.rung.name, self.benchmark.name)

    @property
    def full(self) -> str:
        """The identity of the cell with all its items, which stands for one that stops early."""
        if "precision" not in self.parts:
            return self.identity
        return identity.name({k: v for k, v in self.parts.items() if k != "precision"})


@dataclass(frozen=True)
class Plan:
    """All cells of a ladder on a suite, rung by rung.

    ``in_full``: benchmarks that cannot stop early though a precision was asked for, and why.
    """

    ladder: Ladder
    suite: Suite
    study: Study
    engine: str
    cells: tuple[Cell, ...]
    in_full: dict[str, str] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """How many cells are in each state."""
        counted = Counter(cell.state for cell in self.cells)
        return {state: counted[state] for state in ("done", "missing", "failed", "changed")}

    def to_run(self, retry_failed: bool = False) -> list[Cell]:
        """Cells that a run would score: missing or changed ones, failed ones when asked."""
        wanted = {"missing", "changed"} | ({"failed"} if retry_failed else set())
        return [cell for cell in self.cells if cell.state in wanted]


def make(
    ladder: Ladder, suite: Suite, study: Study, engine: str, target: float | None = None
) -> Plan:
    """Work out the plan; reads weights and task files, loads nothing, touches no network.

    ``target`` is a standard error: benchmarks whose score is a mean over items stop there.

    Raises
    ------
    InputError
        If a rung's folder is missing or a task is unknown.
    """
    definitions = catalog.definitions(suite)
    in_full = {}
    if target is not None:
        reasons = {b.name: precision.obstacle(b.metric, catalog.configs(suite, b))
                   for b in suite.benchmarks}  # fmt: skip
        in_full = {name: reason for name, reason in reasons.items() if reason}
    targets = {b.name: None if b.name in in_full else target for b in suite.benchmarks}
    cells = tuple(
        _cell(rung, benchmark, definitions[benchmark.name], engine, study, targets[benchmark.name])
        for rung in ladder.rungs
        for benchmark in suite.benchmarks
    )
    return Plan(ladder, suite, study, engine, cells, in_full)


def _cell(
    rung: Rung, benchmark: Benchmark, definition: str, engine: str, study: Study,
    target: float | None,
) -> Cell:  # fmt: skip
    parts = identity.content(rung, benchmark, definition, engine, target)
    name = identity.name(parts)
    cell = Cell(rung, benchmark, parts, name, "missing", target)
    return replace(cell, state=state(study, cell.key, name, cell.full))


def state(study: Study, key: Key, name: str, full: str | None = None) -> State:
    """The state on disk of the cell at ``key`` with identity ``name``; ``full`` does as well."""
    found = study.result(key)
    if found is not None:
        return "done" if found["cell"]["identity"] in (name, full) else "changed"
    failed = study.error(key)
    if failed is not None:
        return "failed" if failed["identity"] == name else "changed"
    return "missing"
