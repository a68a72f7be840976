"""``python -m eval.bundled.train``: train the rungs of the recipe file, several side by side.

Finished rungs are left alone, so running it again goes on where it stopped. Then
``python -m eval.bundled.register`` files the rungs in the ladder.
"""

import multiprocessing
import os
import queue
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.bundled import benchmarks, recipe
from eval.bundled.recipe import Run
from eval.errors import InputError

Ticks = Any  # a manager's queue of (run name, steps done, steps, loss)


def finished(run: Run, out: Path) -> bool:
    """Whether every rung the run keeps is there."""
    from eval.bundled.trainer import rung_name

    return all((out / rung_name(run, step) / "card.json").exists() for step in run.keep)


def chosen(runs: list[Run], only: list[str]) -> list[Run]:
    """The runs whose name, or whose family's name, is in ``only``; all when it is empty."""
    known = {run.name for run in runs} | {run.family.name for run in runs}
    if missing := sorted(set(only) - known):
        raise InputError(f"--only: no run or family {missing[0]!r}; see --list")
    return [run for run in runs if not only or {run.name, run.family.name} & set(only)]


def _work(run: Run, out: Path, ticks: Ticks) -> str:
    from eval.bundled.trainer import Data, train

    data = Data(out / "pools", {name: benchmarks.draw(name) for name in benchmarks.SOURCES})
    train(run, out, data, lambda *tick: ticks.put((run.name, *tick)))
    return run.name


def train_all(runs: list[Run], out: Path, jobs: int) -> None:
    """Train runs in worker processes of one thread each, with a progress bar a run."""
    from rich.progress import Progress, TextColumn, TimeRemainingColumn

    out.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    columns = (
        *Progress.get_default_columns()[:-1],
        TimeRemainingColumn(),
        TextColumn("{task.fields[loss]}"),
    )
    with (
        context.Manager() as manager,
        ProcessPoolExecutor(jobs, context) as pool,
        Progress(*columns) as progress,
    ):
        ticks = manager.Queue()
        pending: set[Future[str]] = {pool.submit(_work, run, out, ticks) for run in runs}
        bars: dict[str, Any] = {}
        whole = progress.add_task("all runs", total=len(runs), loss="")
        while pending:
            try:
                name, done, steps, loss = ticks.get(timeout=1.0)
            except queue.Empty:
                pass
            else:
                if name not in bars:
                    bars[name] = progress.add_task(name, total=steps, loss="")
                progress.update(bars[name], completed=done, loss=f"loss {loss:.3f}")
            for future in [future for future in pending if future.done()]:
                pending.remove(future)
                name = future.result()
                progress.update(whole, advance=1)
                progress.console.print(f"{name}: trained")


def main(
    recipes: Annotated[Path, typer.Option(help="Recipe file.")] = recipe.RECIPES,
    out: Annotated[Path, typer.Option(help="Where weights, cards and states go.")] = Path(
        "build/bundled"
    ),
    only: Annotated[
        list[str] | None, typer.Option(help="A family or run; may be repeated.")
    ] = None,
    jobs: Annotated[int, typer.Option(help="Runs side by side.")] = os.cpu_count() or 1,
    list_: Annotated[
        bool, typer.Option("--list", help="Say what would be trained, and stop.")
    ] = False,
) -> None:
    """Train what is not trained yet.

    Example: python -m eval.bundled.train --only llama-balanced --jobs 2
    """
    wanted = chosen(recipe.runs(recipe.load(recipes)), only or [])
    left = [run for run in wanted if not finished(run, out)]
    if list_:
        for run in wanted:
            state = "to do" if run in left else "done"
            print(f"{run.name}\t{run.steps * run.tokens_per_step / 1e6:.1f} M tokens\t{state}")
        return
    train_all(left, out, jobs)
    print(
        f"{len(wanted)} runs trained in {out}; now: python -m eval.bundled.register --weights {out}"
    )


if __name__ == "__main__":
    typer.run(main)
