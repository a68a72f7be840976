"""lm-eval's prompt templates, compiled once instead of once a document and field.

lm-eval 0.4.13 compiles a task's Jinja template anew for every document, several times over; on
small models that is most of the time (two thirds of a cell of 200 items on a 100k-parameter model).
A compiled template has no state, so one can serve every document and every model.
"""

from functools import lru_cache


def compile_once() -> None:
    """Let lm-eval's Jinja environment remember the templates it has compiled."""
    from lm_eval import utils

    if not hasattr(utils.env.from_string, "cache_info"):
        utils.env.from_string = lru_cache(maxsize=4096)(utils.env.from_string)
