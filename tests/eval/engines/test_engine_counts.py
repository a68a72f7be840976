"""What the engine counts of a cell: tokens, ties, requests it leaves to lm-eval's own code."""

import copy

import torch

from eval.cell import remarks
from eval.engines.shared_prefix import SharedPrefixLM

WINDOW = "sequences longer than the model's attention window of 32 tokens"
LONG = "Question: what is 3 + 4?\nAnswer: 7\n\n" * 4
GREEDY = {"until": ["\n"], "max_gen_toks": 4}
SAMPLED = {**GREEDY, "do_sample": True, "temperature": 0.9}
BEAMS = {**GREEDY, "num_beams": 2}


def engine(model, tokenizers) -> SharedPrefixLM:
    return SharedPrefixLM(model, tokenizer=tokenizers["bytes"], device="cpu", batch_size=4)


def test_tokens_and_logits_of_one_request(model_of, tokenizers, requests):
    """Two requests that share a context: each asked for, what they share evaluated once."""
    ours = engine(model_of("llama"), tokenizers)
    asked = [("Question: what is 3 + 4?", " 7"), ("Question: what is 3 + 4?", " 8")]
    pairs = [ours._encode_pair(*each) for each in asked]
    lengths = [len(context) + len(end) - 1 for context, end in pairs]  # the last is only predicted
    # beginnings of either text after which a token of its continuation is predicted, each once
    predicting = {
        tuple((context + end)[: len(context) + k])
        for context, end in pairs
        for k in range(len(end))
    }
    for _ in range(2):
        ours.count_afresh()
        ours.loglikelihood(requests("loglikelihood", asked), disable_tqdm=True)
        found = ours.counts()
        assert found["tokens_asked"] == sum(lengths)
        assert max(lengths) <= found["tokens_evaluated"] < sum(lengths)
        assert found["logits"] == len(predicting)
        assert (found["tokens_generated"], found["ties"], found["fallbacks"]) == (0, 0, {})
    assert remarks(found) == remarks(None) == ""


def test_requests_past_the_window_are_counted_one_by_one(model_of, tokenizers, requests):
    ours = engine(model_of("gemma3"), tokenizers)
    choices = [(LONG, " 7"), ("Tom has", " 3"), (LONG, " 8"), ("Tom", " has")]
    ours.loglikelihood(requests("loglikelihood", choices), disable_tqdm=True)
    assert ours.counts()["fallbacks"] == {WINDOW: 2}
    asked = [("Tom has", GREEDY), (LONG, GREEDY), ("Tom", SAMPLED), (LONG, SAMPLED), ("T", BEAMS)]
    ours.generate_until(requests("generate_until", asked), disable_tqdm=True)
    found = ours.counts()["fallbacks"]
    sampling, beams = "the task asks for sampling", "generation settings num_beams"
    assert found == {beams: 1, sampling: 2, WINDOW: 3}
    said = remarks(ours.counts())
    assert f", 3 requests as lm-eval's hf: {WINDOW}" in said
    assert f", 1 request as lm-eval's hf: {beams}" in said
    ours.count_afresh()
    assert ours.counts()["fallbacks"] == {}


def test_all_requests_of_a_model_that_cannot_share(model_of, tokenizers, requests):
    ours = engine(model_of("mamba"), tokenizers)
    reason = ours.unshared
    ours.loglikelihood(requests("loglikelihood", [("Tom has", " 3")] * 3), disable_tqdm=True)
    assert ours.counts()["fallbacks"] == {reason: 3}
    ours.generate_until(requests("generate_until", [("Tom has", GREEDY)] * 2), disable_tqdm=True)
    assert ours.counts()["fallbacks"] == {reason: 5}
    ours.count_afresh()
    ours.loglikelihood_rolling(requests("loglikelihood_rolling", [("Tom has 3",)] * 4), True)
    assert ours.counts() == {
        "tokens_asked": 0, "tokens_generated": 0, "tokens_evaluated": 0, "logits": 0, "ties": 0,
        "fallbacks": {reason: 4},
    }  # fmt: skip


def test_answers_that_hang_on_a_tie_are_counted(model_of, tokenizers, requests):
    """A head of zeros finds all tokens equally likely; its own finds none of these."""
    flat = copy.deepcopy(model_of("llama"))
    with torch.no_grad():
        flat.get_output_embeddings().weight.zero_()
    asked = requests("generate_until", [("Tom has", GREEDY), ("The quick", GREEDY), ("x", GREEDY)])
    for model, ties, said in ((flat, 3, ", 3 ties"), (model_of("llama"), 0, "")):
        ours = engine(model, tokenizers)
        ours.generate_until(asked, disable_tqdm=True)
        assert ours.counts()["ties"] == sum(ours.tied) == ties
        assert ours.counts()["tokens_generated"] > 0
        assert remarks(ours.counts()) == said


def test_one_tie_is_one():
    assert remarks({"ties": 1, "fallbacks": {}}) == ", 1 tie"
