"""``python -m eval.bundled.register``: file trained rungs in the ladder.

Copies rung folders into eval/bundled/weights, removes weights that are no longer made, and writes
eval/ladders/bundled.yaml from the cards.
"""

import json
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from eval.bundled.recipe import HERE
from eval.errors import InputError

WEIGHTS = HERE / "weights"
LADDER = HERE.parent / "ladders" / "bundled.yaml"
HEADER = "# Written by python -m eval.bundled.register from the cards beside the weights.\n"


def cards(folder: Path) -> list[dict[str, Any]]:
    """The cards of all finished rungs in a folder: families together, small and early first."""
    found = [json.loads(path.read_text()) for path in folder.glob("*/card.json")]
    if not found:
        raise InputError(f"{folder}: no trained rung; run python -m eval.bundled.train")
    return sorted(found, key=lambda card: (card["family"], card["params"], card["step"]))


def ladder(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The ladder file of some cards, as data."""
    families: dict[str, dict[str, Any]] = {}
    for card in found:
        family = families.setdefault(
            card["family"],
            {
                "name": card["family"],
                "architecture": card["architecture"],
                "stage": "base",
                "release": card["release"],
                "rungs": [],
            },
        )
        family["rungs"].append(_rung(card))
    return {
        "name": "bundled",
        "about": "Small models trained from scratch by known recipes; ships with its weights.",
        "suite": "bundled",
        "truth": "../bundled/truth.yaml",
        "baselines": "../bundled/baselines.csv",
        "families": list(families.values()),
    }


def _rung(card: dict[str, Any]) -> dict[str, Any]:
    rung = {
        "name": card["name"],
        "path": f"../bundled/weights/{card['name']}",
        "params": card["params"],
        "tokens": card["tokens"],
        "flops": card["flops"],
        "training_run": card["training_run"],
        "dtype": "float32",
        "extra": {
            "valid_loss": card["valid_loss"],
            "seed": card["seed"],
            "recipe": card["recipe"]["mixture"],
        },
    }
    if card["step"] != card["steps"]:
        rung["extra"]["checkpoint"] = f"step{card['step']}"
    return rung


def main(
    weights: Annotated[Path, typer.Option(help="Where rungs were trained.")] = Path(
        "build/bundled"
    ),
) -> None:
    """Copy trained rungs into the repository's ladder.

    Example: python -m eval.bundled.register --weights build/bundled
    """
    found = cards(weights)
    shutil.rmtree(WEIGHTS, ignore_errors=True)
    for card in found:
        shutil.copytree(weights / card["name"], WEIGHTS / card["name"])
    text = yaml.safe_dump(ladder(found), sort_keys=False, width=100)
    LADDER.parent.mkdir(exist_ok=True)
    LADDER.write_text(HEADER + text)
    size = sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()) / 1e6
    print(f"{LADDER}: {len(found)} rungs, {size:.1f} MB of weights")


if __name__ == "__main__":
    typer.run(main)
