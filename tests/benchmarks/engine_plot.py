"""Draw how the engine's gain grows with shots, documents and model size.

    python tests/benchmarks/engine_plot.py [--measured FILE] [--out FILE]

Reads the lines that engine_speed.py appended with --out. Lines of the case `gold` that differ in
one thing alone from the case in the middle (8 shots, 16 documents, pythia-70m) make a curve.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import engine_cases as cases  # noqa: E402

MIDDLE = {"shots": 8, "documents": 16, "model": "pythia-70m"}
LABELS = {
    "shots": "shots before each question",
    "documents": "documents",
    "millions": "parameters, millions",
}


def curve(table: pd.DataFrame, along: str) -> pd.DataFrame:
    """The rows that vary along one thing, the others as in the middle; the last measured counts."""
    for name, value in MIDDLE.items():
        if name != along:
            table = table[table[name] == value]
    return table.drop_duplicates(along, keep="last").sort_values(along)


def millions(shape: str) -> float:
    """Parameters of a shape with its embeddings, in millions (Biderman et al. 2023, table 1)."""
    hidden, layers, _ = cases.SHAPES[shape]
    return (2 * cases.VOCABULARY * hidden + layers * 12 * hidden**2) / 1e6


def draw(axes: Axes, found: pd.DataFrame, by: str) -> None:
    """Gain measured, and the gain that an engine on the floor would have."""
    hf = found["ours_seconds"] * found["gain"]
    axes.plot(found[by], found["gain"], "o-", color="black", label="measured")
    bound = hf / (found["ours_seconds"] / found["over_floor_attending"])
    axes.plot(found[by], bound, ":", color="0.4", label="at the floor, with attention")
    axes.axhline(1, color="0.7", linewidth=0.8)
    axes.set_xlabel(LABELS[by])
    axes.set_xticks(found[by], [f"{value:.0f}" for value in found[by]])
    axes.minorticks_off()


def main() -> None:
    """Draw the three panels."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measured", type=Path, default=HERE / "engine.jsonl")
    default = HERE.parents[1] / "eval" / "engines" / "gain.svg"
    parser.add_argument("--out", type=Path, default=default)
    asked = parser.parse_args()
    table: Any = pd.read_json(asked.measured, lines=True)
    table = table[(table["case"] == "gold") & (table["threads"] == 1)]
    mpl.rcParams["svg.hashsalt"] = "engine"
    figure, panels = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True, layout="constrained")
    for axes, along in zip(panels, MIDDLE, strict=True):
        found = curve(table, along)
        if along == "model":
            found = found[found["model"].isin(cases.SHAPES)]
            found = found.assign(millions=[millions(shape) for shape in found["model"]])
            found = found.sort_values("millions")
        if along != "shots":
            axes.set_xscale("log")
        draw(axes, found, "millions" if along == "model" else along)
    panels[0].set_ylim(0, 1.15 * max(axes.dataLim.y1 for axes in panels))
    panels[0].set_ylabel("times as fast as HFLM")
    panels[0].legend(frameon=False, loc="upper left")
    figure.savefig(asked.out, metadata={"Date": None} if asked.out.suffix == ".svg" else None)


if __name__ == "__main__":
    main()
