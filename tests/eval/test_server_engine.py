"""local-completions from a ladder's YAML: a model behind a server scores as it does in here."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

pytest.importorskip("tenacity", reason="lm-eval's server engines need lm-eval[api]")
pytest.importorskip("aiohttp", reason="lm-eval's server engines need lm-eval[api]")


@pytest.fixture
def address(tiny: Path) -> Iterator[str]:
    """The completions endpoint of a small server around a model of the tiny ladder."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tiny / "models" / "small"
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def echo(tokens: list[int]) -> dict[str, Any]:
        """Log-probabilities of the prompt, and of one token more, as the protocol has it."""
        with torch.inference_mode():
            logs = model(torch.tensor([tokens])).logits[0].log_softmax(-1)
        own = [float(logs[i - 1, t]) for i, t in enumerate(tokens) if i]
        best = [{"best": float(row.max())} for row in logs]
        return {
            "token_logprobs": [None, *own, best[-1]["best"]],
            "top_logprobs": [None, *best],
        }

    def answer(tokens: list[int], asked: dict[str, Any]) -> str:
        start = len(tokens)
        text = ""
        for _ in range(asked["max_tokens"]):
            with torch.inference_mode():
                newest = int(model(torch.tensor([tokens])).logits[0, -1].argmax())
            if newest == tokenizer.eos_token_id:
                break
            tokens = [*tokens, newest]
            text = tokenizer.decode(tokens[start:], skip_special_tokens=True)
            if any(stop in text for stop in asked["stop"]):
                break
        for stop in asked["stop"]:
            text = text.split(stop)[0]
        return text

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            choices = [
                {"index": i, "text": "", "logprobs": echo(tokens)} if asked.get("echo")
                else {"index": i, "text": answer(tokens, asked)}
                for i, tokens in enumerate(asked["prompt"])
            ]  # fmt: skip
            body = json.dumps({"choices": choices}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/completions"
    server.shutdown()


def test_a_served_model_scores_as_a_loaded_one(
    address: str, tiny: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    served = {
        "name": "served", "path": str(tiny / "models" / "small"), "engine": "local-completions",
        "engine_args": {"base_url": address, "tokenizer_backend": "huggingface"},
    }  # fmt: skip
    loaded = {"name": "loaded", "path": str(tiny / "models" / "small"), "engine": "hf"}
    family = {"name": "f", "dtype": "float32", "rungs": [loaded, served]}
    (tmp_path / "ladder.yaml").write_text(yaml.safe_dump({"name": "l", "families": [family]}))
    done = command(
        "run", tmp_path / "ladder.yaml", "--suite", tiny / "suite.yaml", "--limit", 5,
        "--out", tmp_path / "study", "--workers", 1,
    )  # fmt: skip
    assert done.returncode == 0, (done.stderr, command("status", tmp_path / "study").stdout)
    for benchmark in ("sums", "picks", "text"):
        here, there = (
            pd.read_parquet(tmp_path / "study/cells" / name / benchmark / "items.parquet")
            for name in ("loaded", "served")
        )
        assert list(here["prompt_hash"]) == list(there["prompt_hash"])
        assert list(here["score"]) == pytest.approx(list(there["score"]), abs=1e-4)
        if benchmark == "sums":
            assert list(here["response"].str.strip()) == list(there["response"].str.strip())
    cells = tmp_path / "study" / "cells"
    identity = {
        name: json.loads((cells / name / "picks" / "result.json").read_text())["cell"]["identity"]
        for name in ("loaded", "served")
    }
    assert len(set(identity.values())) == 2  # another engine
