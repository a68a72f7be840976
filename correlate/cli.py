"""The command line: one typer application, one module a verb in correlate/verbs."""

import sys

import typer

from correlate.errors import InputError
from correlate.verbs import calibrate, check, claims, map, pair, power, report

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def root() -> None:
    """Test whether easy-task gains predict hard-task gains across scale."""


app.command("calibrate")(calibrate.command)
app.command("check")(check.command)
app.command("claims")(claims.command)
app.command("map")(map.command)
app.command("pair")(pair.command)
app.command("power")(power.command)
app.command("report")(report.command)


def main() -> None:
    """Run the application; an InputError becomes one line on stderr and exit status 2."""
    try:
        app()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
