"""Real Inspect logs, made offline with its mock model, load as .eval and as JSON."""

from pathlib import Path

import pytest

from correlate.errors import InputError
from correlate.sources import load

inspect_ai = pytest.importorskip("inspect_ai")


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one log in each format: two of four items right."""
    from inspect_ai import Task
    from inspect_ai import eval as run
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import match

    folder = tmp_path_factory.mktemp("logs")
    for form, name in (("eval", "gsm8k"), ("json", "arc_easy")):
        answers = [ModelOutput.from_content("mockllm/model", "4") for _ in range(4)]
        for answer in answers:  # without a usage the mock counts tokens with a downloaded table
            answer.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        model = get_model("mockllm/model", custom_outputs=answers, memoize=False)
        items = [Sample(input=f"item {i}", target=str(i + 3)) for i in (1, 1, 2, 3)]
        for i, item in enumerate(items):
            item.id = i
        task = Task(name=name, dataset=items, scorer=match())
        run(task, model=model, log_dir=str(folder), log_format=form, display="none")
    return folder


def test_both_formats_load(logs: Path) -> None:
    rows = load(logs).scores.sort_values("benchmark")
    assert rows["benchmark"].tolist() == ["ARC-easy", "GSM8K"]
    assert rows["score"].tolist() == [0.5, 0.5]
    assert rows["n"].tolist() == [4, 4]
    assert rows["successes"].tolist() == [2, 2]
    assert set(rows["metric"]) == {"accuracy"}
    assert set(rows["model"]) == {"mockllm/model"}


def test_a_single_log_loads(logs: Path) -> None:
    [log] = logs.glob("*.eval")
    assert load(log).scores["benchmark"].tolist() == ["GSM8K"]


def test_a_log_cut_off_is_refused(logs: Path, tmp_path: Path) -> None:
    [log] = logs.glob("*.eval")
    cut = tmp_path / "cut.eval"
    cut.write_bytes(log.read_bytes()[:300])
    with pytest.raises(InputError, match="broken Inspect log"):
        load(cut)
