"""How much memory the engine may take, and how many tokens a forward gets for it."""

import os

import torch

from eval.engines.body import Body, Room
from eval.errors import InputError

FREE_SHARE = 0.25
# On a CPU a forward is fastest while the widest layer's output stays in cache (Pythia-70m, one
# core: 560 us a token for 512 tokens at a time, 720 for 4096); an accelerator wants many tokens.
CPU_CACHE = 4 << 20
CPU_TOKENS = (256, 8192)
DEVICE_TOKENS = 65536
SUFFIXES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def room(body: Body, memory: int | str) -> Room:
    """Room for `memory` bytes beside the weights; "auto" is a quarter of what is free now."""
    allowed = free_bytes(body.device) * FREE_SHARE if memory == "auto" else parse_bytes(memory)
    most = DEVICE_TOKENS
    if body.device.type == "cpu":
        low, high = CPU_TOKENS
        most = min(high, max(low, CPU_CACHE // (body.inner * body.model.dtype.itemsize)))
    tokens = int(allowed / 2 / (body.work_bytes() + body.token_bytes()))
    return Room(max(1, min(most, tokens)), max(1, int(allowed / 2)))


def parse_bytes(memory: int | str) -> int:
    """`2G`, `500M`, `800K` or a number, in bytes."""
    text = str(memory).strip().upper().removesuffix("B").removesuffix("I")
    factor = SUFFIXES.get(text[-1:], 1)
    try:
        count = float(text[:-1] if factor > 1 else text) * factor
    except ValueError:
        count = -1
    if not count > 0:
        raise InputError(f"engine: memory: {memory!r} is no amount; give one such as 2G or auto")
    return int(count)


def free_bytes(device: torch.device) -> int:
    """Memory free on `device` now."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 4 << 30
