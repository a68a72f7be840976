"""Published scores: scores.csv with a source for every row, models.csv with the covariates."""

from __future__ import annotations

from pathlib import Path

from correlate.errors import InputError
from correlate.panel import Panel
from correlate.sources.finish import finish
from correlate.sources.mapped import apply
from correlate.sources.mapping import known_mappings
from correlate.sources.numbers import numbers
from correlate.sources.tables import header, read_table


def is_published(scores: Path) -> bool:
    """Whether the table at ``scores`` has the columns of the published collection."""
    return set(known_mappings()["published"].recognise) <= set(header(scores))


def load(path: Path) -> Panel:
    """The panel in folder ``path``, which holds scores.csv and models.csv.

    Raises
    ------
    InputError
        If a table is missing or malformed, or a score's model is not in models.csv.
    """
    mapping = known_mappings()["published"]
    table = path / "scores.csv"
    scores, findings = apply(read_table(table), mapping, table)
    listed = path / "models.csv"
    if not listed.is_file():
        raise InputError(f"{listed}: missing; it holds the covariates of the models in scores.csv")
    models = read_table(listed)
    twice = models[models["model"].duplicated()]
    if len(twice):
        raise InputError(
            f"{listed}: line {twice.index[0]}: '{twice['model'].iloc[0]}' stands twice; keep one"
        )
    known = models.set_index("model")
    orphan = scores[~scores["model"].isin(known.index)]
    if len(orphan):
        raise InputError(
            f"{table}: line {orphan.index[0]}: '{orphan['model'].iloc[0]}' is not in models.csv; "
            "add its row there"
        )
    active = numbers(models["active_params_b"], f"{listed}: column 'active_params_b'", models.index)
    known["active_params"] = active.values * 1e9
    for column in ("active_params", "architecture", "release"):
        scores[column] = known[column].reindex(scores["model"]).to_numpy()
    return finish(scores, "published scores of open models", findings, study=path.name)
