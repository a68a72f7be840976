"""lm-eval model classes: `shared-prefix`, the default, and lm-eval's own `hf`."""

from typing import TYPE_CHECKING, Any

from eval.errors import InputError

if TYPE_CHECKING:
    from lm_eval.api.model import LM

ENGINES = ("shared-prefix", "hf")
DEFAULT = "shared-prefix"


def load(
    engine: str,
    pretrained: Any,
    revision: str = "main",
    dtype: str | None = None,
    device: str | None = None,
    batch_size: int | str = 16,
    **settings: Any,
) -> "LM":
    """A model ready for lm-eval's evaluator.

    engine: one of `ENGINES`. pretrained: a folder, a hub name or a loaded model. dtype: float32 on
    a CPU unless given. batch_size: for `hf`, and for models that `shared-prefix` hands to it.
    settings: what the engine's class takes beyond these (`shared-prefix`: memory, tokens).
    """
    if engine not in ENGINES:
        raise InputError(f"engine: {engine}: no such engine; use one of {', '.join(ENGINES)}")
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    given = {
        "revision": revision,
        "dtype": dtype or ("float32" if device == "cpu" else "auto"),
        "device": device,
        "batch_size": batch_size,
        **settings,
    }
    if engine == "hf":
        from lm_eval.models.huggingface import HFLM

        return HFLM(pretrained, **given)
    from eval.engines.shared_prefix import SharedPrefixLM

    return SharedPrefixLM(pretrained, **given)
