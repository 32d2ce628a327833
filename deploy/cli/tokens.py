"""`hubao token`: tokens of the local issuer. In production an identity provider issues them."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from hubao.common.v1 import access_pb2

from deploy.cli.operator import Misused
from deploy.cli.options import Data, Json, plainly
from deploy.cli.output import Output
from libs.common.callers import problem_of
from libs.common.names import principal_of
from libs.common.tokens import KEY_FILE, IssuerKeyUnusable, LocalIssuer

ROLES = sorted(name.removeprefix("ROLE_").lower() for name in access_pb2.Role.keys()[1:])

app = typer.Typer(no_args_is_help=True, help="Tokens of the local issuer.")

Subject = Annotated[str, typer.Argument(help="Who it is for, as the audit trail will name them.")]
Role = Annotated[list[str], typer.Option(help=f"One of {', '.join(ROLES)}; may be repeated.")]
Organisation = Annotated[str, typer.Option(help="Who they are: the id of an insurer, a vendor, an authority.")]
Tenant = Annotated[str, typer.Option(help="The insurer whose data they touch; none for vendors and operators.")]
Hours = Annotated[int, typer.Option(min=1, max=24 * 365, help="For how long it is good.")]


@app.command()
def issue(
    subject: Subject,
    role: Role,
    organisation: Organisation = "hubao",
    tenant: Tenant = "",
    hours: Hours = 1,
    data: Data = Path("data"),
    json: Json = False,
) -> None:
    """Prints a token that the services of a local stack accept."""
    with plainly():
        for name in role:
            if name not in ROLES:
                raise Misused(f"there is no role {name}; there are {', '.join(ROLES)}")
        try:
            principal_of(subject)
        except ValueError as error:
            raise Misused(str(error)) from None
        if problem := problem_of(frozenset(role), organisation, tenant):
            raise Misused(problem)
        directory = data / "identity"
        if not (directory / KEY_FILE).is_file():
            raise Misused(f"there is no issuer in {directory}: give the --data of a local stack")
        try:
            issuer = LocalIssuer.create(directory)
        except (IssuerKeyUnusable, OSError) as error:
            raise Misused(str(error)) from None
        token = issuer.token(subject, organisation, tenant, role, timedelta(hours=hours))
        Output(json).say({"token": token}, token)
