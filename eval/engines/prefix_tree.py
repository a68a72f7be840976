"""Token sequences as a prefix tree, cut into trunks that many share and rows evaluated on top.

Nothing here knows a model: sequences of token ids in, index arithmetic out. The tree is kept as the
sorted sequences and the length of the prefix each shares with the one before it (a suffix-array
style pair), so that a subtree is a range of sequences and needs no node objects.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Row:
    """The subtree of sequences [first, last) below depth `start`, evaluated as one packed row."""

    first: int
    last: int
    start: int
    tokens: int

    @property
    def chain(self) -> bool:
        """Whether the row is a single sequence, for which plain causal attention is enough."""
        return self.last - self.first == 1


@dataclass
class Branch:
    """A trunk, tokens [start, end) common to sequences [first, last), and what hangs from it."""

    first: int
    last: int
    start: int
    end: int
    rows: list[Row] = field(default_factory=list)
    children: list["Branch"] = field(default_factory=list)


@dataclass(frozen=True)
class PrefixTree:
    """Distinct sequences in lexicographic order.

    sequences: int64 arrays; shared[k]: length of the prefix that k has in common with k-1
    (shared[0] = 0); rank[i]: where the i-th sequence given ended up.
    """

    sequences: list[np.ndarray]
    shared: np.ndarray
    rank: list[int]
    new: np.ndarray = field(init=False)  # new[k]: nodes that sequences before k bring to the tree

    def __post_init__(self) -> None:
        lengths = np.array([len(tokens) for tokens in self.sequences], dtype=np.int64)
        object.__setattr__(self, "new", np.concatenate([[0], np.cumsum(lengths - self.shared)]))

    def tokens(self, first: int, last: int, start: int) -> int:
        """Tree nodes of sequences [first, last) deeper than `start`, which all of them share."""
        return int(self.new[last] - self.new[first] + self.shared[first]) - start


def build(sequences: Sequence[Sequence[int]]) -> PrefixTree:
    """Sort and deduplicate `sequences` (each not empty, ids >= 0) into a tree."""
    keys = [np.asarray(tokens, dtype=">i4").tobytes() for tokens in sequences]
    distinct = sorted(set(keys))
    position = {key: k for k, key in enumerate(distinct)}
    arrays = [np.frombuffer(key, dtype=">i4").astype(np.int64) for key in distinct]
    shared = np.zeros(len(arrays), dtype=np.int64)
    for k in range(1, len(arrays)):
        shared[k] = common_prefix(arrays[k - 1], arrays[k])
    return PrefixTree(arrays, shared, [position[key] for key in keys])


def common_prefix(left: np.ndarray, right: np.ndarray) -> int:
    """Length of the longest common prefix of two integer arrays."""
    length = min(len(left), len(right))
    differ = left[:length] != right[:length]
    return int(differ.argmax()) if differ.any() else length


def plan(tree: PrefixTree, pack: int, least: int) -> Branch:
    """Cut the tree into trunks and rows.

    A subtree of at most `pack` tokens, or of one sequence, becomes a row. A larger one is split
    where it forks; what its parts share becomes a trunk, evaluated once, where that is `least`
    tokens or more, and is repeated in the parts otherwise. A trunk never holds the last token
    of a sequence: each row keeps one or more of its own.
    """
    root = Branch(0, len(tree.sequences), 0, 0)
    todo: list[tuple[Branch, int, int]] = [(root, 0, len(tree.sequences))]
    while todo:
        branch, first, last = todo.pop()
        size = tree.tokens(first, last, branch.end)
        if last - first == 1 or size <= pack:
            branch.rows.append(Row(first, last, branch.end, size))
            continue
        fork = int(tree.shared[first + 1 : last].min())
        depth = min(fork, len(tree.sequences[first]) - 1)
        if depth - branch.end >= least:
            child = Branch(first, last, branch.end, depth)
            branch.children.append(child)
            branch = child
        cuts = first + 1 + np.flatnonzero(tree.shared[first + 1 : last] == fork)
        edges = [first, *cuts.tolist(), last]
        todo.extend((branch, a, b) for a, b in pairwise(edges))
    return root


def walk(branch: Branch, above: tuple[Branch, ...] = ()) -> Iterator[tuple[Branch, ...]]:
    """Every branch with the branches above it, parents first; the last of each tuple is its own."""
    stack = [(branch, above)]
    while stack:
        here, path = stack.pop()
        yield (*path, here)
        stack.extend((child, (*path, here)) for child in reversed(here.children))


@dataclass(frozen=True)
class Packed:
    """A row laid out for a model: tokens and depth of each node [n]; for each of its sequences the
    nodes on its path from `start` on; `sees` [n, n], which nodes are ancestors of which (itself
    among them), None for a chain."""

    tokens: np.ndarray
    depth: np.ndarray
    paths: list[np.ndarray]
    sees: np.ndarray | None


def lay_out(tree: PrefixTree, row: Row) -> Packed:
    """The nodes of `row` in depth-first order, children after their parents."""
    if row.chain:
        tokens = tree.sequences[row.first][row.start :]
        nodes = np.arange(len(tokens))
        return Packed(tokens, nodes + row.start, [nodes], None)
    tokens = np.empty(row.tokens, dtype=np.int64)
    depth = np.empty(row.tokens, dtype=np.int64)
    sees = np.zeros((row.tokens, row.tokens), dtype=bool)
    paths: list[np.ndarray] = []
    used = 0
    for k in range(row.first, row.last):
        kept = 0 if k == row.first else int(tree.shared[k]) - row.start
        own = tree.sequences[k][row.start + kept :]
        new = np.arange(used, used + len(own))
        above = paths[-1][:kept] if paths else new[:0]
        tokens[new] = own
        depth[new] = row.start + kept + np.arange(len(own))
        sees[np.ix_(new, above)] = True
        sees[np.ix_(new, new)] = np.tri(len(own), dtype=bool)
        paths.append(np.concatenate([above, new]))
        used += len(own)
    return Packed(tokens, depth, paths, sees)
