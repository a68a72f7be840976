"""The engine's parts on their own: the prefix tree, stop strings, the token cache, memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval import engines
from eval.engines.memory import parse_bytes
from eval.engines.prefix_tree import build, lay_out, plan, walk
from eval.engines.stops import Stops
from eval.engines.token_cache import TokenCache, fingerprint
from eval.errors import InputError

sequences = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=12), min_size=1, max_size=20)


@given(sequences=sequences, pack=st.sampled_from([0, 5, 100]), least=st.sampled_from([1, 3]))
def test_every_sequence_is_spelled_by_its_trunks_and_row(sequences, pack, least):
    tree = build(sequences)
    spelled = {}
    for path in walk(plan(tree, pack, least)):
        above = [
            token
            for branch in path
            for token in tree.sequences[branch.first][branch.start : branch.end].tolist()
        ]
        for row in path[-1].rows:
            laid = lay_out(tree, row)
            assert len(laid.tokens) == row.tokens
            for k, nodes in zip(range(row.first, row.last), laid.paths, strict=True):
                assert nodes.size, "a row keeps at least one token of its own"
                spelled[k] = above + laid.tokens[nodes].tolist()
                assert laid.depth[nodes].tolist() == list(range(row.start, len(spelled[k])))
                if laid.sees is not None:
                    for at, node in enumerate(nodes):
                        assert sorted(np.flatnonzero(laid.sees[node])) == sorted(nodes[: at + 1])
    assert [spelled[tree.rank[k]] for k in range(len(sequences))] == sequences


def test_two_levels_of_sharing():
    shots = [9] * 20
    docs = [[*shots, doc, doc, doc, choice] for doc in (1, 2, 3) for choice in (4, 5)]
    root = plan(build(docs), pack=6, least=4)
    (trunk,) = root.children
    assert (trunk.start, trunk.end) == (0, 20)
    assert sorted(row.tokens for row in trunk.rows) == [5, 5, 5]
    assert not root.rows


@given(
    tokens=st.lists(st.integers(3, 399), min_size=1, max_size=30),
    stop=st.sampled_from(["\n\n", "Answer:", "e", " 4", "le", "?\n", "é"]),
)
def test_stops_where_lm_eval_would(tokens, stop, tokenizers):
    tokenizer = tokenizers["bytes"]
    watch = Stops(tokenizer, [stop])
    window = len(tokenizer.encode(stop, add_special_tokens=False)) + 2
    for end in range(1, len(tokens) + 1):
        so_far = tokens[:end]
        earlier = end > 1 and stop in tokenizer.decode(so_far[:-1][-window:])
        if not earlier:
            assert watch.met(so_far) == (stop in tokenizer.decode(so_far[-window:]))


def test_word_tokenizers_stop_too(tokenizers):
    tokenizer = tokenizers["words"]
    ids = tokenizer.encode("Tom has 3 red apples", add_special_tokens=False)
    watch = Stops(tokenizer, ["3 red", "</s>"])
    assert [watch.met(ids[:n]) for n in range(1, 6)] == [False, False, False, True, False]
    assert watch.met([*ids, tokenizer.eos_token_id])


def test_token_cache_is_shared_by_equal_tokenizers_alone(tokenizers):
    from copy import deepcopy

    bytes_, words = tokenizers["bytes"], tokenizers["words"]
    assert fingerprint(bytes_) == fingerprint(deepcopy(bytes_))
    assert fingerprint(bytes_) != fingerprint(words)
    assert fingerprint(bytes_, "bos") != fingerprint(bytes_)
    cache = TokenCache()
    calls = []

    def encode(texts):
        calls.append(list(texts))
        return [[len(text)] for text in texts]

    cache.fill("a", ["x", "xx", "x"], encode)
    cache.fill("a", ["xx", "xxx"], encode)
    cache.fill("b", ["x"], encode)
    assert calls == [["x", "xx"], ["xxx"], ["x"]]
    assert cache.get("a", "xxx", lambda _: pytest.fail("was held")) == [3]


def test_token_cache_lets_the_oldest_go():
    cache = TokenCache(most_tokens=5)
    for text in ("a", "b", "c"):
        assert cache.get("o", text, lambda text: [ord(text)] * 2) == [ord(text)] * 2
    assert cache.held == 4
    assert cache.get("o", "b", lambda _: pytest.fail("was held")) == [98, 98]
    assert cache.get("o", "a", lambda _: [1]) == [1]


def test_amounts_of_memory():
    assert parse_bytes("2G") == 2 << 30
    assert parse_bytes("1.5MiB") == 3 << 19
    assert parse_bytes(4096) == 4096
    for wrong in ("much", "-1G", "0", ""):
        with pytest.raises(InputError, match="memory"):
            parse_bytes(wrong)


def test_templates_are_compiled_once_and_say_the_same(monkeypatch):
    from jinja2 import Environment
    from lm_eval import utils

    from eval.engines import templates

    plain = utils.apply_template("{{a}} and {{b|upper}}\n", {"a": 1, "b": "x"})
    templates.compile_once()
    templates.compile_once()
    compiled = []
    really = Environment.compile
    monkeypatch.setattr(
        Environment, "compile", lambda *given, **kw: compiled.append(1) or really(*given, **kw)
    )
    again = [utils.apply_template("{{a}} and {{b|upper}}\n", {"a": 1, "b": "x"}) for _ in "123"]
    assert again == [plain] * 3
    assert utils.apply_template("{{a}} and {{b|upper}}\n", {"a": 2, "b": "y"}) == "2 and Y\n"
    assert len(compiled) <= 1


def test_load_knows_names(model_of, tokenizers):
    with pytest.raises(InputError, match="no such model class"):
        engines.load("fast", model_of("llama"))
    shared = engines.load("shared-prefix", model_of("llama"), tokenizer=tokenizers["bytes"])
    plain = engines.load("hf", model_of("llama"), tokenizer=tokenizers["bytes"], device="cpu")
    assert isinstance(shared, type(plain))
    assert type(shared) is not type(plain)
