"""The `lm_eval` command with our model classes among those it knows.

Example: python -m eval.engines --model shared-prefix --model_args pretrained=PATH --tasks piqa
"""

from lm_eval.__main__ import cli_evaluate

from eval import engines

if __name__ == "__main__":
    engines.register()
    cli_evaluate()
