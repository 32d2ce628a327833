"""What each event changes in the tables of shares."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, Table, insert, literal, select

from libs.common.changes import Recorded
from libs.common.money import Money, total
from libs.common.projection.rows import RowChange, added
from services.policy.domain.claim_notes import ClaimNoted, ClaimPaymentNoted, ClaimReserveNoted
from services.policy.domain.park.events import CertificateEnded, CertificateIssued, CertificateWithdrawn
from services.policy.domain.policy.cession import CededAmount
from services.policy.domain.policy.events import Bound, Cancelled, Endorsed
from services.policy.domain.policy.life import Lapsed, Reinstated, ReportingExtended
from services.policy.domain.policy.values import InsurerAmount, Transaction
from services.policy.domain.policy_file import FileOpened
from services.policy.projections import share_tables as tables

PAYMENT, RESERVE = "payment", "reserve"
RECOVERY = "recovery"


def project_shares(recorded: Recorded[Any]) -> Sequence[Executable | RowChange]:
    """The statements for one event; none for events that divide nothing."""
    match recorded.event:
        case Bound() as event:
            return [*_sole_quota_share(recorded, event), *_premium(recorded, [event.transaction])]
        case (
            Endorsed()
            | Cancelled()
            | Lapsed()
            | Reinstated()
            | CertificateIssued()
            | CertificateWithdrawn()
            | CertificateEnded()
        ) as event:
            return _premium(recorded, event.transactions)
        case ReportingExtended(transaction=transaction):
            return _premium(recorded, [transaction])
        case FileOpened(policy_id=policy_id):
            return [_added(tables.policy_file, file_id=recorded.stream, policy_id=UUID(policy_id))]
        case ClaimNoted() as event:
            known = event.occurred or (event.occurred_from.isoformat() if event.occurred_from else "")
            return [_added(tables.claim, file_id=recorded.stream, claim_id=event.claim_id, occurred=known)]
        case ClaimPaymentNoted() as event:
            return [
                *_claim(recorded, event, PAYMENT, event.amount, event.payment_id),
                *_shared_claim(recorded, event.shares),
            ]
        case ClaimReserveNoted() as event:
            delta = -event.delta if event.cost_type == RECOVERY else event.delta
            return _claim(recorded, event, RESERVE, delta, "")
    return []


def _premium(recorded: Recorded[Any], transactions: Sequence[Transaction]) -> list[Executable | RowChange]:
    statements: list[Executable | RowChange] = []
    for each in transactions:
        here = {
            "policy_id": recorded.stream,
            "number": each.number,
            "tenant": recorded.tenant,
            "recorded_at": each.recorded_at,
        }
        statements += _ceded_rows(tables.ceded_premium, here, each.cessions)
        if each.ceded and not each.cessions:
            statements.append(_by_quota_share(here, each))
        statements += [
            _added(tables.shared_premium, **here, insurer_id=share.insurer_id, amount=share.amount.minor_units)
            for share in each.shares
            if share.insurer_id != recorded.tenant
        ]
    return statements


def _ceded_rows(table: Any, here: dict[str, Any], cessions: Sequence[CededAmount]) -> list[Executable | RowChange]:
    return [
        _added(
            table,
            **here,
            source_id=cession.source_id,
            reinsurer_id=part.reinsurer_id,
            fraction=cession.fraction,
            ceded=part.ceded.minor_units,
            commission=part.commission.minor_units,
        )
        for cession in cessions
        for part in cession.reinsurers
    ]


def _sole_quota_share(recorded: Recorded[Any], event: Bound) -> list[Executable | RowChange]:
    quota = event.quota_share
    if quota is None:
        return []
    return [
        _added(
            tables.policy_cession,
            policy_id=recorded.stream,
            source_id=quota.treaty_id,
            reinsurer_id=quota.reinsurer_id,
            fraction=str(Fraction(quota.percent) / 100),
        )
    ]


def _by_quota_share(here: dict[str, Any], each: Transaction) -> Executable:
    """A movement that was recorded when a policy had one cession at most goes to that."""
    found = tables.policy_cession
    row = {**here, "ceded": each.ceded.minor_units, "commission": each.ceding_commission.minor_units}
    columns = [literal(value).label(name) for name, value in row.items()]
    kept = (found.c.source_id, found.c.reinsurer_id, found.c.fraction)
    query = select(*columns, *kept).where(found.c.policy_id == here["policy_id"])
    return insert(tables.ceded_premium).from_select([*row, "source_id", "reinsurer_id", "fraction"], query)


def _claim(
    recorded: Recorded[Any], event: ClaimPaymentNoted | ClaimReserveNoted, kind: str, amount: Money, payment_id: str
) -> list[Executable | RowChange]:
    here = _here(recorded)
    movement = _added(
        tables.claim_movement,
        **here,
        kind=kind,
        claim_id=event.claim_id,
        payment_id=payment_id,
        part_code=event.part_code,
        cost_type=event.cost_type,
        effective_date=event.effective_date,
        amount=amount.minor_units,
        own=total(share.amount for share in event.shares if share.insurer_id == recorded.tenant).minor_units,
    )
    ceded = [
        _added(
            tables.ceded_claim,
            **here,
            source_id=cession.source_id,
            reinsurer_id=part.reinsurer_id,
            fraction=cession.fraction,
            amount=part.ceded.minor_units,
        )
        for cession in event.cessions
        for part in cession.reinsurers
    ]
    return [movement, *ceded]


def _shared_claim(recorded: Recorded[Any], shares: Sequence[InsurerAmount]) -> list[Executable | RowChange]:
    return [
        _added(tables.shared_claim, **_here(recorded), insurer_id=share.insurer_id, amount=share.amount.minor_units)
        for share in shares
        if share.insurer_id != recorded.tenant
    ]


def _here(recorded: Recorded[Any]) -> dict[str, Any]:
    return {
        "file_id": recorded.stream,
        "version": recorded.version,
        "tenant": recorded.tenant,
        "recorded_at": recorded.recorded_at,
    }


def _added(table: Table, **row: Any) -> RowChange:
    return added(table, row)
