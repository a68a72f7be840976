"""Writes a report's files: everything is made first, then written, the page last."""

from __future__ import annotations

import os
from pathlib import Path

from correlate.writeup import page, prints, tables
from correlate.writeup.page import WriteUp
from correlate.writeup.regressions import regressions

CAPTIONS = {
    "tests": "Tests of whether {easy} predicts harder benchmarks: one row a pair and sense.",
    "estimates": "Every estimate behind the tests.",
    "scores": "Scores used, one row a model, benchmark and protocol.",
    "cards": "The claims and their verdicts.",
    "findings": "What the quality gate found and did.",
    "choices": "Which protocol was chosen, and why.",
    "truth": "Findings against the effects built into the ladder.",
    "baselines": "Pass rates of trivial provers.",
}


def contents(writeup: WriteUp) -> dict[str, bytes]:
    """Every file of the report by its path inside the output folder."""
    easy = writeup.evidence[0].pair.easy
    files: dict[str, bytes] = {}
    for name, frame in page.frames(writeup).items():
        caption = CAPTIONS.get(name, f"Evidence behind the {name}.").format(easy=easy)
        for ending, text in tables.exports(frame, caption, f"tab:{name}").items():
            files[f"tables/{name}.{ending}"] = text.encode()
    for e in writeup.evidence:
        found = regressions(e)
        if found is not None:
            name = f"regressions-{prints.slug(e.pair.easy)}-{prints.slug(e.pair.hard)}"
            for ending, text in tables.exports(found.table(), found.caption, f"tab:{name}").items():
                files[f"tables/{name}.{ending}"] = text.encode()
    with prints.paper():
        for drawing in drawings(writeup):
            for ending, data in prints.saved(drawing).items():
                files[f"figures/{drawing.name}.{ending}"] = data
    files["report.html"] = page.render(writeup).encode()
    return files


def drawings(writeup: WriteUp) -> list[prints.Drawing]:
    """The print figures of a report."""
    families = writeup.families
    out = [prints.scatter(e, families) for e in writeup.evidence]
    out += [
        prints.curve(e.rows[e.rows["benchmark"] == column.benchmark], column, families)
        for e, column in page.columns(writeup.evidence)
    ]
    return [*out, prints.forest(writeup.evidence)]


def write(files: dict[str, bytes], folder: Path) -> list[Path]:
    """Write ``files`` under ``folder``; each appears whole or not at all. Returns their paths."""
    paths = []
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_bytes(data)
        os.replace(part, path)
        paths.append(path)
    return paths
