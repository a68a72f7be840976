"""`claims`: the nine cards, one verdict each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from correlate.cards.card import Card


def command(
    panel: Annotated[Path, typer.Argument(help="study folder, table or results folder")],
    pairs: Annotated[
        list[str] | None, typer.Option(help="easy:hard or easy:hard:placebo; give it repeatedly")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="YAML that says what a table's columns mean")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of words")] = False,
    seed: Annotated[int, typer.Option(help="seed of every resampling")] = 0,
    replicates: Annotated[int, typer.Option(min=99, help="family bootstraps a test")] = 2000,
) -> None:
    """Judge the nine claims on a panel; thresholds stand in correlate/claims.yaml.

    Example: python -m correlate claims results/published --json
    """
    from correlate.sources import load
    from correlate.verbs.report import compose
    from correlate.writeup.answer import card_lines

    writeup = compose(load(panel, mapping), panel, pairs or [], seed, replicates)
    if as_json:
        cards = [form(c) for c in writeup.cards]
        document = {"thresholds": writeup.thresholds, "seed": seed, "cards": cards}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for line in card_lines(writeup.cards):
        typer.echo(line)
    typer.echo(f"thresholds: correlate/claims.yaml, SHA-256 {writeup.thresholds}")


def form(card: Card) -> dict[str, Any]:
    """A card as JSON values; the evidence as a list of rows, unknown numbers as null."""
    parts = [
        {"name": p.name, "verdict": p.verdict.value, "reason": p.reason,
         "agree": p.agree, "told": p.told, "of": p.of}
        for p in card.parts
    ]  # fmt: skip
    return {
        "card": card.name, "claim": card.claim, "verdict": card.verdict.value,
        "reason": card.reason, "n_models": card.models, "n_families": card.families,
        "power": card.power, "change": card.change, "parts": parts,
        "evidence": json.loads(card.evidence.to_json(orient="records")),
    }  # fmt: skip
