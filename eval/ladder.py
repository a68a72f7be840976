"""Rung and Ladder: which models.

A rung is one model at one revision: a local folder (``path``) or a hub repository (``hub`` and
``revision``). eval.ladder_file reads them from YAML.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Stage = Literal["base", "instruct", "math"]


class Rung(BaseModel):
    """One model at one revision, with what is known of its training.

    ``params`` and ``tokens`` are counts, ``flops`` floating-point operations. ``engine`` is
    another lm-eval model class for this rung, such as vllm or local-completions, and
    ``engine_args`` go to the engine as they are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    # it names a folder, so no slash and no leading dot
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")
    family: str
    path: Path | None = None
    hub: str | None = None
    revision: str | None = None
    params: float | None = Field(default=None, ge=1)
    active_params: float | None = Field(default=None, ge=1)
    tokens: float | None = Field(default=None, ge=0)
    flops: float | None = Field(default=None, ge=0)
    architecture: str = ""
    stage: Stage = "base"
    release: str = ""
    training_run: str | None = None
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    licence: str = ""
    gated: bool = False
    source: str = ""
    engine: str | None = None
    engine_args: dict[str, Any] = Field(default_factory=dict)
    extra: dict[str, Any] = Field(default_factory=dict)

    @field_validator("release", "revision", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        # YAML reads 2024-07-01 as a date and 2024 as a number
        return value if value is None or isinstance(value, str) else str(value)

    @field_validator("params", "active_params", "tokens", "flops", mode="before")
    @classmethod
    def _as_number(cls, value: Any) -> Any:
        # YAML 1.1 reads 3e11 (no dot) as text
        return float(value) if isinstance(value, str) and _is_number(value) else value

    @model_validator(mode="after")
    def _one_place(self) -> "Rung":
        if (self.path is None) == (self.hub is None):
            raise ValueError("a rung has either path (a local folder) or hub (owner/name)")
        return self

    @property
    def compute(self) -> float | None:
        """Training compute: as reported, otherwise 6 x active parameters x tokens."""
        active = self.active_params or self.params
        if self.flops is not None or active is None or self.tokens is None:
            return self.flops
        return 6 * active * self.tokens

    @property
    def place(self) -> str:
        """Where the weights are: a folder, or owner/name@revision."""
        return str(self.path) if self.path else f"{self.hub}@{self.revision or 'main'}"


class Ladder(BaseModel):
    """Rungs to score, in order, and the suite to score them on unless told otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")
    about: str = ""
    suite: str | None = None
    truth: Path | None = None
    baselines: Path | None = None
    rungs: tuple[Rung, ...]

    @property
    def families(self) -> tuple[str, ...]:
        """Family names in order of first appearance."""
        return tuple(dict.fromkeys(rung.family for rung in self.rungs))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
