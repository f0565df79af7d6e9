"""The command line. Heavy libraries are imported inside the commands, so help is instant."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from app.commands import bring, evals, heads, look, serve, tokens, world

application = typer.Typer(
    name="undertone",
    help=(
        "Listen to what customers say and what the business records, find what goes wrong, "
        "prove its cause, and draft the ticket and the message for a person to approve.\n\n"
        "First look:  undertone demo\n\n"
        "Own data:    undertone ingest tickets.jsonl orders.csv.gz && undertone run --once "
        "&& undertone serve"
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@application.callback()
def _prepare(
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log every step as JSON on stderr.")
    ] = False,
) -> None:
    from app.logs import set_up_logging

    set_up_logging(verbose=verbose)


bring.register(application)
look.register(application)
heads.register(application)
serve.register(application)
tokens.register(application)
world.register(application)
evals.register(application)


def main() -> None:
    """Run the command line; every error ends with its exit code and one clear message."""
    from app.problems import exit_code, explain

    try:
        application()
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        print(f"undertone: {explain(error)}", file=sys.stderr)  # noqa: T201
        sys.exit(code)


if __name__ == "__main__":
    main()
