"""The lm-eval model `shared-prefix`: HFLM's answers, with what prompts share computed once."""

import logging
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.api.registry import register_model
from lm_eval.models.huggingface import HFLM
from lm_eval.models.utils import (
    handle_stop_sequences,
    has_bos_prefix,
    postprocess_generated_text,
)
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window
from tqdm import tqdm

from eval.engines.body import Body, Room
from eval.engines.generation import Answer, Generator, Prompt
from eval.engines.greedy import Greedy
from eval.engines.likelihood import Request, Scorer
from eval.engines.memory import room
from eval.engines.sharing import obstacle, window
from eval.engines.stops import Stops
from eval.engines.tally import Tally
from eval.engines.token_cache import TokenCache, fingerprint

log = logging.getLogger(__name__)

TOKENS = TokenCache()


@register_model("shared-prefix")
class SharedPrefixLM(HFLM):
    """HFLM that computes shared prefixes once, logits where they are wanted, and lets rows leave.

    Takes HFLM's arguments and
    memory: bytes for keys, values and work beside the weights ("auto": a quarter of what is free).
    tokens: the `TokenCache` that models of one tokenizer share; one a process unless given.

    `batch_size` matters only where the model falls back to HFLM; `unshared` then says why.
    `tied` has, for each request of the last `generate_until`, whether a greedy choice in it was too
    close to call: there HFLM may have gone the other way. `tally` counts what was done since
    `count_afresh`.
    """

    def __init__(
        self,
        pretrained: Any,
        dtype: str | torch.dtype | None = None,
        device: str | None = None,
        memory: int | str = "auto",
        tokens: TokenCache | None = None,
        **settings: Any,
    ) -> None:
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        if dtype is None:
            dtype = "float32" if device == "cpu" else "auto"
        super().__init__(pretrained, dtype=dtype, device=device, **settings)
        self.tally = Tally()
        self.tied: list[bool] = []
        self.token_cache = tokens if tokens is not None else TOKENS
        special = f"{self.add_bos_token} {self.prefix_token_id}"
        self.token_owner = fingerprint(self.tokenizer, special)
        self.unshared = obstacle(self.model) if self.backend == "causal" else "not a causal model"
        if self.unshared:
            log.warning(
                "not sharing prefixes: %s; running as lm-eval's own hf model", self.unshared
            )
        else:
            self.greedy = Greedy(self.model.generation_config, self.max_gen_toks)
            self.body = Body(self.model, self.tally, window(self.model))
            self.room: Room = room(self.body, memory)

    # What was done

    def count_afresh(self) -> None:
        """Start counting anew, as for another cell."""
        self.tally = Tally()
        if not self.unshared:
            self.body.tally = self.tally

    def counts(self) -> dict[str, Any]:
        """What was done since `count_afresh`, for a cell's record."""
        return self.tally.record()

    # Encoding

    def tok_encode(
        self,
        string: str,
        add_special_tokens: bool | None = None,
        left_truncate_len: int | None = None,
        **kwargs: Any,
    ) -> list[int]:
        """HFLM's encoding, remembered in the token cache."""
        if add_special_tokens is not None or kwargs:
            return super().tok_encode(string, add_special_tokens, left_truncate_len, **kwargs)
        ids = self.token_cache.get(self.token_owner, string, super().tok_encode)
        return ids[-left_truncate_len:] if left_truncate_len else ids

    def _encode_ahead(self, texts: Sequence[str]) -> None:
        """Encode many texts in one call of the tokenizer, as `tok_encode` would one by one."""
        bos = self.tokenizer.decode(self.prefix_token_id)
        plain = [text for text in texts if not has_bos_prefix(text, bos)]
        added = {} if self.add_bos_token is None else {"add_special_tokens": self.add_bos_token}
        self.token_cache.fill(
            self.token_owner, plain, lambda missing: self.tokenizer(missing, **added)["input_ids"]
        )

    # Log-likelihood

    def loglikelihood(
        self, requests: list[Instance], disable_tqdm: bool = False
    ) -> list[tuple[float, bool]]:
        """As HFLM, with all contexts encoded in one call."""
        if self.backend == "causal":
            texts = []
            for context, continuation in (request.args for request in requests):
                if context:
                    texts += [context.rstrip(), context + continuation]
            self._encode_ahead(texts)
        return super().loglikelihood(requests, disable_tqdm=disable_tqdm)

    def _loglikelihood_tokens(
        self,
        requests: list[tuple[Any, list[int], list[int]]],
        disable_tqdm: bool = False,
        override_bs: int | None = None,
    ) -> list[tuple[float, bool]]:
        if self.unshared:
            plain = super()._loglikelihood_tokens(requests, disable_tqdm, override_bs)
            self.tally.fallbacks[self.unshared] += len(requests)
            return plain
        most = self.max_length  # asking costs a search of the configuration
        long = [len(context) + len(end) - 1 for _, context, end in requests]
        reasons = [self._outside(min(length, most)) for length in long]
        if reason := next((reason for reason in reasons if reason), None):
            return self._split(requests, reasons, reason, disable_tqdm)
        asked = []
        for _, context, continuation in requests:
            assert context, "a request without context has no first token to predict from"
            assert 0 < len(continuation) <= most, "continuation empty or too long"
            # HFLM's window: the last max_length + 1 tokens, the last of which is only predicted.
            fed = (context + continuation)[-(most + 1) :][:-1]
            asked.append(Request(fed, continuation))
        with self._progress(len(requests), "loglikelihood", disable_tqdm) as bar:
            scorer = Scorer(self.body, self.room, self.softmax_dtype)
            answers = scorer.score(asked, bar.update)
        for (key, _, _), answer in zip(requests, answers, strict=True):
            if key is not None:
                self.cache_hook.add_partial("loglikelihood", key, answer)
        return answers

    def _split(
        self, requests: list[Any], reasons: list[str | None], reason: str, disable_tqdm: bool
    ) -> list[tuple[float, bool]]:
        """Score the requests that have a reason as HFLM does, the others here."""
        log.warning("scoring some requests as lm-eval's own hf model: %s", reason)
        theirs = [request for request, why in zip(requests, reasons, strict=True) if why]
        ours = [request for request, why in zip(requests, reasons, strict=True) if not why]
        plain = iter(super()._loglikelihood_tokens(theirs, disable_tqdm, self._plain_batch()))
        shared = iter(self._loglikelihood_tokens(ours, disable_tqdm))
        self.tally.fallbacks.update(why for why in reasons if why)
        return [next(plain if why else shared) for why in reasons]

    def _plain_batch(self) -> int | None:
        return None if self.batch_size == "auto" else int(self.batch_size)

    def loglikelihood_rolling(
        self, requests: list[Instance], disable_tqdm: bool = False
    ) -> list[float]:
        """As HFLM, with the windows of all requests scored together."""
        if self.unshared or self.world_size > 1:
            return super().loglikelihood_rolling(requests, disable_tqdm=disable_tqdm)
        texts = [request.args[0] for request in requests]
        self._encode_ahead(texts)
        windows: list[tuple[None, list[int], list[int]]] = []
        edges = [0]
        for text in texts:
            rolling = get_rolling_token_windows(
                token_list=self.tok_encode(text),
                prefix_token=self.prefix_token_id,
                max_seq_len=self.max_length,
                context_len=1,
            )
            windows += [(None, *make_disjoint_window(window)) for window in rolling]
            edges.append(len(windows))
        scores = self._loglikelihood_tokens(windows, disable_tqdm=disable_tqdm)
        totals = [sum(score for score, _ in scores[a:b]) for a, b in pairwise(edges)]
        for text, total in zip(texts, totals, strict=True):
            self.cache_hook.add_partial("loglikelihood_rolling", (text,), total)
        return totals

    # Generation

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """As HFLM; requests that are not plain greedy decoding are handed to it."""
        self.tied = [False] * len(requests)
        if self.backend == "causal":
            self._encode_ahead([request.args[0] for request in requests])
        ours: list[int] = []
        reasons: Counter[str] = Counter()
        for index, request in enumerate(requests):
            reason = self._not_ours(request)
            if reason is None:
                ours.append(index)
            else:
                reasons[reason] += 1
        for reason in sorted(reasons):
            log.warning("generating as lm-eval's own hf model: %s", reason)
        rest = sorted(set(range(len(requests))) - set(ours))
        greedy = self._greedy([requests[k] for k in ours], disable_tqdm)
        answers = {k: text for k, (text, _) in zip(ours, greedy, strict=True)}
        for index, (_, tied) in zip(ours, greedy, strict=True):
            self.tied[index] = tied
        if rest:
            plain = super().generate_until([requests[k] for k in rest], disable_tqdm=disable_tqdm)
            answers.update(zip(rest, plain, strict=True))
        self.tally.fallbacks.update(reasons)
        return [answers[index] for index in range(len(requests))]

    def _not_ours(self, request: Instance) -> str | None:
        """Why a generation request is handed to HFLM, or None."""
        if self.unshared:
            return self.unshared
        context, given = request.args
        if reason := self.greedy.obstacle(given):
            return reason
        length = len(self._encode_prompt(context)) + self.greedy.settings(given)["max_gen_toks"]
        return self._outside(min(length, self.max_length))

    def _outside(self, length: int) -> str | None:
        """Why a sequence of `length` tokens cannot be shared, or None."""
        window = self.body.window
        if window is None or length <= window:
            return None
        return f"sequences longer than the model's attention window of {window} tokens"

    def _greedy(self, requests: list[Instance], disable_tqdm: bool) -> list[tuple[str, bool]]:
        """Text of each request, and whether it hangs on a tie."""
        if not requests:
            return []
        watches: dict[tuple[str, ...], Stops] = {}
        eos = self.tok_decode(self.eot_token_id, skip_special_tokens=False)
        prompts, untils = [], []
        for context, given in (request.args for request in requests):
            settings = self.greedy.settings(given)
            until = tuple(handle_stop_sequences(list(settings["until"]), eos=eos))
            if until not in watches:
                watches[until] = Stops(self.tokenizer, until)
            most = settings["max_gen_toks"]
            room = self.max_length - most
            assert room > 0, (
                f"max_gen_toks ({most}) must be less than the model's maximum length "
                f"({self.max_length})"
            )
            prompts.append(Prompt(self._encode_prompt(context)[-room:], most, watches[until]))
            untils.append(list(until))
        with self._progress(len(requests), "generate_until", disable_tqdm) as bar:
            generator = Generator(self.body, self.room, self.greedy.ends)
            answers = generator.generate(prompts, bar.update)
        texts = [self._text(*pair) for pair in zip(answers, untils, strict=True)]
        for request, text in zip(requests, texts, strict=True):
            self.cache_hook.add_partial("generate_until", request.args, text)
        return [(text, answer.tie is not None) for text, answer in zip(texts, answers, strict=True)]

    def _encode_prompt(self, context: str) -> list[int]:
        """What HFLM's `tok_batch_encode` makes of one prompt."""
        if self.truncation or has_bos_prefix(context, self.tokenizer.bos_token):
            ids, _ = self.tok_batch_encode([context], truncation=self.truncation)
            return ids[0].tolist()
        return self.tok_encode(context)

    def _text(self, answer: Answer, until: list[str]) -> str:
        """HFLM's way from generated tokens to an answer."""
        tokens = answer.tokens
        if isinstance(self.think_end_token, int) and self.think_end_token in tokens:
            tokens = tokens[len(tokens) - tokens[::-1].index(self.think_end_token) :]
        text = self.tok_decode(tokens)
        if isinstance(self.think_end_token, int):
            text = text.lstrip()
        marker = self.think_end_token if isinstance(self.think_end_token, str) else None
        return postprocess_generated_text(text, until, marker)

    def _progress(self, total: int, kind: str, disable: bool) -> Any:
        return tqdm(total=total, disable=disable or self.rank != 0, desc=f"Running {kind} requests")
