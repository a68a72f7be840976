"""Requests built once: every model gets what building anew would give it, answers apart."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from eval import catalog, score
from eval.ladder import Rung
from eval.suite import Benchmark, Suite

DRAWING = '''
import random

import numpy as np


def text(doc):
    """A prompt that draws on the global generators, as some of lm-eval's tasks do."""
    return f"{doc['question']} {random.random()} {np.random.random()}"
'''


@pytest.fixture
def suite(tiny: Path, tmp_path: Path) -> Suite:
    """The tiny tasks, one that draws on global generators, and a group of it with another."""
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    for path in (tiny / "tasks").glob("*.yaml"):
        (tasks / path.name).write_text(path.read_text())
    (tasks / "drawing.py").write_text(DRAWING)
    sums = (tasks / "tiny_sums.yaml").read_text()
    drawing = {**yaml.safe_load(sums), "task": "drawing"}
    del drawing["doc_to_text"]
    text = yaml.safe_dump(drawing) + "doc_to_text: !function drawing.text\n"
    (tasks / "drawing.yaml").write_text(text)
    group = {"group": "both", "task": ["drawing", "tiny_picks"]}
    (tasks / "both.yaml").write_text(yaml.safe_dump(group))
    score_of = {"metric": "exact_match", "filter": "strict-match"}
    marks = (
        Benchmark(name="sums", task="tiny_sums", limit=15, **score_of),
        Benchmark(name="fewer", task="tiny_sums", shots=2, limit=15, **score_of),
        Benchmark(name="picks", task="tiny_picks", metric="acc"),
        Benchmark(name="text", task="tiny_text", metric="bits_per_byte"),
        Benchmark(name="both", task="both", metric="acc", limit=7),
    )
    return Suite(name="tiny", tasks_path=tasks, benchmarks=marks)


def opened(suite: Suite, name: str) -> tuple[dict[str, Any], Benchmark]:
    benchmark = next(b for b in suite.benchmarks if b.name == name)
    return catalog.open_tasks(suite, [name])[name], benchmark


def plain(loaded: dict[str, Any]) -> dict[str, Any]:
    """The same tasks with lm-eval's own method, which builds anew each time."""
    for task in loaded["tasks"].values():
        del task.build_all_requests
    return loaded


def asked(loaded: dict[str, Any], benchmark: Benchmark) -> list[Any]:
    """What a model is asked, and how the generators stand then."""
    score.seed(loaded, benchmark)
    for task in loaded["tasks"].values():
        task.build_all_requests(limit=benchmark.limit)
    found = [
        (r.request_type, r.doc, r.args, r.idx, r.metadata, r.doc_id, r.repeats, r.task_name)
        for task in loaded["tasks"].values()
        for r in task.instances
    ]
    return [*found, random.random(), np.random.random(), torch.rand(1).item()]  # noqa: NPY002


@pytest.mark.parametrize("name", ["sums", "fewer", "picks", "text", "both"])
def test_a_later_model_is_asked_what_building_anew_asks(suite: Suite, name: str) -> None:
    loaded, benchmark = opened(suite, name)
    anew = asked(plain(opened(suite, name)[0]), benchmark)
    assert len(anew) > 7
    for _ in range(3):
        assert asked(loaded, benchmark) == anew


def test_shots_drawn_for_each_item_differ_between_items(suite: Suite) -> None:
    """What makes the test above one of random samplers too."""
    loaded, benchmark = opened(suite, "sums")
    prompts = [args[0] for _, _, args, *_ in asked(loaded, benchmark)[:-3]]
    assert len({prompt.split("Q :")[1] for prompt in prompts}) > 5


def counted(loaded: dict[str, Any]) -> list[str]:
    """Names of tasks as they are really built from here on."""
    calls: list[str] = []

    def count(name: str, build: Callable[..., None]) -> Callable[..., None]:
        return lambda **how: (calls.append(name), build(**how))[1]

    for name, task in loaded["tasks"].items():
        task.build_all_requests.build = count(name, task.build_all_requests.build)
    return calls


def test_it_is_built_once_for_all_models_and_anew_for_another_limit(suite: Suite) -> None:
    loaded, benchmark = opened(suite, "both")
    calls = counted(loaded)
    for _ in range(3):
        asked(loaded, benchmark)
    assert sorted(calls) == ["drawing", "tiny_picks"]
    other = benchmark.model_copy(update={"limit": 5})
    assert asked(loaded, other) == asked(plain(opened(suite, "both")[0]), other)
    assert len(calls) == 4


def test_two_benchmarks_of_one_task_keep_their_shots(suite: Suite) -> None:
    tasks = catalog.open_tasks(suite, ["sums", "fewer"])
    marks = {b.name: b for b in suite.benchmarks}
    for _ in range(2):
        for name, shots in (("sums", 3), ("fewer", 2)):
            prompt = asked(tasks[name], marks[name])[0][2][0]
            assert prompt.count("Q :") == shots + 1


def test_nothing_of_one_model_reaches_the_next(suite: Suite) -> None:
    loaded, benchmark = opened(suite, "sums")
    before = repr(asked(loaded, benchmark))
    (task,) = loaded["tasks"].values()
    for request in task.instances:
        request.resps.append("an answer")
        request.filtered_resps["strict-match"] = "an answer"
        request.args[1]["until"].append("spoilt")
    assert repr(asked(loaded, benchmark)) == before
    assert not any(r.resps or r.filtered_resps for r in task.instances)


def test_chosen_documents_have_the_prompts_of_a_full_run(suite: Suite) -> None:
    loaded, benchmark = opened(suite, "sums")
    full = asked(loaded, benchmark)
    (task,) = loaded["tasks"].values()
    calls = counted(loaded)
    for docs in ([3, 4, 9], [0, 14]):
        task.build_all_requests(samples=docs)
        assert [r.args for r in task.instances] == [full[doc][2] for doc in docs]
        assert [r.doc_id for r in task.instances] == list(range(len(docs)))
    assert calls == []


def test_what_is_more_than_plain_prompts_is_left_to_lm_eval(suite: Suite) -> None:
    loaded, benchmark = opened(suite, "sums")
    calls = counted(loaded)
    (task,) = loaded["tasks"].values()
    score.seed(loaded, benchmark)
    for _ in range(2):
        task.build_all_requests(limit=3, system_instruction="Be brief.", world_size=1, rank=0)
    assert len(calls) == 2
    assert task.instances[0].args[0].startswith("Be brief.")


def test_a_rung_after_another_scores_as_it_does_alone(tiny: Path, tmp_path: Path) -> None:
    """The whole way to disk, with and without a precision, and with lm-eval's own building."""
    from eval import run as runs
    from eval.job import Scorer
    from eval.request import plan
    from eval.store import Key, Study

    def scored(folder: str, rungs: list[str], target: float | None, own: bool = False) -> Study:
        made = plan(str(tiny / "ladder.yaml"), None, tmp_path / folder, None, "shared-prefix",
                    target=target)  # fmt: skip
        work = runs.work(made, score.Settings(device="cpu"), list(made.cells))
        scorer = Scorer(work)
        if own:
            for loaded in scorer.tasks.values():
                plain(loaded)
        for job in work.jobs:
            if job.cells[0].rung.name in rungs:
                assert {e.what for e in scorer(job)} == {"started", "done"}
        return made.study

    studies = [
        scored("both", ["small", "other"], None),
        scored("alone", ["other"], None),
        scored("lm-eval", ["small", "other"], None, own=True),
        scored("precise", ["small", "other"], 0.4),
    ]
    for benchmark in ("sums", "picks", "text"):
        key = Key("other", benchmark)
        results, items = [], []
        for study in studies:
            result = study.result(key)
            assert result is not None
            results.append([result["results"], result["cell"]["scores"], result["configs"]])
            items.append(study.items(key))
        assert results == [results[0]] * len(results)
        for other in items[1:]:
            pd.testing.assert_frame_equal(items[0], other)


def small(tiny: Path) -> Rung:
    return Rung(name="r", family="f", path=tiny / "models" / "small", dtype="float32")


def test_tokens_of_items_are_those_of_encoding_each_text(tiny: Path) -> None:
    """Counted with the engine's cache or without, for given texts and for written ones."""
    from eval import entries

    rung = small(tiny)
    models = [score.load(rung, score.Settings(engine, "cpu")) for engine in ("hf", "shared-prefix")]
    samples = {
        "t": [
            {"arguments": [("Q : 3 plus 4 ? A :",)], "resps": [["7 .", "so"]], "metrics": ["m"]},
            {"arguments": [("a", " step"), ("a", " of the")], "metrics": ["acc", "acc_norm"],
             "resps": [[(-1.0, True)], [(-2.0, False)]]},
            {"arguments": [("the answer",)], "resps": [[-3.0]], "metrics": []},
        ]
    }  # fmt: skip
    first = 9 + 8  # the prompt has 8 words, the last of which runs into the first of an answer
    for lm in (*models, models[1]):
        assert entries.tokens(lm, samples) == [first, 5, 5]
    assert entries.tokens(object(), samples) == [0, 0, 0]


def test_a_model_of_unknown_size_is_asked_for_it_before_lots_are_cut(tiny: Path) -> None:
    from eval import cell as cells
    from eval.plan import Cell

    mark = Benchmark(name="sums", task="tiny_sums", metric="exact_match")
    rung = small(tiny)

    def every(params: float | None, lm: Any) -> int:
        known = rung.model_copy(update={"params": params})
        return cells._every(Cell(known, mark, {}, "id", "missing"), lm)

    class Server:
        model = "a name"

    lm = score.load(rung, score.Settings(device="cpu"))
    assert every(None, lm) == every(lm.model.num_parameters(), Server()) > 1000
    assert every(None, Server()) < 100  # taken for a common one, of a billion
