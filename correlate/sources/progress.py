"""Progress over many files: a bar on a terminal, a line now and then elsewhere; on stderr."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress, TaskID

T = TypeVar("T")

QUIET = 2.0
"""Seconds a loop may run before it says anything."""
EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


def counting(items: Iterable[T], total: int, doing: str) -> Iterator[T]:
    """Yield ``items``, about ``total`` of them; after two seconds, say how far it is."""
    console = Console(file=sys.stderr)
    start = said = time.monotonic()
    with contextlib.ExitStack() as stack:
        bar = None
        for i, item in enumerate(items):
            now = time.monotonic()
            if bar is not None:
                bar.advance(TaskID(0))
            elif now - start > QUIET and console.is_terminal:
                bar = stack.enter_context(Progress(console=console, transient=True))
                bar.add_task(doing, total=total, completed=i)
            elif now - start > QUIET and now - said > EVERY:
                print(f"{doing}: {i} of {total}", file=sys.stderr, flush=True)
                said = now
            yield item
