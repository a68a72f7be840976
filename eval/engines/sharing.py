"""Whether a model's keys and values can be shared between rows; if not, why not, in words."""

import torch
from transformers import PreTrainedModel
from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

from eval.engines.attention import Shared, attending
from eval.engines.body import Body
from eval.engines.tally import Tally

# Scaling of positions that depends on how long the longest row of a batch is.
LENGTH_DEPENDENT_ROPE = ("dynamic", "longrope")
# Caches of keys and values by token; a window makes no difference to sequences that fit into it.
SHAREABLE = (DynamicLayer, DynamicSlidingWindowLayer)
# Length of the trunk and of the row of the trial run.
TRIAL = (6, 5)


def obstacle(model: PreTrainedModel) -> str | None:
    """The reason why `model` has to be run by lm-eval's own code, or None."""
    return _declared(model) or _tried(model)


def window(model: PreTrainedModel) -> int | None:
    """Tokens up to which every layer attends to all before it, None where there is no bound."""
    layers = DynamicCache(config=model.config.get_text_config()).layers
    windows = [layer.sliding_window for layer in layers if hasattr(layer, "sliding_window")]
    return min(windows, default=None)


def _declared(model: PreTrainedModel) -> str | None:
    """What the configuration says against sharing."""
    name = type(model).__name__
    if not getattr(model, "_supports_attention_backend", False):
        return f"{name} does not take an attention function from outside"
    if len(set(getattr(model, "hf_device_map", {}).values())) > 1:
        return f"{name} is spread over several devices"
    if model.get_output_embeddings() is None:
        return f"{name} has no separate output head"
    config = model.config.get_text_config()
    layers = DynamicCache(config=config).layers
    others = sorted({type(layer).__name__ for layer in layers if type(layer) not in SHAREABLE})
    if others or not layers:
        return f"{name} keeps a cache that rows cannot share ({', '.join(others) or 'none'})"
    rope = getattr(config, "rope_parameters", None) or {}
    if rope.get("rope_type") in LENGTH_DEPENDENT_ROPE:
        return f"{name} scales positions by the length of the batch ({rope['rope_type']})"
    return None


def _tried(model: PreTrainedModel) -> str | None:
    """Compare a few log-probabilities by trunk and row with the model's own forward."""
    name = type(model).__name__
    vocabulary = int(model.config.get_text_config().vocab_size)
    length = sum(TRIAL)
    tokens = (torch.arange(length, device=model.device) * 7919 % vocabulary)[None]
    places = torch.arange(length, device=model.device)[None]
    split = TRIAL[0]
    try:
        with torch.inference_mode():
            plain = model(tokens).logits[0, split:]
            body = Body(model, Tally())
            with attending(model):
                _, trunk = body.hidden(tokens[:, :split], places[:, :split], keep=True)
                hidden, _ = body.hidden(tokens[:, split:], places[:, split:], [Shared(trunk)])
            parts = body.logits(hidden[0])
    except (RuntimeError, AttributeError, TypeError, ValueError, IndexError) as error:
        return f"{name} cannot be run in parts: {str(error).splitlines()[0]}"
    gap = (plain.float().log_softmax(-1) - parts.float().log_softmax(-1)).abs().max().item()
    allowed = 1e-3 if model.dtype == torch.float32 else 0.25
    if not gap <= allowed:
        return f"{name} gives other results in parts (log-probabilities differ by {gap:.2g})"
    return None
