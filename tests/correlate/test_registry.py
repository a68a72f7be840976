"""Covariates are joined by hub id, then by normal form; what does not match is listed."""

import pandas as pd
import pytest

from correlate.naming import normal_form
from correlate.registry import join_covariates
from correlate.registry.known import MODELS, registry


def rows(*models: str, **more: object) -> pd.DataFrame:
    return pd.DataFrame({"model": models, "benchmark": "X", "score": 0.5, **more})


def test_by_hub_id_and_by_normal_form() -> None:
    scores, findings = join_covariates(rows("EleutherAI/pythia-70m", "llama 7B", "own-model-3b"))
    assert scores["params"].tolist()[:2] == [70426624, 6.7e9]
    assert scores["family"].tolist()[:2] == ["Pythia", "LLaMA-1"]
    told = {f.rule: f.rows for f in findings}
    assert told["covariates-joined"] == (
        "EleutherAI/pythia-70m <- EleutherAI/pythia-70m (hub id)",
        "llama 7B <- huggyllama/llama-7b (normal form)",
    )
    assert told["covariates-unmatched"] == ("own-model-3b",)


def test_what_a_table_states_is_never_overwritten() -> None:
    scores, _ = join_covariates(rows("EleutherAI/pythia-70m", params=[1.0], family=["Mine"]))
    assert scores["params"].tolist() == [1.0]
    assert scores["family"].tolist() == ["Mine"]
    assert scores["tokens"].tolist() == [299892736000]


def test_complete_rows_are_left_alone() -> None:
    given = rows("EleutherAI/pythia-70m", params=[1.0], tokens=[2.0])
    scores, findings = join_covariates(given)
    assert scores.equals(given)
    assert findings == []


@pytest.mark.parametrize(
    ("revision", "tokens"),
    [("step1000", 1000 * 2_097_152), ("", 299892736000), ("main", 299892736000)],
)
def test_a_checkpoint_has_the_tokens_of_its_step(revision: str, tokens: float) -> None:
    scores, _ = join_covariates(rows("EleutherAI/pythia-70m", revision=[revision]))
    assert scores["tokens"].tolist() == [tokens]


def test_an_unknown_revision_has_no_known_tokens() -> None:
    scores, _ = join_covariates(rows("EleutherAI/pythia-70m", revision=["v0"]))
    assert "tokens" not in scores or scores["tokens"].isna().all()


def test_names_of_the_registry_are_unambiguous() -> None:
    table = pd.read_csv(MODELS)
    assert table["hub_id"].is_unique
    assert not table["hub_id"].map(normal_form).duplicated().any()
    assert (table["params"] > 0).all()
    assert (table["source"].str.len() > 5).all()


def test_similar_names_are_not_taken_for_each_other() -> None:
    found = registry().find("pythia-70m-deduped")
    assert found is None or found[0].hub_id.endswith("deduped")
    assert registry().find("llama-7b-chat") is None
