"""Which tasks: a suite's YAML in, benchmarks out."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from eval import reading
from eval.errors import InputError

SHIPPED = Path(__file__).parent / "suites"

Band = Literal[
    "loss", "grade-school", "middle", "competition", "reasoning", "knowledge", "code", "proof",
    "placebo",
]  # fmt: skip


class Size(BaseModel):
    """How much there is to process, for plans: items, and tokens of all requests of one item.

    ``prompt_tokens`` are read, ``answer_tokens`` generated or, for likelihoods, scored.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: int = Field(ge=1)
    prompt_tokens: int = Field(ge=0)
    answer_tokens: int = Field(ge=0)


class Benchmark(BaseModel):
    """One lm-eval task or group, and how its score is read.

    ``metric`` and ``filter`` name the primary score; the others of the task are kept beside it.
    ``chance`` and ``ceiling`` are fractions. ``shots`` None leaves the task's own; ``limit``
    is a number of documents (of each task, where ``task`` is a group), None for all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")
    task: str
    band: Band | None = None
    metric: str
    filter: str = "none"
    why: str = ""
    chance: float = Field(default=0.0, ge=0, le=1)
    ceiling: float = Field(default=1.0, ge=0, le=1)
    shots: int | None = Field(default=None, ge=0)
    limit: int | None = Field(default=None, ge=1)
    size: Size | None = None


class Suite(BaseModel):
    """Benchmarks in order. ``tasks_path`` holds tasks of our own; lm-eval's are known anyway.

    ``data`` maps data sets of the hub to local folders (eval.redirect).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")
    about: str = ""
    tasks_path: Path | None = None
    data: dict[str, Path] = Field(default_factory=dict)
    benchmarks: tuple[Benchmark, ...] = Field(min_length=1)


def shipped() -> list[str]:
    """Names of the suites that come with the project."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load(name: str) -> Suite:
    """The suite called ``name``: one that ships, or the path of a YAML file.

    Raises
    ------
    InputError
        If there is no such suite, or its file is malformed.
    """
    path = SHIPPED / f"{name}.yaml"
    if not path.is_file():
        path = Path(name)
        if not path.is_file():
            raise reading.pick("suite", name, shipped())
    return read(path)


def read(path: Path) -> Suite:
    """The suite in a YAML file; ``tasks_path`` and ``data`` are relative to the file."""
    suite = reading.read(path, Suite)
    names = [benchmark.name for benchmark in suite.benchmarks]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path}: {name}: two benchmarks have this name; rename one")
    data = {name: (path.parent / folder).resolve() for name, folder in suite.data.items()}
    suite = suite.model_copy(update={"data": data})
    if suite.tasks_path is None:
        return suite
    folder = (path.parent / suite.tasks_path).resolve()
    if not folder.is_dir():
        raise InputError(f"{path}: tasks_path: no folder {folder}; correct the path")
    return suite.model_copy(update={"tasks_path": folder})


def redirected(suite: Suite, given: list[str]) -> Suite:
    """The suite with local folders for data sets, each ``given`` as NAME=FOLDER.

    Raises
    ------
    InputError
        If one is not of that form.
    """
    data = dict(suite.data)
    for text in given:
        name, equals, folder = text.partition("=")
        if not (name and equals and folder):
            raise InputError(f"--data: {text}: give NAME=FOLDER, as openai/gsm8k=data/gsm8k")
        data[name] = Path(folder).resolve()
    return suite.model_copy(update={"data": data})


def limited(suite: Suite, limit: int | None, full: bool = False) -> Suite:
    """The suite with every benchmark cut to ``limit`` documents; ``full`` lifts its own limits."""
    if full:
        whole = [b.model_copy(update={"limit": limit}) for b in suite.benchmarks]
        return suite.model_copy(update={"benchmarks": tuple(whole)})
    if limit is None:
        return suite
    cut = [
        b.model_copy(update={"limit": min(limit, b.limit) if b.limit else limit})
        for b in suite.benchmarks
    ]
    return suite.model_copy(update={"benchmarks": tuple(cut)})
