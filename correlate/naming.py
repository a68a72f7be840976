"""Spellings of model names: a conservative normal form, the series' stem, and the size."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SIZE = re.compile(
    r"(?<![0-9a-z.])(?:\d+x)?(\d+(?:[._]\d+)?)([kmbt])(\d)?(?![0-9a-z])", re.IGNORECASE
)
_MIXTURE = re.compile(r"\d+x\d|a\d+(\.\d+)?b|moe", re.IGNORECASE)
NAMES = 1 << 17
"""Names remembered: a table of scores asks for the same ones over and over."""
TOTALS = frozenset({
    "average", "avg", "mean", "median", "total", "totals", "sum", "overall", "all", "all models",
    "grand total", "std", "stdev", "standard deviation", "min", "max", "minimum", "maximum",
})  # fmt: skip
"""What stands in the column of models where a row is none."""
_UNIT = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}


@lru_cache(maxsize=NAMES)
def normal_form(name: str) -> str:
    """``name`` without owner, case and separators: 'meta-llama/Llama-2-7b-hf' -> 'llama27b'.

    Conservative: only what never tells two models apart is removed. A decimal point stays
    ('Qwen1.5' is not 'Qwen15'), and so do words such as 'chat', 'v2' or 'deduped'; the suffix
    '-hf' names a file format and goes.
    """
    text = unicodedata.normalize("NFKC", name).casefold().strip().rsplit("/", 1)[-1]
    text = re.sub(r"[-_ ]hf$", "", text)
    text = re.sub(r"(?<=\d)_(?=\d)", ".", text)
    return re.sub(r"[^\w.]|_", "", text)


@lru_cache(maxsize=NAMES)
def stem(name: str) -> str:
    """``name`` without owner, size and step: what the sizes of one series share."""
    text = unicodedata.normalize("NFKC", name).strip().rsplit("/", 1)[-1]
    text = re.sub(r"(?i)[-_@ ]*step[-_]?\d+$", "", text)
    sizes = [found[0] for found in _SIZE.finditer(text)]
    plain = [found for found in sizes if not found.lower().endswith("k")]
    for found in plain or sizes:  # '200K' is a context length where a size stands beside it
        text = text.replace(found, " ", 1)
    text = re.sub(r"[\s_-]+", "-", text).strip("-")
    return text or name


def is_total(name: str) -> bool:
    """Whether ``name`` is what tables call a row that sums up the models above it."""
    return name.strip(" :*.").casefold() in TOTALS


@lru_cache(maxsize=NAMES)
def size(name: str) -> float | None:
    """Parameters as the name states them ('7b' -> 7e9, '1b7' -> 1.7e9); None where it does not.

    Mixtures of experts ('8x7B', 'A14B') give None: their names state no one count.
    """
    text = name.rsplit("/", 1)[-1]
    if _MIXTURE.search(text):
        return None
    found = [m for m in _SIZE.finditer(text) if m[2].lower() in "mb"]
    if len(found) != 1:
        return None
    number = found[0][1].replace("_", ".")
    if found[0][3]:
        number += "." + found[0][3]
    return float(number) * _UNIT[found[0][2].lower()]
