"""What a person sees at the end: what happened in each service, the books, the checks, and where to go on from here."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hubao.billing_subsidy.v1 import ledger_service_pb2 as ledger_pb
from hubao.claims.v1 import claim_pb2
from hubao.claims.v1 import claim_service_pb2 as claim_pb
from hubao.policy.v1 import policy_service_pb2 as policy_pb
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from deploy.local.cast import Cast
from deploy.local.checks import Figure, Invariant, read, shown
from deploy.local.cluster import Cluster
from deploy.local.reporting import Reported

RIGHT, WRONG = "[green]✓[/]", "[bold red]✗[/]"


async def print_report(
    console: Console, cast: Cast, cluster: Cluster, figures: Sequence[Figure], invariants: Sequence[Invariant]
) -> None:
    """The state of the services, the books, and every check with its figures."""
    premium, orders, claims, control, trial, status = await asyncio.gather(
        cast.auditor(policy_pb.GetPremiumSummaryRequest()),
        cast.auditor(order_pb.GetOrderTotalsRequest()),
        cast.auditor(claim_pb.GetClaimTotalsRequest()),
        cast.auditor(ledger_pb.GetControlTotalsRequest()),
        cast.auditor(ledger_pb.GetTrialBalanceRequest()),
        cluster.status(),
    )
    console.print()
    console.rule("[bold]What happened")
    console.print(_services(premium, orders, claims.totals, control.totals, status))
    console.rule("[bold]The books")
    console.print(_trial_balance(trial))
    console.rule("[bold]The year, to the fen")
    console.print(_figures(figures))
    console.rule("[bold]What must be equal")
    console.print(_invariants(invariants))


def print_incidents(console: Console, reported: Reported) -> None:
    """The incidents by outcome, summing up to all of them, and the damaged lines."""
    console.rule("[bold]Real incidents as first notices")
    table = Table("outcome", box=None, pad_edge=False, header_style="dim")
    table.add_column("incidents", justify="right")
    for outcome, count in reported.outcomes():
        table.add_row(outcome, f"{count:,}")
    table.add_section()
    table.add_row("together", f"{reported.tally.total:,}", style="bold")
    console.print(f"{reported.lines:,} records in {reported.path}")
    console.print(table)
    for damaged in reported.tally.damaged:
        console.print(f"[red]line {damaged.line}[/] {damaged.problem}")


def print_connection(console: Console, addresses: Mapping[str, str], tokens: Path, urls: Mapping[str, str]) -> None:
    """Where the running system can be reached, and with which tokens."""
    table = Table.grid(padding=(0, 2))
    for name, address in addresses.items():
        table.add_row(name, f"[bold]{address}[/]", "gRPC with reflection and health")
    for name, url in urls.items():
        table.add_row(name, f"[bold]{url}[/]", "")
    table.add_row("tokens", f"[bold]{tokens}[/]", ", ".join(sorted(path.name for path in tokens.iterdir())))
    console.print(Panel(table, title="where to connect", title_align="left"))


def _services(premium: Any, orders: Any, claims: Any, control: Any, status: Mapping[str, Any]) -> Table:
    states = {order_pb.OrderState.Name(one.state): one.orders for one in orders.states}
    claim_states = {claim_pb2.ClaimState.Name(one.state): one.claims for one in claims.by_state}
    happened = {
        "policy": (
            f"{premium.policies:,} policies bound, {premium.policies_in_force:,} in force; premium "
            f"{shown(read(premium.premium))}, VAT {shown(read(premium.vat))}, ceded {shown(read(premium.ceded))}"
        ),
        "vendor_gateway": (
            f"{orders.orders:,} orders: {_counts(states, 'ORDER_STATE_')}; fees {shown(read(orders.verified_fees))}, "
            f"credits {shown(read(orders.credits))}"
        ),
        "claims": (
            f"{claims.claims:,} claims: {_counts(claim_states, 'CLAIM_STATE_')}; {claims.payments:,} payments of "
            f"{shown(read(claims.payments_approved))}, reserved {shown(read(claims.reserved))}"
        ),
        "billing_subsidy": (
            f"invoiced {shown(read(control.premium_invoiced))}, received {shown(read(control.premium_received))}; "
            f"subsidy granted {shown(read(control.subsidy_granted_cases))}, of which disbursed "
            f"{shown(read(control.subsidy_disbursed_cases))}; vendors paid {shown(read(control.vendor_settled))}"
        ),
    }
    table = Table("service", "what happened", box=None, pad_edge=False, header_style="dim")
    table.add_column("events", justify="right")
    table.add_column("announced", justify="right")
    for name, text in happened.items():
        table.add_row(f"[bold]{name}[/]", text, f"{status[name].position:,}", f"{status[name].outbox_position:,}")
    return table


def _counts(counts: Mapping[str, int], prefix: str) -> str:
    return ", ".join(
        f"{count:,} {name.removeprefix(prefix).lower().replace('_', ' ')}" for name, count in counts.items()
    )


def _trial_balance(trial: Any) -> Table:
    table = Table("account", "", "", box=None, pad_edge=False, header_style="dim")
    for title in ("debit", "credit", "balance"):
        table.add_column(title, justify="right")
    for line in trial.lines:
        amounts = (shown(read(amount)) for amount in (line.debit, line.credit, line.balance))
        table.add_row(line.account.code, line.account.name_zh, line.account.name_en, *amounts)
    table.add_section()
    for sum_of_all in trial.totals:
        table.add_row("", "", "all accounts", *(shown(read(sum_of_all)),) * 2, "0.00", style="bold")
    return table


def _figures(figures: Sequence[Figure]) -> Table:
    table = Table("", "figure", box=None, pad_edge=False, header_style="dim")
    table.add_column("should be", justify="right")
    table.add_column("is", justify="right")
    for figure in figures:
        mark, style = (RIGHT, "") if figure.holds else (WRONG, "red")
        table.add_row(mark, figure.name, figure.expected, figure.actual, style=style)
    return table


def _invariants(invariants: Sequence[Invariant]) -> RenderableType:
    blocks: list[RenderableType] = []
    for invariant in invariants:
        sums = Table.grid(padding=(0, 2))
        sums.add_column(width=2)
        sums.add_column(justify="right", min_width=16)
        sums.add_column()
        for source, value in invariant.sums:
            sums.add_row("", value if invariant.holds else f"[red]{value}[/]", f"[dim]{source}[/]")
        blocks += [Text.from_markup(f"{RIGHT if invariant.holds else WRONG} [bold]{invariant.name}[/]"), sums]
    return Group(*blocks)
