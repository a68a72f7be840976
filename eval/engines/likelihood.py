"""Log-likelihood of continuations over a prefix tree: every shared token evaluated once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from eval.engines.attention import KeyValues, Shared, attending
from eval.engines.body import Body, Room
from eval.engines.prefix_tree import Branch, Packed, Row, build, lay_out, plan, walk

# A subtree of up to this many tokens is one row with a mask; a larger one gets a trunk.
PACK = 512
# A shorter trunk than this is no gain over repeating its tokens in the rows.
LEAST_TRUNK = 16


@dataclass(frozen=True)
class Request:
    """Tokens fed to the model, and the continuation, whose tokens the last of them predict."""

    fed: Sequence[int]
    continuation: Sequence[int]


@dataclass
class Wanted:
    """Logits to look at: node in the flattened batch, slot the answer goes to, token."""

    node: np.ndarray
    slot: np.ndarray
    token: np.ndarray


class Scorer:
    """Scores requests with one body; `softmax_dtype` as lm-eval's, float32 unless given."""

    def __init__(self, body: Body, room: Room, softmax_dtype: torch.dtype | None) -> None:
        self.body, self.room = body, room
        self.softmax_dtype = softmax_dtype or torch.float32

    def score(
        self, requests: Sequence[Request], done: Callable[[int], None]
    ) -> list[tuple[float, bool]]:
        """For each request the summed log-probability of its continuation and whether every token
        of it was the most likely one. `done(k)` is told of k more requests finished."""
        if not requests:
            return []
        tree = build([request.fed for request in requests])
        self.by_sequence: list[list[int]] = [[] for _ in tree.sequences]
        for index, rank in enumerate(tree.rank):
            self.by_sequence[rank].append(index)
        self.requests, self.tree = requests, tree
        lengths = [len(request.continuation) for request in requests]
        self.offset = np.concatenate([[0], np.cumsum(lengths)])
        self.logprob = np.zeros(self.offset[-1])
        self.greedy = np.zeros(self.offset[-1], dtype=bool)
        self.body.tally.asked += sum(len(request.fed) for request in requests)
        with attending(self.body.model), torch.inference_mode():
            self._descend(plan(tree, PACK, LEAST_TRUNK), done)
        return [
            (float(self.logprob[a:b].sum()), bool(self.greedy[a:b].all()))
            for a, b in pairwise(self.offset)
        ]

    def _descend(self, root: Branch, done: Callable[[int], None]) -> None:
        """Evaluate every branch, the trunk before what hangs from it."""
        held: list[KeyValues] = []
        for path in walk(root):
            branch = path[-1]
            del held[len(path) - 1 :]
            above = held[-1] if held else []
            held.append(self._trunk(branch, above) if branch.end > branch.start else above)
            trunk = [Shared(held[-1])] if held[-1] else []
            for chain in (True, False):
                rows = [row for row in branch.rows if row.chain == chain]
                self._rows(sorted(rows, key=lambda row: -row.tokens), trunk, done)

    def _trunk(self, branch: Branch, above: KeyValues) -> KeyValues:
        """Evaluate a trunk; return its keys and values with those above it."""
        tokens = self.tree.sequences[branch.first][branch.start : branch.end]
        hidden, kept = self.body.hidden(
            self._tensor(tokens)[None],
            self._tensor(np.arange(branch.start, branch.end))[None],
            [Shared(above)] if above else [],
            keep=True,
        )
        nodes = np.arange(len(tokens))
        wanted = [
            found
            for k in range(branch.first, branch.last)
            for found in self._wanted(k, nodes, branch.start)
        ]
        self._look(hidden, _join(wanted))
        return self.body.extend(above, kept)

    def _rows(self, rows: list[Row], trunk: list[Shared], done: Callable[[int], None]) -> None:
        """Evaluate rows, longest first, as many at a time as there is room for."""
        while rows:
            count = max(1, self.room.tokens // rows[0].tokens)
            batch = rows[:count]
            finished = self.room.attempt(self._batch, batch, trunk)
            if finished is not None:
                rows = rows[count:]
                done(finished)

    def _batch(self, rows: list[Row], trunk: list[Shared]) -> int:
        """Evaluate one batch of rows, padded on the right; return how many requests it finished."""
        packed = [lay_out(self.tree, row) for row in rows]
        longest = max(len(row.tokens) for row in packed)
        tokens = np.zeros((len(rows), longest), dtype=np.int64)
        for index, laid in enumerate(packed):
            tokens[index, : len(laid.tokens)] = laid.tokens
        positions, mask = self._places(rows, packed, longest)
        self.body.tally.padding += tokens.size - sum(len(row.tokens) for row in packed)
        hidden, _ = self.body.hidden(self._tensor(tokens), positions, trunk, mask)
        wanted, finished = [], 0
        for index, (row, laid) in enumerate(zip(rows, packed, strict=True)):
            for k, nodes in zip(range(row.first, row.last), laid.paths, strict=True):
                finished += len(self.by_sequence[k])
                wanted.extend(self._wanted(k, nodes + index * longest, row.start))
        self._look(hidden, _join(wanted))
        return finished

    def _places(
        self, rows: list[Row], packed: list[Packed], longest: int
    ) -> tuple[Tensor, Tensor | None]:
        """Position ids, and the additive mask where a row is more than a chain."""
        if rows[0].chain:
            start = rows[0].start
            return self._tensor(np.arange(start, start + longest))[None], None
        positions = np.zeros((len(rows), longest), dtype=np.int64)
        sees = np.zeros((len(rows), 1, longest, longest), dtype=bool)
        sees[:, 0, :, 0] = True  # padding sees something, or its softmax is undefined
        for index, laid in enumerate(packed):
            size = len(laid.tokens)
            positions[index, :size] = laid.depth
            sees[index, 0, :size, :size] = laid.sees if laid.sees is not None else np.tri(size)
        lowest = torch.finfo(self.body.model.dtype).min
        mask = torch.zeros(sees.shape, dtype=self.body.model.dtype, device=self.body.device)
        return self._tensor(positions), mask.masked_fill_(
            ~torch.from_numpy(sees).to(mask.device), lowest
        )

    def _wanted(self, sequence: int, nodes: np.ndarray, start: int) -> list[Wanted]:
        """What the requests of `sequence` want of the nodes at its depths start, start + 1, ..."""
        found = []
        for index in self.by_sequence[sequence]:
            request = self.requests[index]
            first = len(request.fed) - len(request.continuation)
            begin, end = max(first, start), min(len(request.fed), start + len(nodes))
            if begin < end:
                slots = self.offset[index] + np.arange(begin - first, end - first)
                tokens = np.asarray(request.continuation[begin - first : end - first])
                found.append(Wanted(nodes[begin - start : end - start], slots, tokens))
        return found

    def _look(self, hidden: Tensor, wanted: Wanted) -> None:
        """Logits at the wanted nodes alone, a slice at a time; answers into their slots."""
        nodes, of = np.unique(wanted.node, return_inverse=True)
        order = np.argsort(of, kind="stable")
        flat = hidden.reshape(-1, hidden.shape[-1])
        step = self.body.logit_rows(len(nodes))
        for begin in range(0, len(nodes), step):
            logits = self.body.logits(flat[self._tensor(nodes[begin : begin + step])])
            scores = logits.log_softmax(dim=-1, dtype=self.softmax_dtype)
            low, high = np.searchsorted(of[order], [begin, begin + step])
            part = order[low:high]
            row = self._tensor(of[part] - begin)
            token = self._tensor(wanted.token[part])
            logprob = scores[row, token]
            self.logprob[wanted.slot[part]] = logprob.double().cpu().numpy()
            self.greedy[wanted.slot[part]] = _most_likely(scores, row, token).cpu().numpy()

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.as_tensor(values, device=self.body.device)


def _most_likely(scores: Tensor, row: Tensor, token: Tensor) -> Tensor:
    """Whether argmax would take `token` in each `row` of scores [count, vocabulary].

    argmax is ten times slower on CPUs than amax, so it is asked only where the token has the
    highest score, in case an earlier one has it too.
    """
    flags = scores[row, token] == scores.amax(dim=-1)[row]
    hits = flags.nonzero()[:, 0]
    flags[hits] = scores[row[hits]].argmax(dim=-1) == token[hits]
    return flags


def _join(wanted: list[Wanted]) -> Wanted:
    """Several lots of wanted logits as one."""
    empty = [np.empty(0, dtype=np.int64)]
    return Wanted(
        *(
            np.concatenate(empty + [getattr(part, name) for part in wanted])
            for name in ("node", "slot", "token")
        )
    )
