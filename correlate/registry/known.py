"""The model registry: models.csv here, then the published collection where the checkout has it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from correlate.naming import normal_form

MODELS = Path(__file__).with_name("models.csv")
PUBLISHED = Path(__file__).resolve().parents[2] / "results" / "published" / "models.csv"


@dataclass(frozen=True)
class Model:
    """One model's covariates; None or "" where unknown. ``tokens`` are those of the last step."""

    hub_id: str
    family: str
    params: float | None
    active_params: float | None
    tokens: float | None
    tokens_per_step: float | None
    architecture: str
    release: str
    stage: str


@dataclass(frozen=True)
class Registry:
    """Models by hub id (lower case) and by normal form of their names."""

    by_hub: dict[str, Model]
    by_form: dict[str, tuple[Model, ...]]

    def find(self, name: str) -> tuple[Model, str] | None:
        """The model called ``name`` and how it was found: 'hub id', 'name' or 'normal form'.

        None where nothing fits, or where the normal form fits models that differ in size.
        """
        exact = self.by_hub.get(name.casefold())
        if exact is not None:
            return exact, "hub id" if "/" in name else "name"
        fits = self.by_form.get(normal_form(name), ())
        if not fits or len({m.params for m in fits}) > 1:
            return None
        return fits[0], "normal form"


@cache
def registry() -> Registry:
    """Every known model; where two files state one model, models.csv here goes first."""
    by_hub: dict[str, Model] = {}
    by_form: dict[str, list[Model]] = {}
    for names, model in (*_own(), *_published()):
        fresh = model.hub_id.casefold() not in by_hub
        for name in names:
            by_hub.setdefault(name.casefold(), model)
            if fresh:
                known = by_form.setdefault(normal_form(name), [])
                if not known:
                    known.append(model)
    return Registry(by_hub, {form: tuple(models) for form, models in by_form.items()})


def _own() -> list[tuple[list[str], Model]]:
    table = pd.read_csv(MODELS, dtype=str, keep_default_na=False)
    rows = []
    for row in table.to_dict("records"):
        names = [row["hub_id"], *filter(None, row["aliases"].split("|"))]
        rows.append((names, _model(row, 1.0)))
    return rows


def _published() -> list[tuple[list[str], Model]]:
    if not PUBLISHED.is_file():
        return []
    table = pd.read_csv(PUBLISHED, dtype=str, keep_default_na=False)
    shared = table["hf_id"].duplicated(keep=False)
    rows = []
    for row, twice in zip(table.to_dict("records"), shared, strict=True):
        # One hub id for two models is a slip of the collection: the name alone is used then.
        hub = row["model"] if twice or not row["hf_id"] else row["hf_id"]
        given = {
            **row,
            "hub_id": hub,
            "params": row["params_b"],
            "active_params": row["active_params_b"],
            "stage": "",
        }
        model = _model(given, 1e9, tokens=row["tokens_t"])
        rows.append(([hub, row["model"]], model))
    return rows


def _model(row: dict, unit: float, tokens: str | None = None) -> Model:
    def count(text: str, times: float) -> float | None:
        return float(text) * times if text else None

    return Model(
        hub_id=row["hub_id"],
        family=row["family"],
        params=count(row["params"], unit),
        active_params=count(row["active_params"], unit),
        tokens=count(row["tokens"], 1.0) if tokens is None else count(tokens, 1e12),
        tokens_per_step=count(row.get("tokens_per_step", ""), 1.0),
        architecture=row["architecture"],
        release=row["release"],
        stage=row["stage"],
    )
