"""The one figure: for each hard benchmark, what is left of the correlation under more control."""

from __future__ import annotations

import numpy as np

from correlate.evidence import Evidence
from correlate.senses.result import Estimate, Verdict
from correlate.writeup.chart import TOP, Chart, Dot, Label, Path, Scale, line, steps
from correlate.writeup.style import number, wording

SENSES = {  # senses whose headline is a correlation, and how each is drawn
    "rank": ("#0072B2", "circle"),
    "beyond_compute": ("#D55E00", "square"),
    "within_family": ("#009E73", "diamond"),
}
WIDTH, LEFT, VALUES = 400, 10, 102  # pixels: all, before the plot, for the numbers after it
LINE, HEAD, GAP = 15, 13, 6  # pixels: an estimate, a benchmark's name, between benchmarks


def headline(e: Evidence, sense: str) -> Estimate | None:
    """The sense's number for this pair, where there is one."""
    result = e.results.get(sense)
    return result.headline if result else None


def unsure(e: Evidence, sense: str) -> bool:
    """Whether the number is there but too wide for a verdict."""
    return e.results[sense].verdict is Verdict.INSUFFICIENT


def forest(evidence: list[Evidence]) -> Chart:
    """Three correlations a hard benchmark; pairs of which nothing can be told are left out."""
    drawn = [e for e in evidence if any(headline(e, s) for s in SENSES)]
    lows = [h.low for e in drawn for s in SENSES if (h := headline(e, s)) and h.low is not None]
    x_axis = Scale(np.floor(min([0.0, *lows]) * 5) / 5, 1.0, LEFT, WIDTH - VALUES)
    y, marks, labels = TOP + 6.0, [], []
    for e in drawn:
        tested = max(e.results.values(), key=lambda r: r.n_models)
        many = f"{tested.n_models} models, {tested.n_families} families"
        labels += [
            Label(LEFT, y, e.pair.hard, "row"),
            Label(WIDTH, y, many, "quiet", "end"),
        ]
        y += HEAD
        for sense in SENSES:
            mark, label = _line(e, sense, y, x_axis)
            marks += mark
            labels.append(label)
            y += LINE
        y += GAP
    bottom = int(y)
    zero = Path(line((x_axis(0), x_axis(0)), (TOP, bottom)), "zero")
    return Chart(
        key="forest",
        title="What is left of the correlation",
        summary="Correlations with intervals for each hard benchmark: "
        + ", ".join(str(wording()["senses"][s]["label"]) for s in SENSES),
        x_label="correlation",
        width=WIDTH,
        height=bottom + 34,
        x_ticks=tuple((x_axis(t), number(t, 1)) for t in steps(x_axis.low, 1.0)),
        dots=tuple(m for m in marks if isinstance(m, Dot)),
        paths=(zero, *(m for m in marks if isinstance(m, Path))),
        labels=tuple(labels),
        plot=(LEFT, TOP, WIDTH - VALUES, bottom),
    )


def _line(e: Evidence, sense: str, y: float, x_axis: Scale) -> tuple[list[Dot | Path], Label]:
    """One estimate: its interval, its dot and its number; words where there is none."""
    colour, shape = SENSES[sense]
    got = headline(e, sense)
    if got is None:
        said = f"{wording()['senses'][sense]['label']}: cannot be told"
        return [], Label(LEFT, y + 4, said, "quiet")
    marks: list[Dot | Path] = []
    if got.low is not None and got.high is not None:
        ends = (x_axis(got.low), x_axis(min(got.high, 1.0)))
        kind = "interval unsure" if unsure(e, sense) else "interval"
        marks.append(Path(line(ends, (y, y)), kind, colour=colour))
    span = _span(got)
    level = f"{got.level:.0%} interval" if got.low is not None else "no interval"
    tip = "\n".join([e.name, f"{got.label}: {span}", f"{level}, {e.results[sense].verdict.value}"])
    marks.append(Dot(x_axis(got.value), y, 4.2, "", colour, shape, tip, unsure(e, sense)))
    return marks, Label(WIDTH, y + 4, span, "value", "end")


def _span(e: Estimate) -> str:
    if e.low is None or e.high is None:
        return number(e.value)
    return f"{number(e.value)} [{number(e.low)}, {number(e.high)}]"
