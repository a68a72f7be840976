"""The page's scatter charts: easy against hard, and a benchmark against training compute."""

from __future__ import annotations

import numpy as np
import pandas as pd

from correlate.evidence import Evidence
from correlate.panel import Column
from correlate.writeup.chart import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Chart,
    Dot,
    Label,
    Path,
    Scale,
    line,
    padded,
    radii,
    spread,
    steps,
)
from correlate.writeup.fit import fit
from correlate.writeup.style import Look, count, percent

LABELLED = 6  # families named on the chart itself
LOSS = "loss_of_rung"  # column of the rung's own loss beside its score


def scatter(evidence: Evidence, families: dict[str, Look]) -> Chart:
    """Easy score against hard score: one dot a rung, larger with training compute."""
    a = evidence.aligned
    x_axis, x_ticks = _axis(a.easy, LEFT, WIDTH - RIGHT)
    y_axis, y_ticks = _axis(a.hard, HEIGHT - BOTTOM, TOP)
    easy, hard = (_facts(evidence.rows, b) for b in (a.easy.benchmark, a.hard.benchmark))
    size = radii(a.log_compute)
    dots = [
        Dot(
            x_axis(a.easy.score[i]),
            y_axis(a.hard.score[i]),
            round(float(size[i]), 1),
            a.families[a.family[i]],
            families[a.families[a.family[i]]].colour,
            families[a.families[a.family[i]]].marker,
            "\n".join([easy[m][0], easy[m][1], hard[m][1]]),
            hollow=not np.isfinite(a.log_compute[i]),
        )
        for i, m in enumerate(a.models)
    ]
    return Chart(
        key=f"{a.easy.benchmark}-{a.hard.benchmark}",
        title=evidence.name,
        summary=f"Scatter of {a.m} models in {len(a.families)} families: {a.easy.benchmark} "
        f"across, {a.hard.benchmark} up.",
        x_label=_axis_name(a.easy),
        y_label=_axis_name(a.hard),
        x_ticks=x_ticks,
        y_ticks=y_ticks,
        dots=tuple(sorted(dots, key=lambda d: -d.radius)),
        paths=(*_fitted(evidence, x_axis, y_axis), *_floor(a.hard, y_axis)),
        labels=tuple(_family_labels(dots, families)),
    )


def _fitted(evidence: Evidence, x_axis: Scale, y_axis: Scale) -> list[Path]:
    """The fitted curve and its prediction band, kept inside the plot."""
    curve = fit(evidence)
    if curve is None:
        return []
    xs = [x_axis(v) for v in curve.across]
    inside = lambda values: [y_axis(min(max(v, y_axis.low), y_axis.high)) for v in values]  # noqa: E731
    low, mid, high = inside(curve.low), inside(curve.hard), inside(curve.high)
    area = line([*xs, *xs[::-1]], [*high, *low[::-1]]) + "Z"
    paths = [Path(area, "band"), Path(line(xs, mid), "fit")]
    if curve.guess is not None:
        paths.append(Path(line(xs, inside(curve.guess)), "guess"))
    return paths


def curve(
    rows: pd.DataFrame, column: Column, families: dict[str, Look], across: str = "flops"
) -> Chart:
    """One benchmark along training compute or loss, rungs of one family and stage joined.

    ``rows`` has one row a model; those without compute are left out and counted in a note. Along
    ``LOSS`` better is to the right too.
    """
    loss = across == LOSS
    known = rows[rows[across] > 0].sort_values(["family", across])
    values = known[across].to_numpy(float)
    places = values if loss else np.log10(values)
    low, high = padded(places)
    ends = (high, low) if loss else (low, high)
    x_axis = Scale(*ends, LEFT, WIDTH - RIGHT)
    y_axis, y_ticks = _axis(column, HEIGHT - BOTTOM, TOP)
    dots = [
        Dot(
            x_axis(c),
            y_axis(float(row["score"])),
            3.2,
            str(row["family"]),
            families[str(row["family"])].colour,
            families[str(row["family"])].marker,
            "\n".join([_name(row), _fact(row)]),
        )
        for c, (_, row) in zip(places, known.iterrows(), strict=True)
    ]
    paths = _floor(column, y_axis)
    for (family, _), group in known.groupby(["family", "stage"], sort=False, dropna=False):
        if len(group) > 1:
            xs = [x_axis(c) for c in (group[across] if loss else np.log10(group[across]))]
            ys = [y_axis(s) for s in group["score"]]
            look = families[str(family)]
            paths.append(Path(line(xs, ys), "join", str(family), look.colour))
    missing = len(rows) - len(known)
    said = "loss" if loss else "training compute"
    ticks = [(x_axis(v), f"{v:g}" if loss else f"1e{v:g}") for v in steps(low, high)
             if loss or v == int(v)]  # fmt: skip
    return Chart(
        key=f"curve-{column.benchmark}" + ("-loss" if loss else ""),
        title=f"{column.benchmark} along {said}",
        summary=f"{column.benchmark} against {said} for {len(known)} models.",
        x_label="loss, bits per byte (better to the right)" if loss else f"{said} (FLOPs)",
        y_label=_axis_name(column),
        x_ticks=tuple(ticks),
        y_ticks=y_ticks,
        dots=tuple(dots),
        paths=tuple(paths),
        labels=tuple(_family_labels(dots, families)),
        notes=(f"{missing} models of unknown {said} are not shown",) if missing else (),
    )


def _axis(column: Column, start: float, end: float) -> tuple[Scale, tuple[tuple[float, str], ...]]:
    low, high = padded(column.score)
    if column.is_rate:
        low, high = min(0.0, low), min(1.0, high) if high < 1 else 1.0
    scale = Scale(low, high, start, end)
    form = (lambda t: f"{100 * t + 0.0:g}") if column.is_rate else (lambda t: f"{t + 0.0:g}")
    return scale, tuple((scale(t), form(t)) for t in steps(low, high))


def _axis_name(column: Column) -> str:
    return f"{column.benchmark}, {'%' if column.is_rate else 'bits per byte ↓'}"


def _floor(column: Column, y_axis: Scale) -> list[Path]:
    if not column.is_rate or column.chance <= 0:
        return []
    y = y_axis(column.chance)
    return [Path(line((LEFT, WIDTH - RIGHT), (y, y)), "floor")]


def _family_labels(dots: list[Dot], families: dict[str, Look]) -> list[Label]:
    """Names beside the rightmost dot of the families with a look of their own."""
    labels = []
    for family, look in families.items():
        own = [d for d in dots if d.family == family]
        if own and 0 <= look.index < LABELLED:
            d = max(own, key=lambda at: at.x)
            right = d.x > WIDTH * 0.62
            x = d.x - 8 if right else d.x + 8
            anchor = "end" if right else "start"
            labels.append(Label(x, d.y + 4, family, "family", anchor, look.colour, family))
    return spread(labels, low=TOP + 8, high=HEIGHT - BOTTOM - 2)


def _facts(rows: pd.DataFrame, benchmark: str) -> dict[str, tuple[str, str]]:
    """For each model its name with size, and its score in words."""
    own = rows[rows["benchmark"] == benchmark]
    return {str(row["model"]): (_name(row), _fact(row)) for _, row in own.iterrows()}


def _name(row: pd.Series) -> str:
    facts = [f"{count(float(row['params']))} parameters", f"{count(float(row['tokens']))} tokens"]
    known = [f for f in facts if not f.startswith("–")]
    return " · ".join([str(row["model"]), *known])


def _fact(row: pd.Series) -> str:
    """One score in words: value, items, protocol, source."""
    lossy = "bits_per_byte" in str(row["metric"]) or row["band"] == "loss"
    value = f"{row['score']:.3f} bits/byte" if lossy else percent(float(row["score"]))
    items = f" (n {int(row['n'])})" if pd.notna(row["n"]) else ""
    return f"{row['benchmark']} {value}{items}, {protocol(row)}"


def protocol(row: pd.Series) -> str:
    """How a score was taken, and where it stands."""
    shots = f"{row['shots']}-shot" if _said(row["shots"]) else ""
    filtered = row["filter"] if _said(row["filter"]) and row["filter"] != "none" else ""
    parts = [row["metric"], filtered, shots, row["reported_by"], row["source"]]
    return ", ".join(str(p) for p in parts if _said(p))


def _said(value: object) -> bool:
    return value is not None and value == value and str(value) not in ("", "nan")
