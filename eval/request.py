"""What a command line asks for: names and options in, a plan out."""

from pathlib import Path
from typing import Annotated

import typer

from eval import engines, quick
from eval import ladder_file as ladders
from eval import plan as plans
from eval import suite as suites
from eval.errors import InputError
from eval.reading import pick
from eval.store import Study

LadderName = Annotated[
    str | None,
    typer.Argument(metavar="[LADDER]", help="a ladder's name, or the path of its YAML file"),
]
Models = Annotated[
    str | None,
    typer.Option("--models", help="instead of a ladder: hub ids or folders, between commas"),
]
Tasks = Annotated[
    str | None, typer.Option("--tasks", help="instead of a suite: lm-eval tasks, between commas")
]
SuiteName = Annotated[
    str | None,
    typer.Option("--suite", help="a suite's name or YAML file; default: the ladder's own"),
]
Out = Annotated[Path | None, typer.Option("--out", help="study folder; default: results/<ladder>")]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="at most this many documents of each task")
]
Full = Annotated[bool, typer.Option("--full", help="all documents, whatever the suite limits")]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", help="NAME=FOLDER: read a task's data set from local files; repeatable"),
]
Precision = Annotated[
    float | None,
    typer.Option(
        "--precision",
        min=0.001,
        max=0.5,
        help="stop a cell at this standard error; items in one random order for all rungs",
    ),
]
Engine = Annotated[
    str, typer.Option("--engine", help="shared-prefix, hf, or a model class of lm-eval")
]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
StudyFolder = Annotated[
    Path, typer.Argument(metavar="STUDY", help="a study folder, such as results/bundled")
]


def plan(
    ladder: str | None,
    suite: str | None,
    out: Path | None,
    limit: int | None,
    engine: str,
    models: str | None = None,
    tasks: str | None = None,
    full: bool = False,
    target: float | None = None,
    data: list[str] | None = None,
) -> plans.Plan:
    """The plan asked for; ``target`` is the standard error at which cells may stop.

    Raises
    ------
    InputError
        If a name is unknown, a file is malformed, or what is asked for is not clear.
    """
    check_engine(engine)
    if (ladder is None) == (models is None):
        raise InputError("run: LADDER: give a ladder's name or --models, one of the two")
    if suite and tasks:
        raise InputError("run: --suite: give --suite or --tasks, one of the two")
    chosen = quick.ladder(models) if models else ladders.load(str(ladder))
    name = suite or chosen.suite
    if tasks is None and name is None:
        raise InputError(f"ladder {chosen.name}: suite: none named; add --suite or --tasks")
    asked = quick.suite(tasks) if tasks else suites.load(str(name))
    asked = suites.redirected(suites.limited(asked, limit, full), data or [])
    study = Study(out or Path("results") / chosen.name)
    return plans.make(chosen, asked, study, engine, target)


def in_full(plan: plans.Plan) -> list[str]:
    """A line for each benchmark that does not stop early though a precision was asked for."""
    return [
        f"{name}: scored in full: {why}, and stopping at a precision would bias it"
        for name, why in plan.in_full.items()
    ]


def check_engine(name: str) -> None:
    """Refuse an engine that is neither ours nor a model class of lm-eval."""
    if name == engines.DEFAULT:
        return
    engines.register()
    from lm_eval.api.registry import model_registry

    if name not in model_registry:
        raise pick("engine", name, model_registry.keys())


def study(folder: Path) -> Study:
    """The study in ``folder``, which must be there."""
    if not (folder / "study.yaml").is_file():
        raise InputError(f"{folder}: study.yaml: not found; give a folder that 'run' has written")
    return Study(folder)
