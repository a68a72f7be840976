"""How a run is going: bars on a terminal, plain lines elsewhere."""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from eval.job import Event
from eval.store import Key

Teller = Callable[[Event], None]

PLAIN_EVERY = 5.0  # seconds between plain lines


class Clock:
    """Time left: each benchmark's seconds per unit of cost so far, times what it has to come.

    A benchmark not met yet is taken to be as slow as the others are on average.
    """

    def __init__(self, costs: dict[Key, float], workers: int) -> None:
        self.ahead = dict(costs)
        self.total = len(costs)
        self.workers = workers
        self.seconds: dict[str, float] = defaultdict(float)
        self.cost: dict[str, float] = defaultdict(float)
        self.items = 0
        self.started = time.monotonic()

    @property
    def count(self) -> int:
        """Cells that have ended."""
        return self.total - len(self.ahead)

    def tick(self, event: Event) -> None:
        """A cell has ended, well or not."""
        cost = self.ahead.pop(event.key)
        self.items += event.items
        if event.what == "done":
            self.seconds[event.key.benchmark] += event.seconds
            self.cost[event.key.benchmark] += cost

    @property
    def pace(self) -> str:
        """Items a second so far, over all workers; empty before the first cell has ended."""
        return f"{self.items / (time.monotonic() - self.started):.3g} items/s" if self.items else ""

    @property
    def left(self) -> str:
        """Time left in words; empty until there is something to judge by."""
        if not self.cost or not self.ahead:
            return ""
        overall = sum(self.seconds.values()) / sum(self.cost.values())
        rates = {name: self.seconds[name] / cost for name, cost in self.cost.items()}
        ahead = sum(cost * rates.get(k.benchmark, overall) for k, cost in self.ahead.items())
        return f"{in_words(ahead / self.workers)} left"


def in_words(seconds: float) -> str:
    """A duration as a person says it: 45 s, 12 min, 3 h 05 min, 12 days."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    if minutes < 72 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes / 1440:,.0f} days"


def show(events: Iterable[Event], costs: dict[Key, float], workers: int) -> Iterator[Event]:
    """Pass ``events`` on, showing them on stderr; ``costs`` are relative, by cell."""
    console = Console(stderr=True)
    clock = Clock(costs, workers)
    report = _bars if console.is_terminal else _lines
    with report(console, clock) as tell:
        for event in events:
            if event.what != "started":
                clock.tick(event)
            tell(event)
            yield event


@contextmanager
def _bars(console: Console, clock: Clock) -> Iterator[Teller]:
    columns = (
        TextColumn("scoring"), BarColumn(), MofNCompleteColumn(), TextColumn("cells"),
        TextColumn("{task.fields[pace]}"), TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[now]}", style="dim"),
    )  # fmt: skip
    running: dict[str, str] = {}
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=clock.total, pace="", left="", now="")

        def tell(event: Event) -> None:
            if event.what == "started":
                running[event.key.rung] = event.key.benchmark
            elif event.what == "failed":
                console.print(f"failed: {event.key}: {event.text}", style="red", markup=False)
            latest = list(running.items())[-2:]
            now = ", ".join(f"{rung} / {benchmark}" for rung, benchmark in latest)
            progress.update(bar, completed=clock.count, pace=clock.pace, left=clock.left, now=now)

        yield tell


@contextmanager
def _lines(console: Console, clock: Clock) -> Iterator[Teller]:
    said = 0.0

    def tell(event: Event) -> None:
        nonlocal said
        due = time.monotonic() - said > PLAIN_EVERY or clock.count == clock.total
        if event.what == "failed":
            print(f"failed: {event.key}: {event.text}", file=sys.stderr, flush=True)
        elif event.what in ("done", "elsewhere") and due:
            said = time.monotonic()
            at = f"[{clock.count}/{clock.total}]"
            rest = "".join(f", {text}" for text in (clock.pace, clock.left) if text)
            print(f"{at} {event.key}: {event.text}{rest}", file=sys.stderr, flush=True)

    print(f"scoring {clock.total} cells", file=sys.stderr, flush=True)
    yield tell
