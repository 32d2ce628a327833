"""What every command has: the options that say which services are meant, and the way in which it ends."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from deploy.cli.operator import Failed, credentials_of, operator_of
from deploy.cli.output import Output
from deploy.local.clients import SERVICES

Service = Annotated[
    list[str], typer.Option("--service", "-s", help=f"Only this one of {', '.join(SERVICES)}; may be repeated.")
]
Address = Annotated[
    list[str], typer.Option("--address", "-a", help="Where a service listens, service=host:port; may be repeated.")
]
Data = Annotated[Path, typer.Option(help="The data directory of a local stack, with its addresses and tokens.")]
Token = Annotated[Path | None, typer.Option(help="The file with an operator's token; else that of the local stack.")]
Ca = Annotated[Path | None, typer.Option(help="Who signs the services' certificates, PEM; without it plain text.")]
Cert = Annotated[Path | None, typer.Option(help="The operator's own certificate, PEM, for mutual TLS.")]
Key = Annotated[Path | None, typer.Option(help="The key of that certificate, PEM.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a text for people.")]

_COMMON: dict[str, tuple[Any, Any]] = {
    "service": (Service, []),
    "address": (Address, []),
    "data": (Data, Path("data")),
    "token": (Token, None),
    "ca": (Ca, None),
    "cert": (Cert, None),
    "key": (Key, None),
    "json": (Json, False),
}


class Plain(TyperGroup):
    """The whole command line: what is wrong with one is said in one line, like everything else that fails."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        try:
            status = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except TyperException as error:
            says, context = error.format_message().rstrip("."), getattr(error, "ctx", None)
            if says:  # Nothing is left to say where a command without words has shown its help.
                print(f"hubao: {says}; see {context.command_path if context else 'hubao'} --help", file=sys.stderr)
            status = error.exit_code
        if not standalone_mode:
            return status
        sys.exit(status or 0)


def operating(function: Callable[..., None]) -> Callable[..., None]:
    """Makes a command of a function that takes an operator and an output first, and its own options after them."""
    own = list(signature(function).parameters.values())[2:]
    common = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in _COMMON.items()
    ]

    @wraps(function)
    def command(**given: Any) -> None:
        service, address, data, token, ca, cert, key, json = (given.pop(name) for name in _COMMON)
        with plainly():
            operator = operator_of(service, address, data, token, credentials_of(ca, cert, key))
            function(operator, Output(json), **given)

    command.__signature__ = signature(function).replace(  # type: ignore[attr-defined]
        parameters=[*(one.replace(kind=Parameter.KEYWORD_ONLY) for one in own), *common]
    )
    return command


@contextmanager
def plainly() -> Iterator[None]:
    """Ends with one clear line instead of a traceback: status 1 if it failed, 2 if the command line is wrong."""
    try:
        yield
    except Failed as failure:
        print(f"hubao: {failure}", file=sys.stderr)
        raise typer.Exit(failure.status) from None
    except KeyboardInterrupt:
        print("hubao: stopped", file=sys.stderr)
        raise typer.Exit(1) from None
