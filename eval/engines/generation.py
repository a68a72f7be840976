"""Greedy generation: shared prompt prefixes kept once, rows that leave and enter as they stop."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from eval.engines.attention import KeyValues, OwnCache, Shared, attending
from eval.engines.body import Body, Room
from eval.engines.prefix_tree import Branch, PrefixTree, build, plan, walk
from eval.engines.slots import Slots
from eval.engines.stops import Stops

# A shorter trunk than this costs more, in a second attention at every step, than it saves.
LEAST_TRUNK = 32
MOST_ROWS = 512
# Rows enter when this share of the slots is free, so that a prefill is worth its while.
ENTER_SHARE = 0.125


@dataclass(frozen=True)
class Prompt:
    """Tokens to go on from, and when to stop: after `most` new tokens or at a stop string."""

    tokens: Sequence[int]
    most: int
    stops: Stops


@dataclass
class Answer:
    """New tokens, the stopping one among them; `tie`: index of the first token that was a greedy
    choice between logits too close to tell apart, None if there was none."""

    tokens: list[int] = field(default_factory=list)
    tie: int | None = None


@dataclass(eq=False)
class Trunk:
    """A branch of the prompts' tree; its keys and values are there from the first row that needs
    them until the last is done. `left`: rows above it, deeper trunks' among them, not yet done."""

    branch: Branch
    below: "Trunk | None"
    left: int = 0
    layers: KeyValues | None = None

    def line(self) -> list["Trunk"]:
        """This trunk and those below it."""
        return [self] + (self.below.line() if self.below else [])


@dataclass(eq=False)
class Active:
    """A prompt on its way."""

    prompt: int
    own: np.ndarray  # prompt tokens that no trunk holds
    trunk: Trunk
    answer: Answer = field(default_factory=Answer)


class Generator:
    """Generates for many prompts with one body; `ends` are the tokens that end any row."""

    def __init__(self, body: Body, room: Room, ends: frozenset[int]) -> None:
        self.body, self.room, self.ends = body, room, ends

    def generate(self, prompts: Sequence[Prompt], done: Callable[[int], None]) -> list[Answer]:
        """The greedy continuation of each prompt; `done(k)` is told of k more finished."""
        self.prompts, self.done = prompts, done
        self.answers: dict[int, Answer] = {}
        self.body.tally.asked += sum(len(prompt.tokens) for prompt in prompts)
        with attending(self.body.model), torch.inference_mode():
            while len(self.answers) < len(prompts):
                # Memory ran out if it comes back early: finished rows are kept, others start over.
                self.room.attempt(self._round)
        ordered = [self.answers[index] for index in range(len(prompts))]
        self.body.tally.generated += sum(len(answer.tokens) for answer in ordered)
        self.body.tally.ties += sum(answer.tie is not None for answer in ordered)
        return ordered

    def _round(self) -> None:
        """Generate for every prompt not yet answered."""
        open_prompts = [k for k in range(len(self.prompts)) if k not in self.answers]
        queue = self._queue(open_prompts)
        length = max(len(row.own) + self.prompts[row.prompt].most for row in queue)
        fit = self.room.bytes // max(1, length * self.body.token_bytes())
        self.slots = Slots(max(1, min(MOST_ROWS, fit, len(queue))), length)
        self.active: list[Active] = []
        while queue or self.active:
            enough = max(1, int(ENTER_SHARE * self.slots.rows))
            while queue and (not self.active or self.slots.free >= min(enough, len(queue))):
                self._enter(queue)
            if self.active:
                self._step()

    def _queue(self, open_prompts: list[int]) -> deque[Active]:
        """Rows in the order they enter: those of one trunk together, longest first."""
        tree = build([self.prompts[k].tokens for k in open_prompts])
        owners: list[list[int]] = [[] for _ in tree.sequences]
        for k, rank in zip(open_prompts, tree.rank, strict=True):
            owners[rank].append(k)
        self.tree: PrefixTree = tree
        queue: deque[Active] = deque()
        line: list[Trunk] = []
        for path in walk(plan(tree, 0, LEAST_TRUNK)):
            del line[len(path) - 1 :]
            line.append(Trunk(path[-1], line[-1] if line else None))
            rows = sorted(path[-1].rows, key=lambda row: -row.tokens)
            for row in rows:
                for k in owners[row.first]:
                    queue.append(Active(k, tree.sequences[row.first][row.start :], line[-1]))
                    for trunk in line:
                        trunk.left += 1
        return queue

    def _layers(self, trunk: Trunk) -> KeyValues:
        """The keys and values of a trunk and all below it, [] where there are none."""
        if trunk.layers is None:
            branch = trunk.branch
            below = self._layers(trunk.below) if trunk.below else []
            trunk.layers = below
            if branch.end > branch.start:
                tokens = self.tree.sequences[branch.first][branch.start : branch.end]
                places = np.arange(branch.start, branch.end)
                shared = [Shared(below)] if below else []
                _, kept = self.body.hidden(
                    self._tensor(tokens)[None], self._tensor(places)[None], shared, keep=True
                )
                trunk.layers = self.body.extend(below, kept)
        return trunk.layers

    def _enter(self, queue: deque[Active]) -> None:
        """Prefill the next rows of one trunk, as many as there are slots and room for."""
        trunk, longest = queue[0].trunk, len(queue[0].own)
        most = min(self.slots.free, max(1, self.room.tokens // longest))
        batch: list[Active] = []
        while queue and len(batch) < most and queue[0].trunk is trunk:
            batch.append(queue.popleft())
        lengths = np.array([len(row.own) for row in batch])
        tokens = np.zeros((len(batch), longest), dtype=np.int64)
        for index, row in enumerate(batch):
            tokens[index, : len(row.own)] = row.own
        layers = self._layers(trunk)
        depth = trunk.branch.end
        hidden, kept = self.body.hidden(
            self._tensor(tokens),
            self._tensor(np.arange(depth, depth + longest))[None],
            [Shared(layers)] if layers else [],
            keep=True,
        )
        self.body.tally.padding += tokens.size - int(lengths.sum())
        self.slots.enter(kept, lengths.tolist(), depth)
        last = hidden[torch.arange(len(batch)), self._tensor(lengths - 1)]
        self.active.extend(batch)
        begin = len(self.active) - len(batch)
        newest = self._choose(last, begin)
        self.slots.newest[begin : self.slots.used] = newest
        self._regroup()
        self._settle(begin)

    def _step(self) -> None:
        """Feed every active row its newest token and choose the next."""
        tokens, positions, mask = self.slots.begin_step(self.body.device, self.body.model.dtype)
        cache = OwnCache(self.body.layers, self.shared, mask, store=self.slots.store)
        hidden = self.body.run(tokens, positions, cache)
        self.slots.end_step(self._choose(hidden[:, 0], 0))
        self._settle(0)

    def _choose(self, hidden: Tensor, begin: int) -> list[int]:
        """The most likely next token of the active rows from `begin` on; ties are noted."""
        chosen: list[int] = []
        step = self.body.logit_rows(len(hidden))
        for low in range(0, len(hidden), step):
            logits = self.body.logits(hidden[low : low + step])
            best = logits.topk(2, dim=-1)
            tied = best.values[:, 0] - best.values[:, 1] < self.body.tie_gap
            for index in tied.nonzero()[:, 0].tolist():
                answer = self.active[begin + low + index].answer
                if answer.tie is None:
                    answer.tie = len(answer.tokens)
            chosen.extend(best.indices[:, 0].tolist())
        return chosen

    def _settle(self, begin: int) -> None:
        """Note the newest tokens of the rows from `begin` on; rows that have stopped leave."""
        gone = []
        for slot in range(begin, len(self.active)):
            row = self.active[slot]
            prompt, tokens = self.prompts[row.prompt], row.answer.tokens
            newest = int(self.slots.newest[slot])
            tokens.append(newest)
            if newest in self.ends or len(tokens) >= prompt.most or prompt.stops.met(tokens):
                gone.append(slot)
        if not gone:
            return
        for slot in gone:
            row = self.active[slot]
            self.answers[row.prompt] = row.answer
            for trunk in row.trunk.line():
                trunk.left -= 1
                if not trunk.left:
                    trunk.layers = None
        self.done(len(gone))
        self.active = [self.active[slot] for slot in self.slots.leave(gone)]
        self._regroup()

    def _regroup(self) -> None:
        """Which active rows have which trunk before their own tokens."""
        groups: dict[Trunk, list[int]] = {}
        for slot, row in enumerate(self.active):
            groups.setdefault(row.trunk, []).append(slot)
        self.shared = []
        for trunk, slots in groups.items():
            layers = self._layers(trunk)
            if layers:
                rows = None if len(slots) == len(self.active) else self._tensor(np.array(slots))
                self.shared.append(Shared(layers, rows))

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.as_tensor(values, device=self.body.device)
