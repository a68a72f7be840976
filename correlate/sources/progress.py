"""Progress over many files: a bar on a terminal, a line now and then elsewhere; on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")

QUIET = 2.0
"""Seconds a loop may run before it says anything."""
EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


def counting(items: Sequence[T], doing: str) -> Iterator[T]:
    """Yield ``items``; once it takes more than two seconds, say how far it is."""
    console = Console(file=sys.stderr)
    start = said = time.monotonic()
    for i, item in enumerate(items):
        now = time.monotonic()
        if now - start > QUIET and console.is_terminal:
            yield from track(items[i:], doing, total=len(items), completed=i, console=console,
                             transient=True)  # fmt: skip
            return
        if now - start > QUIET and now - said > EVERY:
            print(f"{doing}: {i} of {len(items)}", file=sys.stderr, flush=True)
            said = now
        yield item
