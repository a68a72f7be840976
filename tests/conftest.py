"""What tests share: where the repository is, and the data beside it where there is any."""

import os
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repo() -> Path:
    """The repository's root."""
    return REPO


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data kept beside the checkout; tests that need it skip where it is missing."""
    folder = Path(os.environ.get("SHARED_DATA", REPO.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder} (set SHARED_DATA to the folder that has it)")
    return folder


@pytest.fixture(scope="session")
def lm_eval_output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What lm-eval itself writes, results and samples: a bundled rung on three bundled tasks."""
    from lm_eval import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    out = tmp_path_factory.mktemp("lm_eval")
    tracker = EvaluationTracker(output_path=str(out))
    results = simple_evaluate(
        model="hf",
        model_args=f"pretrained={REPO / 'eval/bundled/weights/lfm2-mixed-xs'},dtype=float32",
        tasks=["bundled_word_easy", "bundled_reason_choice", "bundled_text"],
        task_manager=TaskManager(include_path=str(REPO / "eval/tasks"), include_defaults=False),
        limit=8, device="cpu", batch_size=8, log_samples=True, evaluation_tracker=tracker,
        bootstrap_iters=10,
    )  # fmt: skip
    samples = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples)
    for task, rows in samples.items():
        tracker.save_results_samples(task_name=task, samples=rows)
    return out
