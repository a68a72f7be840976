"""Keys and values of the rows being generated: a dense block that rows leave and enter."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from eval.engines.attention import KeyValues


class Slots:
    """Room for `rows` rows of `length` tokens of their own, the first `used` of them in use.

    lengths, depth, newest: int64 [rows]: own tokens cached, tokens in the trunk below them, and the
    token to be fed next. Buffers are made with the first rows, from the shape of their keys.
    """

    def __init__(self, rows: int, length: int) -> None:
        self.rows, self.length, self.used = rows, length, 0
        self.lengths = np.zeros(rows, dtype=np.int64)
        self.depth = np.zeros(rows, dtype=np.int64)
        self.newest = np.zeros(rows, dtype=np.int64)
        self.layers: KeyValues = []
        self._where: tuple[Tensor, Tensor] | None = None

    @property
    def free(self) -> int:
        """Slots not in use."""
        return self.rows - self.used

    def enter(self, new: KeyValues, lengths: Sequence[int], depth: int) -> None:
        """Take in rows whose prompts' keys and values are `new` [rows, heads, longest, dim]; what
        lies beyond a row's own length is padding and gets overwritten."""
        if not self.layers:
            self.layers = [(self._buffer(key), self._buffer(value)) for key, value in new]
        begin, end = self.used, self.used + len(lengths)
        for (keys, values), (key, value) in zip(self.layers, new, strict=True):
            keys[begin:end, :, : key.shape[2]] = key
            values[begin:end, :, : value.shape[2]] = value
        self.lengths[begin:end] = lengths
        self.depth[begin:end] = depth
        self.used = end

    def _buffer(self, like: Tensor) -> Tensor:
        # Zeros, not whatever memory holds: what a mask hides still has to be a number.
        _, heads, _, dim = like.shape
        return like.new_zeros(self.rows, heads, self.length, dim)

    def leave(self, gone: Sequence[int]) -> list[int]:
        """Free the slots `gone`; the last rows move into the holes. Returns, for each slot still in
        use, the slot its row was in before."""
        left = self.used - len(gone)
        out = set(gone)
        holes = [slot for slot in sorted(out) if slot < left]
        movers = [slot for slot in range(left, self.used) if slot not in out]
        before = list(range(left))
        if holes:
            longest = int(self.lengths[movers].max())
            to, source = torch.tensor(holes), torch.tensor(movers)
            for buffers in self.layers:
                for buffer in buffers:
                    buffer[to, :, :longest] = buffer[source, :, :longest]
            for values in (self.lengths, self.depth, self.newest):
                values[holes] = values[movers]
            for hole, mover in zip(holes, movers, strict=True):
                before[hole] = mover
        self.used = left
        return before

    def begin_step(self, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens and positions [used, 1] to feed and the additive mask [used, 1, 1, longest + 1]
        over own keys, the one about to be written among them."""
        lengths = self.lengths[: self.used]
        longest = int(lengths.max()) + 1
        where = torch.from_numpy(lengths.copy()).to(device)
        self._where = (torch.arange(self.used, device=device), where)
        unseen = torch.arange(longest, device=device) > where[:, None]
        mask = torch.zeros(unseen.shape, dtype=dtype, device=device)
        mask.masked_fill_(unseen, torch.finfo(dtype).min)
        tokens = torch.from_numpy(self.newest[: self.used].copy()).to(device)
        positions = torch.from_numpy(lengths + self.depth[: self.used]).to(device)
        return tokens[:, None], positions[:, None], mask[:, None, None]

    def store(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Write one new key and value [used, heads, 1, dim] a row; return all that rows own."""
        assert self._where is not None, "begin_step comes first"
        row, where = self._where
        keys, values = self.layers[layer]
        keys[row, :, where] = key[:, :, 0]
        values[row, :, where] = value[:, :, 0]
        longest = int(self.lengths[: self.used].max()) + 1
        return keys[: self.used, :, :longest], values[: self.used, :, :longest]

    def end_step(self, newest: Sequence[int]) -> None:
        """Every row has grown by the token it was fed; `newest` is fed next."""
        self.lengths[: self.used] += 1
        self.newest[: self.used] = newest
