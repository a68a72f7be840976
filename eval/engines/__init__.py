"""lm-eval model classes of our own, and one way to load these and lm-eval's."""

from typing import TYPE_CHECKING, Any

from eval.errors import InputError

if TYPE_CHECKING:
    from lm_eval.api.model import LM

DEFAULT = "shared-prefix"


def register() -> None:
    """Make our model classes known to lm-eval by name; they are imported when first used."""
    import lm_eval.models  # noqa: F401 - fills the registry
    from lm_eval.api.registry import model_registry

    if DEFAULT not in model_registry:
        model_registry.register(DEFAULT, target="eval.engines.shared_prefix:SharedPrefixLM")


def load(engine: str, pretrained: Any, **settings: Any) -> "LM":
    """A model ready for lm-eval's evaluator.

    engine: `shared-prefix`, or any model class lm-eval knows (`hf` is its own transformers
    backend; `vllm` and `local-completions` pass through). pretrained: a folder, a hub name or a
    loaded model. settings: what the engine's class takes (the first two: revision, dtype, device,
    batch_size; `shared-prefix` memory and tokens too); those that are None are left to the class.
    A server decides on its own dtype and device.

    Raises InputError for an engine nobody knows.
    """
    from lm_eval.api.registry import get_model

    register()
    try:
        kind = get_model(engine)
    except ValueError as error:
        raise InputError(
            f"engine: {engine}: lm-eval has no such model class; use shared-prefix or hf"
        ) from error
    from lm_eval.models.api_models import TemplateAPI

    given = {name: value for name, value in settings.items() if value is not None}
    if isinstance(kind, type) and issubclass(kind, TemplateAPI):
        given.pop("dtype", None)
        given.pop("device", None)
    return kind(pretrained=pretrained, **given)
