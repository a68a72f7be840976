"""Recipes as data: what each family of the ladder is trained on, in which shape, for how long."""

from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from eval.bundled.stream import KINDS
from eval.errors import InputError

HERE = Path(__file__).parent
RECIPES = HERE / "recipes.yaml"


class Shape(BaseModel):
    """Width, depth, heads and the width of the feed-forward layer."""

    model_config = ConfigDict(extra="forbid")
    width: int
    layers: int
    heads: int = 1
    inner: int


class Training(BaseModel):
    """How every rung is trained; a family may change single fields under ``training``."""

    model_config = ConfigDict(extra="forbid")
    row: int
    rows: int
    matrix_rate: float
    other_rate: float
    warmup: int
    decay_from: float
    prompt_weight: float
    documents: int


class Family(BaseModel):
    """One training recipe.

    ``mixture`` names the shares of tokens by kind; ``corrupt`` is the share of documents of
    ``corrupt_kinds`` whose answer is wrong; ``exposed`` gives the share of tokens drawn from the
    test items of the benchmarks it names; ``tokens`` maps a size to millions of training tokens;
    ``checkpoints`` are fractions of the run to keep.
    """

    model_config = ConfigDict(extra="forbid")
    name: str
    about: str
    architecture: str
    shapes: str
    mixture: str
    corrupt: float = 0.0
    exposed: dict[str, float] = {}
    tokens: dict[str, float]
    seed: int
    checkpoints: dict[str, list[float]] = {}
    training: dict[str, float] = {}


class Book(BaseModel):
    """The whole recipe file."""

    model_config = ConfigDict(extra="forbid")
    release: str
    pool_seed: int
    training: Training
    shapes: dict[str, dict[str, Shape]]
    mixtures: dict[str, dict[str, float]]
    families: list[Family]

    @field_validator("mixtures")
    @classmethod
    def _known_kinds(cls, mixtures: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        for name, shares in mixtures.items():
            if unknown := set(shares) - set(KINDS):
                raise ValueError(f"mixture {name} has unknown kinds {sorted(unknown)}")
            if abs(sum(shares.values()) - 1) > 1e-6:
                raise ValueError(f"shares of mixture {name} add up to {sum(shares.values()):.3f}")
        return mixtures


@dataclass(frozen=True)
class Run:
    """One training run: a family at one size, everything resolved.

    ``tokens`` is the number of token positions to train on, padding left out of nothing: rows are
    counted whole. ``keep`` lists the steps whose weights are kept; the last is the end of the run.
    """

    name: str
    family: Family
    shape: Shape
    shares: dict[str, float]
    training: Training
    steps: int
    keep: tuple[int, ...]
    pool_seed: int
    release: str

    @property
    def tokens_per_step(self) -> int:
        """Token positions in one batch."""
        return self.training.row * self.training.rows


def load(path: Path = RECIPES) -> Book:
    """Read a recipe file. Raises `InputError` naming the first thing that is wrong."""
    try:
        return Book.model_validate(yaml.safe_load(path.read_text()))
    except (OSError, yaml.YAMLError) as error:
        raise InputError(f"{path}: {str(error).splitlines()[0]}; give a readable file") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: {place}: {first['msg']}; see eval/bundled/README.md") from None


def runs(book: Book) -> list[Run]:
    """All runs of a recipe file, in its order: families one after the other, small sizes first."""
    return [_run(book, family, size) for family in book.families for size in family.tokens]


def _run(book: Book, family: Family, size: str) -> Run:
    training = Training.model_validate({**book.training.model_dump(), **family.training})
    per_step = training.row * training.rows
    steps = max(1, round(family.tokens[size] * 1e6 / per_step))
    marks = family.checkpoints.get(size, [])
    return Run(
        name=f"{family.name}-{size}",
        family=family,
        shape=book.shapes[family.shapes][size],
        shares=book.mixtures[family.mixture],
        training=training,
        steps=steps,
        keep=tuple(sorted({max(1, round(mark * steps)) for mark in marks} | {steps})),
        pool_seed=book.pool_seed,
        release=book.release,
    )
