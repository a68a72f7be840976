"""`report`: the self-contained page, its tables and its figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from correlate.panel import Panel
    from correlate.writeup.page import WriteUp


def command(
    panel: Annotated[Path, typer.Argument(help="study folder, table or results folder")],
    out: Annotated[
        Path | None,
        typer.Option(help="where to write; the study folder itself, else results/<name>"),
    ] = None,
    pairs: Annotated[
        list[str] | None, typer.Option(help="easy:hard or easy:hard:placebo; give it repeatedly")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="YAML that says what a table's columns mean")
    ] = None,
    seed: Annotated[int, typer.Option(help="seed of every resampling")] = 0,
    replicates: Annotated[int, typer.Option(min=99, help="family bootstraps a test")] = 10_000,
) -> None:
    """Write report.html with its tables and figures, and print the verdicts.

    Example: python -m correlate report results/published --out /tmp/answer
    """
    from correlate.sources import load
    from correlate.writeup import answer, folder

    raw = load(panel, mapping)
    writeup = compose(raw, panel, pairs or [], seed, replicates)
    files = folder.contents(writeup)
    target = out or home(panel)
    folder.write(files, target)
    for line in answer.verdict_lines(writeup.evidence) + answer.card_lines(writeup.cards):
        typer.echo(line)
    for name in ("report.html", "tables", "figures"):
        typer.echo(f"wrote {target / name}")


def home(panel: Path) -> Path:
    """Where a report goes unless told: into the study it is about, else under results/."""
    is_study = (panel / "scores.csv").is_file()
    return panel if is_study else Path("results") / panel.stem


def compose(raw: Panel, source: Path, asked: list[str], seed: int, replicates: int) -> WriteUp:
    """Gate, choose protocols, run the battery once a pair, and gather all a report is made of.

    Raises
    ------
    InputError
        If a pair names a benchmark the panel does not have, or there is none to test.
    """
    from correlate import battery, claims, evidence, pairs
    from correlate.cards.task import tasks
    from correlate.progress import track
    from correlate.protocols import choose
    from correlate.quality import gate
    from correlate.writeup import truth
    from correlate.writeup.page import WriteUp

    panel = gate(raw)
    tested = pairs.parse(asked, panel) if asked else pairs.default(panel, source)
    settings = battery.Settings().sized(replicates)
    answers = evidence.gather_each(panel, tested, seed, choose, settings)
    steps = track(tested, "testing", lambda q: f"{q.pair.easy} → {q.pair.hard}")
    found = [next(answers) for _ in steps]
    judged = claims.cards(panel, found, seed, replicates)
    family = dict(zip(panel.scores["model"], panel.scores["family"], strict=True))
    return WriteUp(
        panel, found, judged, seed, replicates, claims.thresholds_hash(),
        truth=truth.compared(source, tasks(found), family),
        baselines=truth.baselines(source, panel.scores),
    )  # fmt: skip
