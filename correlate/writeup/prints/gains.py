"""Gains for print: neighbouring rungs of a family as arrows from the lower to the upper one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from correlate.evidence import Evidence
from correlate.senses.gains import steps
from correlate.senses.sample import prepare
from correlate.senses.settings import Settings
from correlate.writeup.prints.paper import Drawing, floor, legend_sheet, named, shown, slug, unit
from correlate.writeup.prints.scores import within
from correlate.writeup.style import Look

LEAST = 3  # steps below which there is nothing to look at


def gains(e: Evidence, families: dict[str, Look]) -> Drawing | None:
    """Easy across, hard up, an arrow a step; None with fewer than ``LEAST`` steps.

    The steps are those of the sense ``gains``: along a training run by compute, between runs from
    one's last rung to the next one's.
    """
    used = prepare(e.aligned, Settings()).with_compute().repeated()
    if not used.m or len((step := steps(used)).lower) < LEAST:
        return None
    own = dict(zip(e.aligned.models, (e.aligned.families[f] for f in e.aligned.family),
                   strict=True))  # fmt: skip
    data = pd.DataFrame(
        {
            "kind": "step",
            "family": [own[used.models[i]] for i in step.lower],
            "lower": [used.models[i] for i in step.lower],
            "upper": [used.models[i] for i in step.upper],
            "easy_from": used.easy.score[step.lower],
            "hard_from": used.hard.score[step.lower],
            "easy": used.easy.score[step.upper],
            "hard": used.hard.score[step.upper],
            "compute_ratio": np.exp(step.difference(used.log_compute)),
        }
    )
    figure, (axes,) = legend_sheet(families)
    columns = {"easy_from": used.easy, "easy": used.easy, "hard_from": used.hard, "hard": used.hard}
    view = data.assign(**{k: shown(c, data[k].to_numpy(float)) for k, c in columns.items()})
    # Families without a look of their own go below, so that the others can be followed.
    for row in sorted(view.to_dict("records"), key=lambda r: families[str(r["family"])].index >= 0):
        look = families[str(row["family"])]
        start, end = (row["easy_from"], row["hard_from"]), (row["easy"], row["hard"])
        axes.annotate(
            "", end, xytext=start,
            arrowprops={"arrowstyle": "-|>", "color": look.colour, "lw": 1.1, "shrinkA": 0,
                        "shrinkB": 0, "mutation_scale": 8,
                        "alpha": 0.9 if look.index >= 0 else 0.55},
        )  # fmt: skip
        axes.plot(*start, ".", color=look.colour, ms=3)
    across = view[["easy_from", "easy"]].to_numpy()
    room = 0.05 * (np.ptp(across) or 1.0)
    axes.set_xlim(across.min() - room, across.max() + room)
    within(axes, used.hard, pd.concat([view["hard_from"], view["hard"]]))
    floor(axes, used.hard)
    axes.set(xlabel=unit(used.easy), ylabel=unit(used.hard))
    named(axes, view, "easy", "hard", families)
    return Drawing(f"gains-{slug(e.pair.easy)}-{slug(e.pair.hard)}", figure, data)
