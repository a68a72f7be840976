"""The command line: one typer application, one module a verb in eval/verbs."""

import sys

import typer

from eval.errors import InputError
from eval.verbs import (
    cancel,
    export,
    import_,
    ladders,
    plan,
    prove,
    run,
    scores,
    status,
    suites,
    verify,
)  # fmt: skip

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def root() -> None:
    """Score a ladder of models."""


app.command("run")(run.command)
app.command("plan")(plan.command)
app.command("status")(status.command)
app.command("cancel")(cancel.command)
app.command("scores")(scores.command)
app.command("ladders")(ladders.command)
app.command("suites")(suites.command)
app.command("verify")(verify.command)
app.command("export")(export.command)
app.command("prove")(prove.command)
app.command("import")(import_.command)


def main() -> None:
    """Run the application; an InputError becomes one line on stderr and exit status 2."""
    try:
        app()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
