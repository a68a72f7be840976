"""Training: the same weights for a seed, interrupted or not; cards, ladder and weights agree."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from eval import ladder_file
from eval.bundled import benchmarks, models, recipe, register, stream, trainer
from eval.bundled.optimizer import orthogonal
from eval.bundled.recipe import Run
from eval.bundled.trainer import Data
from eval.errors import InputError

TINY = {
    "release": "2026-11",
    "pool_seed": 1,
    "training": {
        "row": 128,
        "rows": 2,
        "matrix_rate": 0.007,
        "other_rate": 0.003,
        "warmup": 5,
        "decay_from": 0.4,
        "prompt_weight": 0.1,
        "documents": 200,
    },
    "shapes": {"all": {"xs": {"width": 8, "layers": 2, "heads": 1, "inner": 16}}},
    "mixtures": {"even": {"word_easy": 0.4, "proof_d1": 0.4, "story": 0.2}},
    "families": [
        {
            "name": name,
            "about": "for a test",
            "architecture": name,
            "shapes": "all",
            "mixture": "even",
            "seed": 5,
            "tokens": {"xs": 0.008},
            "checkpoints": {"xs": [0.5]},
            "corrupt": 0.25,
            "exposed": {"sorting": 0.1},
        }
        for name in ("llama", "gpt-neox", "lfm2")
    ],
}


def write_book(folder: Path, **changes: Any) -> Path:
    path = folder / "recipes.yaml"
    path.write_text(yaml.safe_dump({**TINY, **changes}))
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    book = recipe.load(write_book(tmp_path_factory.mktemp("book")))
    return {run.family.name: run for run in recipe.runs(book)}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    tests = {name: benchmarks.draw(name) for name in ("sorting", "word_easy")}
    return Data(tmp_path_factory.mktemp("pools"), tests)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    from transformers import AutoModelForCausalLM

    return dict(AutoModelForCausalLM.from_pretrained(folder).state_dict())


@pytest.mark.parametrize("name", ["llama", "gpt-neox", "lfm2"])
def test_a_rung_loads_and_is_what_its_card_says(
    name: str, runs: dict[str, Run], data: Data, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    run = runs[name]
    middle, last = trainer.train(run, tmp_path, data)
    assert middle.name == f"{run.name}-step{run.keep[0]}"
    card = json.loads((last / "card.json").read_text())
    model = AutoModelForCausalLM.from_pretrained(last, dtype=torch.float32)
    assert card["params"] == sum(weight.numel() for weight in model.parameters())
    assert card["tokens"] == run.steps * 256
    assert card["flops"] == 6 * card["params"] * card["tokens"]
    losses = trainer.validate(model, data.unseen)
    assert np.mean(list(losses.values())) == pytest.approx(card["valid_loss"], abs=1e-4)
    assert len(AutoTokenizer.from_pretrained(last)) == len(stream.IDS)
    assert not list(tmp_path.glob("*.state.pt"))


def test_an_interrupted_run_ends_with_the_same_weights(
    runs: dict[str, Run], data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trainer.train(runs["llama"], tmp_path / "whole", data)[-1]
    monkeypatch.setattr(trainer, "SAVE_EVERY_S", 0.0)

    def stop(done: int, _steps: int, _loss: float) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer.train(runs["llama"], tmp_path / "cut", data, stop)
    assert list((tmp_path / "cut").glob("*.state.pt"))
    cut = trainer.train(runs["llama"], tmp_path / "cut", data)[-1]
    for name, weight in weights(whole).items():
        assert torch.equal(weight, weights(cut)[name]), name


def test_training_lowers_the_loss(runs: dict[str, Run], data: Data, tmp_path: Path) -> None:
    losses: list[float] = []
    trainer.train(runs["gpt-neox"], tmp_path, data, lambda _d, _s, loss: losses.append(loss))
    assert losses[-1] < losses[0] - 0.2


def test_shares_add_up_and_exposure_is_the_only_way_in(runs: dict[str, Run], data: Data) -> None:
    run = runs["llama"]
    shares = trainer.shares(run)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["exposed sorting"] == pytest.approx(0.1)
    assert shares["corrupt word_easy"] == pytest.approx(0.9 * 0.4 * 0.25)
    assert "corrupt story" not in shares
    pools = trainer.pools(run, data)
    tests = stream.pool(data.tests["sorting"])
    assert np.array_equal(pools["exposed sorting"].tokens, tests.tokens)


def test_batches_hold_whole_documents(runs: dict[str, Run], data: Data) -> None:
    pools = trainer.pools(runs["llama"], data)
    shares = {"word_easy": 0.5, "story": 0.5}
    batch = stream.batch(np.random.default_rng(0), pools, shares, 4, 128, 0.1)
    end, pad = stream.IDS["<end>"], stream.IDS["<pad>"]
    for row, counted in zip(batch.tokens, batch.weights, strict=True):
        used = row[row != pad]
        assert used[-1] == end
        assert (counted[len(used) :] == 0).all()
        assert set(np.unique(counted[: len(used)])) <= {np.float32(0.1), np.float32(1.0)}
    filled = (batch.tokens != pad).mean()
    assert filled > 0.8


def test_orthogonal_brings_singular_values_near_one() -> None:
    stack = torch.randn(3, 12, 20, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonal(stack))
    assert values.min() > 0.5
    assert values.max() < 1.3
    tall = torch.linalg.svdvals(orthogonal(stack.mT))
    assert torch.allclose(values, tall, atol=1e-4)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mixtures": {"even": {"poems": 1.0}}}, "unknown kinds"),
        ({"mixtures": {"even": {"story": 0.5}}}, "add up"),
        ({"families": [{"name": "x"}]}, "families.0.about"),
    ],
)
def test_a_bad_recipe_is_one_line(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = write_book(tmp_path, **changes)
    with pytest.raises(InputError, match=words) as caught:
        recipe.load(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_the_ladder_is_what_the_cards_say(repo: Path) -> None:
    cards = register.cards(register.WEIGHTS)
    text = register.LADDER.read_text()
    assert yaml.safe_load(text) == register.ladder(cards)
    book = {run.name: run for run in recipe.runs(recipe.load())}
    for card in cards:
        run = book[card["training_run"]]
        assert card["recipe"]["shares"] == {
            name: round(share, 4) for name, share in trainer.shares(run).items()
        }
        assert (card["seed"], card["steps"]) == (run.family.seed, run.steps)
        assert card["recipe"]["training"] == run.training.model_dump()


def test_every_shipped_rung_loads_with_the_parameters_it_claims() -> None:
    from transformers import AutoModelForCausalLM

    rungs = ladder_file.load("bundled").rungs
    for rung in rungs:
        assert rung.path is not None
        model = AutoModelForCausalLM.from_pretrained(rung.path)
        assert sum(weight.numel() for weight in model.parameters()) == rung.params
        assert rung.compute == pytest.approx(6 * rung.params * rung.tokens)


def test_a_folder_without_rungs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no trained rung"):
        register.cards(tmp_path)
    shutil.rmtree(tmp_path)


def test_an_unknown_architecture_is_refused(runs: dict[str, Run]) -> None:
    with pytest.raises(InputError, match="rwkv"):
        models.build("rwkv", runs["llama"].shape)
