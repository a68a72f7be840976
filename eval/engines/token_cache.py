"""Prompts encoded once for each tokenizer, however many models of a ladder share it."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable

import numpy as np
from transformers import PreTrainedTokenizerBase

Key = tuple[str, bytes]


def fingerprint(tokenizer: PreTrainedTokenizerBase, settings: str = "") -> str:
    """Equal for tokenizers that encode alike: the whole tokenizer, its special tokens, `settings`
    that change what it adds. A tokenizer without a serialised form is equal to itself alone."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    whole = backend.to_str() if backend is not None else f"object {id(tokenizer)}"
    kind = type(tokenizer).__name__
    special = repr(sorted(tokenizer.special_tokens_map.items()))
    return hashlib.sha256("\0".join([kind, whole, special, settings]).encode()).hexdigest()


class TokenCache:
    """Token ids by text, for any number of tokenizers; above `most_tokens` the oldest go."""

    def __init__(self, most_tokens: int = 50_000_000) -> None:
        self.most_tokens = most_tokens
        self.held = 0
        self.hits = 0
        self._ids: OrderedDict[Key, np.ndarray] = OrderedDict()

    def get(self, owner: str, text: str, encode: Callable[[str], list[int]]) -> list[int]:
        """The ids of `text` under the tokenizer with fingerprint `owner`."""
        key = _key(owner, text)
        if (ids := self._ids.get(key)) is not None:
            self.hits += 1
            return ids.tolist()
        fresh = encode(text)
        self._put(key, fresh)
        return fresh

    def fill(
        self,
        owner: str,
        texts: Iterable[str],
        encode_all: Callable[[list[str]], list[list[int]]],
    ) -> None:
        """Encode those of `texts` that are not held yet, in one call of the tokenizer."""
        missing = {_key(owner, text): text for text in texts}
        missing = {key: text for key, text in missing.items() if key not in self._ids}
        if missing:
            for key, ids in zip(missing, encode_all(list(missing.values())), strict=True):
                self._put(key, ids)

    def _put(self, key: Key, ids: list[int]) -> None:
        self._ids[key] = np.asarray(ids, dtype=np.int32)
        self.held += len(ids)
        while self.held > self.most_tokens and len(self._ids) > 1:
            self.held -= len(self._ids.popitem(last=False)[1])


def _key(owner: str, text: str) -> Key:
    return owner, hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
