"""Items of the bundled world: answers that are right, files that never change, tests unseen."""

import json
import re

import numpy as np
import pytest

from eval.bundled import benchmarks, logic, plain, problems, stream, tokenizer
from eval.bundled.words import LARGEST, LARGEST_DIFFERENCE, NAMES, SORTABLE, vocabulary


def solve(prompt: str) -> int:
    """Answer a word problem by reading it: an independent solver that follows the sentences."""
    given = dict(re.findall(r"(\w+) has (\d+) (?!more|fewer)\w+ \.", prompt))
    links = {
        who: (int(k) * (1 if sign == "more" else -1), other)
        for who, k, sign, other in re.findall(r"(\w+) has (\d+) (more|fewer) than (\w+) \.", prompt)
    }
    asked = re.search(r"does (\w+) have", prompt)
    assert asked
    person, total = asked[1], 0
    while person not in given:
        change, person = links[person]
        total += change
    return total + int(given[person])


@pytest.mark.parametrize("band", list(problems.BANDS))
def test_word_problems_are_answered_right(band: str) -> None:
    rng = np.random.default_rng(3)
    bounds = problems.BANDS[band].steps
    for _ in range(300):
        item = problems.draw(rng, band)
        answer = solve(item.prompt)
        assert item.answer.endswith(f"#### {answer}")
        assert item.facts["target"] == str(answer)
        assert 0 <= answer <= LARGEST
        assert bounds[0] <= item.answer.count("than") <= bounds[1]


def test_every_sum_in_a_worked_answer_is_right() -> None:
    rng = np.random.default_rng(4)
    for _ in range(300):
        said = problems.draw(rng, "hard").answer
        changes = [
            int(k) * (1 if sign == "more" else -1)
            for k, sign in re.findall(r"has (\d+) (more|fewer) than", said)
        ]
        sums = [
            int(k) * (1 if sign == "more" else -1)
            for k, sign in re.findall(r"so (\d+) (more|fewer)", said)
        ]
        assert sums == list(np.cumsum(changes))
        assert max(map(abs, sums)) <= LARGEST_DIFFERENCE


def test_a_corrupt_word_problem_asks_the_same_and_slips_once() -> None:
    for seed in range(100):
        right = problems.draw(np.random.default_rng(seed), "middle")
        wrong = problems.draw(np.random.default_rng(seed), "middle", corrupt=True)
        assert wrong.prompt == right.prompt
        assert wrong.answer != right.answer


def test_orderings_have_one_answer() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        item = plain.ordering(rng)
        above = {}
        for left, word, right in re.findall(r"(\w+) is (\w+) than (\w+) \.", item.prompt):
            high, low = (left, right) if word in ("taller", "older") else (right, left)
            above[high] = low
        top = (set(above) - set(above.values())).pop()
        chain = [top]
        while chain[-1] in above:
            chain.append(above[chain[-1]])
        assert len(chain) == plain.PEOPLE_IN_ORDER
        wants_top = re.search("tallest|oldest", item.prompt) is not None
        assert list(item.said) == (chain if wants_top else chain[::-1])
        choices = item.facts["choices"]
        assert choices[item.facts["gold"]] == item.answer
        assert len({tuple(sorted(choice.split())) for choice in choices}) == 1
        assert len(set(choices)) == plain.ORDERS_TO_CHOOSE


def test_sorting_sorts() -> None:
    rng = np.random.default_rng(6)
    for _ in range(100):
        item = plain.sorting(rng)
        assert list(item.said) == sorted(item.asked[1:-1])
        assert set(item.said) <= set(SORTABLE)


def test_stories_keep_to_one_person() -> None:
    rng = np.random.default_rng(7)
    for _ in range(50):
        assert len(set(plain.story(rng).said) & set(NAMES)) == 1


def test_the_tokenizer_gives_back_what_the_generator_said() -> None:
    built = tokenizer.build()
    rng = np.random.default_rng(8)
    for draw in stream.KINDS.values():
        for corrupt in (False, True):
            for _ in range(20):
                item = draw(rng, corrupt)
                text = f"{item.prompt} {item.answer}".strip()
                ids = built.encode(text, add_special_tokens=False)
                assert ids == [stream.IDS[word] for word in item.asked + item.said]
                assert built.decode(ids) == text
    assert len(built) == len(vocabulary())


@pytest.mark.parametrize("name", list(benchmarks.SOURCES))
def test_the_shipped_items_are_what_the_generator_makes(name: str) -> None:
    shipped = (benchmarks.FOLDER / f"{name}.jsonl").read_text()
    assert shipped == benchmarks.lines(name)
    rows = [json.loads(line) for line in shipped.splitlines()]
    assert len({row["hash"] for row in rows}) == len(rows) >= 400


def test_training_never_sees_a_test_item() -> None:
    unseen = benchmarks.hashes()
    words = vocabulary()
    for kind in stream.KINDS:
        drawn = stream.draw_pool(kind, 300, seed=1, unseen=unseen)
        asked = {row["prompt"] or row["answer"] for row in map(json.loads, all_lines())}
        for start, stop in zip(drawn.starts[:-1], drawn.starts[1:], strict=True):
            is_prompt = drawn.answer[start:stop] == 0
            ids = drawn.tokens[start:stop]
            text = " ".join(words[i] for i in (ids[is_prompt] if is_prompt.any() else ids[:-1]))
            assert text not in asked


def test_a_hash_that_is_unseen_is_drawn_around() -> None:
    usual = stream.draw_pool("sorting", 50, seed=2)
    first = plain.sorting(pool_rng("sorting", seed=2))
    without = stream.draw_pool("sorting", 50, seed=2, unseen=frozenset({first.hash}))
    said = [stream.IDS[word] for word in first.asked]
    assert list(usual.tokens[: len(said)]) == said
    assert list(without.tokens[: len(said)]) != said


@pytest.mark.parametrize("depth", list(logic.DEPTHS))
def test_dead_ends_cannot_be_reached(depth: str) -> None:
    """The premise of a dead end is neither a fact nor the head of any hypothesis."""
    rng = np.random.default_rng(9)
    for _ in range(100):
        item = logic.draw(rng, depth)
        arrows = re.findall(r"(\w+) -\[h\d+\]-> (\w+) ,", item.prompt)
        heads = {head for _, head in arrows}
        facts = set(re.findall(r"(\w+) \[h\d+\] ,", item.prompt))
        facts |= set(re.findall(r"(\w+) /\\ \w+ \[", item.prompt))
        dead = [(a, b) for a, b in arrows if a not in heads | facts]
        low, high = logic.DEPTHS[depth].dead_ends
        assert low <= len(dead) <= high
        assert len(arrows) - len(dead) == item.facts["depth"]


@pytest.mark.parametrize("depth", list(logic.DEPTHS))
def test_the_prompt_shows_the_statement_that_is_judged(depth: str) -> None:
    rng = np.random.default_rng(10)
    for _ in range(100):
        item = logic.draw(rng, depth)
        shown = re.sub(r"(\w+) -\[(h\d+)\]-> (\w+) ,", r"\2 : \1 -> \3", item.prompt)
        shown = re.sub(r"(\w+(?: /\\ \w+)?) \[(h\d+)\] ,", r"\2 : \1", shown)
        assert shown == f"Theorem {item.facts['statement']} Proof."


@pytest.mark.parametrize("name", ["word_hard", "proof_d2", "proof_d3"])
def test_likelihoods_are_asked_of_the_very_tokens_of_training(name: str) -> None:
    """lm-eval puts no space between prompt and answer here; a glued word would be unknown."""
    from lm_eval.tasks import TaskManager, get_task_dict

    tasks = benchmarks.FOLDER.parent
    manager = TaskManager(include_path=str(tasks), include_defaults=False)
    task = get_task_dict([f"bundled_{name}_bpb"], manager)[f"bundled_{name}_bpb"]
    task.build_all_requests(limit=20)
    built = tokenizer.build()
    for request, item in zip(task.instances, benchmarks.draw(name), strict=False):
        ids = built.encode("".join(request.args), add_special_tokens=False)
        assert ids == [stream.IDS[word] for word in item.asked + item.said]


def all_lines() -> list[str]:
    """Every line of every shipped file of items."""
    paths = sorted(benchmarks.FOLDER.glob("*.jsonl"))
    return [line for path in paths for line in path.read_text().splitlines()]


def pool_rng(kind: str, seed: int) -> np.random.Generator:
    """The generator that `draw_pool` starts a clean pool with."""
    return stream.pool_rng(kind, False, seed)
