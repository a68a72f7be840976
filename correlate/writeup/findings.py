"""results/README.md and the answer in the README: words around numbers read off shipped tables.

No number stands in the template (a test sees to it); each is looked up in a CSV of the published
report, so the text cannot say what the tables no longer do. `make published` writes it.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from correlate.errors import InputError
from correlate.writeup import shelf
from correlate.writeup.prints.paper import slug
from correlate.writeup.style import capital, number, wording

TEMPLATE = "results.md.j2"
START, END = "<!-- answer: written by make published -->", "<!-- end of answer -->"


def texts(results: Path, readme: Path) -> dict[Path, str]:
    """Every text that is written from the published report's tables, by its file.

    Raises
    ------
    InputError
        If a table is missing, or ``readme`` has no place for the answer.
    """
    study = results / "published"
    whole = readme.read_text(encoding="utf-8")
    if START not in whole or END not in whole:
        raise InputError(f"{readme}: no '{START}' ... '{END}'; put them where the answer belongs")
    head, rest = whole.split(START, 1)
    tail = rest.split(END, 1)[1]
    return {
        results / "README.md": rendered(study),
        readme: f"{head}{START}\n{answer(study)}\n{END}{tail}",
    }


def answer(study: Path) -> str:
    """The answer in one paragraph: a sentence a claim about 'predicts'."""
    rows = shelf.table(study, "answers")
    said = (f"**{capital(a)}: {w.lower()}.** {s}" for a, w, s in
            rows[["about", "word", "sentence"]].itertuples(index=False))  # fmt: skip
    return "\n\n".join(said)


def rendered(study: Path) -> str:
    """results/README.md."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters.update(number=number, capital=capital)
    tests = shelf.table(study, "tests")
    text = environment.get_template(TEMPLATE).render(
        answer=answer(study),
        cards=shelf.table(study, "cards").to_dict("records"),
        hards=[_hard(tests, h) for h in tests["hard"].drop_duplicates()],
        easy=tests["easy"].iloc[0],
        senses=wording()["senses"],
        holdouts=holdouts(study, tests),
        thresholds=shelf.table(study, "answers")["thresholds"].iloc[0],
    )
    return re.sub(r"\n{3,}", "\n\n", text)


def _hard(tests: pd.DataFrame, hard: str) -> dict[str, Any]:
    own = tests[tests["hard"] == hard].set_index("sense")
    return {
        "name": hard,
        "models": int(own["models"].to_dict()["rank"]),
        "families": int(own["families"].to_dict()["rank"]),
        "senses": {s: _estimate(row) for s, row in own.iterrows()},
    }


def _estimate(row: pd.Series) -> dict[str, str]:
    """A verdict, and its number with the interval where one may be printed."""
    shown = ""
    if pd.notna(row["value"]):
        shown = number(row["value"])
        if pd.notna(row["low"]) and pd.notna(row["high"]):
            shown += f" [{number(row['low'])}, {number(row['high'])}]"
    return {"verdict": str(row["verdict"]), "shown": shown}


def holdouts(study: Path, tests: pd.DataFrame) -> list[dict[str, Any]]:
    """What the hold-out figures show: mean errors above the cutoff, by predictor, in points."""
    out = []
    for easy, hard in tests[["easy", "hard"]].drop_duplicates().itertuples(index=False):
        name = f"holdout-{slug(easy)}-{slug(hard)}"
        if not (study / "figures" / f"{name}.csv").is_file():
            continue
        data = shelf.numbers(study, name)
        tested = data[data["kind"] == "tested"]
        missed = tested.groupby("predictor")["error"].first()
        count = data[data["predictor"] == "easy"]["kind"].value_counts()
        out.append({"hard": hard, "fitted": int(count["fitted"]), "tested": int(count["tested"]),
                    "easy": 100 * missed["easy"], "compute": 100 * missed["compute"]})  # fmt: skip
    return out


def write(results: Path, readme: Path) -> list[Path]:
    """Write the texts whose bytes differ; return those that changed."""
    changed = []
    for path, text in texts(results, readme).items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        fresh = path.with_name(path.name + ".tmp")
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, path)
        changed.append(path)
    return changed


def main() -> None:
    """python -m correlate.writeup.findings [results README.md]"""
    results, readme = (
        Path(a) for a in (sys.argv[1:3] if len(sys.argv) > 2 else ("results", "README.md"))
    )
    try:
        changed = write(results, readme)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    for path in changed:
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
