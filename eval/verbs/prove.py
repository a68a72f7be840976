"""eval prove: judge one proof for a person, and say why not."""

import json as jsons
from pathlib import Path
from typing import Annotated

import typer

from eval import request
from eval.errors import InputError


def command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="a file with a theorem and its proof")
    ],
    checker: Annotated[str, typer.Option(help="coq, lean or kernel")] = "coq",
    statement: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="the statement to prove, where FILE must not say it itself"
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(help="CPU time the proof may take")] = 60.0,
    json: request.Json = False,
) -> None:
    """Judge the proof of the last theorem in FILE, or of the theorem in --statement.

    Without --statement the theorem may use what FILE imports, and no definition of its own.

    Exit status: 0 verified, 1 not, 2 bad input or no checker, 3 the checker failed.

    Example: python -m eval prove one.v --checker coq --statement minif2f-rocq/test/one.v
    """
    from eval.proofs import pool
    from eval.proofs.checker import CheckerError, Limits, Problem, check
    from eval.proofs.statement import StatementError

    text = _read(file)
    try:
        if statement is not None:
            problem, candidate = Problem(statement.stem, _read(statement)), text
        else:
            source, candidate = pool.split(checker, file.stem, text)
            problem = Problem(file.stem, source)
        judge = pool.ready(checker)
        (verdict,) = check(judge, problem, [candidate], Limits(cpu_s=seconds))
    except StatementError as error:
        raise InputError(f"{statement or file}: {error}; give a file with one theorem") from None
    except CheckerError as error:
        raise InputError(f"--checker {checker}: {error}") from None
    held = sorted(pool.protections(judge))
    if json:
        typer.echo(jsons.dumps({**verdict.as_json(), "protections": held}, indent=1))
    else:
        typer.echo(f"{verdict.status}  {file}" + (f": {verdict.reason}" if verdict.reason else ""))
        if verdict.axioms:
            typer.echo(f"rests on: {', '.join(verdict.axioms)}")
        typer.echo(f"{verdict.check_ms:.0f} ms, {verdict.checker_id}")
        typer.echo(f"protections that held: {', '.join(held) or 'none'}")
    exits = {"verified": 0, "checker_error": 3}
    raise typer.Exit(exits.get(verdict.status, 1))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise InputError(f"{path}: {reason}; give a readable file") from None
