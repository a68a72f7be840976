"""What ships under results/, written anew from itself: make published, the same bytes each time.

The compiled tables are their own originals: they are read, checked row by row and written in one
form (CSV with CRLF as RFC 4180 has it, JSON with a field a line); README.md is counted from them.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections import Counter
from pathlib import Path

from correlate.errors import InputError
from correlate.panel import Panel
from correlate.sources import load

SOURCED = r"[\w.-]+/[\w.-]+@[0-9a-f]{7,40}:.+|page: \S+/commit/[0-9a-f]{40} .+"


def contents(results: Path) -> dict[Path, str]:
    """Every shipped file under ``results`` and what it must hold.

    Raises
    ------
    InputError
        If a table is malformed or a score has no source of the form repository@commit:path.
    """
    folder = results / "published"
    panel = load(folder)
    unsourced = panel.scores[~panel.scores["source"].str.fullmatch(SOURCED)]
    if len(unsourced):
        row = unsourced.iloc[0]
        raise InputError(
            f"{folder / 'scores.csv'}: {row['model']} | {row['benchmark']}: source "
            f"'{row['source']}' is not repository@commit:path; say where the figure stands"
        )
    tables = {folder / name: table(folder / name) for name in ("scores.csv", "models.csv")}
    return {
        **tables,
        folder / "README.md": readme(panel),
        results / "schema.json": schema(results / "schema.json"),
    }


def table(path: Path) -> str:
    """The CSV at ``path`` in its one form."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def schema(path: Path) -> str:
    """The Frictionless table schema at ``path`` in its one form: a field a line."""
    given = json.loads(path.read_text(encoding="utf-8"))
    fields = ",\n".join("    " + json.dumps(field) for field in given.pop("fields"))
    head = "".join(f"  {json.dumps(k)}: {json.dumps(v)},\n" for k, v in given.items())
    return "{\n" + head + '  "fields": [\n' + fields + "\n  ]\n}\n"


def readme(panel: Panel) -> str:
    """What the collection holds, counted."""
    scores = panel.scores
    documents = scores["source"].str.extract(r"^([^@]+)@")[0]
    lines = [
        f"| {name} | {len(rows)} | {rows['model'].nunique()} | {rows['family'].nunique()} |"
        for name, rows in scores.groupby("benchmark")
    ]
    stages = Counter(scores.drop_duplicates("model")["stage"])
    return README.format(
        scores=len(scores),
        models=scores["model"].nunique(),
        families=scores["family"].nunique(),
        benchmarks=scores["benchmark"].nunique(),
        repositories=documents.nunique(),
        own=int((scores["reported_by"] == "self").sum()),
        others=int((scores["reported_by"] != "self").sum()),
        stages=", ".join(f"{count} {stage}" for stage, count in sorted(stages.items())),
        table="\n".join(lines),
    )


README = """\
# Published scores of open models

{scores} scores of {models} models ({stages}) in {families} families on {benchmarks} benchmarks,
taken from {repositories} public repositories: READMEs, model cards, reports. {own} are a maker's
own report, {others} somebody else's. Every row of `scores.csv` says where its figure stands
(`source`: repository@commit:path#line); `models.csv` holds parameters, tokens, architecture,
release and hub id with their sources. Figures are facts; they were compiled for this project.

| benchmark | scores | models | families |
|---|---|---|---|
{table}

## What to know before using them
- Protocols differ between sources: shots, prompt, who ran it. Comparisons within one source are
  better; `python -m correlate pair results/published --easy GSM8K --hard MATH` takes both scores of
  a model from one document where there is one, and says where there is not.
- `miniF2F-test` mixes provers and search budgets (`metric`); a pair uses one budget.
- Makers' tables copy each other: the same figure in two documents is one report.
- Rows whose metric says `(table image)` were read off an image by eye.
- Some instruct scores on leaderboards are artefacts of a missing chat template.

`python -m correlate check results/published` lists what the quality gate finds.
`make published` checks these files and writes them anew, this one included, to the same bytes.
"""


def write(results: Path) -> list[Path]:
    """Write every shipped file whose bytes differ; return those that changed."""
    changed = []
    for path, text in contents(results).items():
        data = text.encode("utf-8")
        if path.is_file() and path.read_bytes() == data:
            continue
        fresh = path.with_name(path.name + ".tmp")
        fresh.write_bytes(data)
        os.replace(fresh, path)
        changed.append(path)
    return changed


def main() -> None:
    """python -m correlate.sources.shipped [results]"""
    results = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
    try:
        changed = write(results)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    for path in changed:
        print(f"wrote {path}")
    print(f"{results}: what ships is as its tables say" + (" now" if changed else ""))


if __name__ == "__main__":
    main()
