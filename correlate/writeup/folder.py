"""Writes a report's files: everything is made first, then written, the page last."""

from __future__ import annotations

import os
from pathlib import Path

from correlate.writeup import page, tables
from correlate.writeup.page import WriteUp
from correlate.writeup.prints import paper
from correlate.writeup.prints.coverage import calibration
from correlate.writeup.prints.forests import correlations, forest
from correlate.writeup.prints.gains import gains
from correlate.writeup.prints.holdout import holdout
from correlate.writeup.prints.scores import curve, scatter
from correlate.writeup.regressions import regressions

CAPTIONS = {
    "tests": "Tests of whether {easy} predicts harder benchmarks: one row a pair and sense.",
    "estimates": "Every estimate behind the tests.",
    "scores": "Scores used, one row a model, benchmark and protocol.",
    "cards": "The claims and their verdicts.",
    "answers": "The answers in words.",
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
            name = f"regressions-{paper.slug(e.pair.easy)}-{paper.slug(e.pair.hard)}"
            made = tables.exports(found.table(), found.caption, f"tab:{name}", found.note)
            for ending, text in made.items():
                files[f"tables/{name}.{ending}"] = text.encode()
    with paper.paper():
        for drawing in drawings(writeup):
            for ending, data in paper.saved(drawing).items():
                files[f"figures/{drawing.name}.{ending}"] = data
    files["report.html"] = page.render(writeup).encode()
    return files


def drawings(writeup: WriteUp) -> list[paper.Drawing]:
    """The print figures of a report; those there is nothing for are left out."""
    families, evidence = writeup.families, writeup.evidence
    every = [
        forest(evidence),
        correlations(evidence),
        calibration(evidence),
        *(scatter(e, families) for e in evidence),
        *(holdout(e, families) for e in evidence),
        *(gains(e, families) for e in evidence),
        *(curve(rows, column, families, across)
          for rows, column, across in page.along(evidence)),
    ]  # fmt: skip
    return [drawing for drawing in every if drawing is not None and len(drawing.data)]


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
