"""Progress of a loop of slow steps: a bar on a terminal, a line a step elsewhere; on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")


def track(items: Sequence[T], doing: str, name: Callable[[T], str]) -> Iterator[T]:
    """Yield ``items``, saying which one is being worked on and how long is left."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        for i, item in enumerate(items, 1):
            print(f"{doing} {i}/{len(items)}: {name(item)}", file=sys.stderr, flush=True)
            yield item
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task(doing, total=len(items))
        for item in items:
            progress.update(task, description=f"{doing} {name(item)}")
            yield item
            progress.advance(task)
