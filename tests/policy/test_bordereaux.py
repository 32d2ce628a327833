"""Bordereaux and statements as a reinsurer, a follower and an auditor read them."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest
from google.type import date_pb2
from hubao.claims.v1 import events_pb2 as claims
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import treaty_service_pb2 as treaty_pb

from libs.common.context import Call
from libs.common.dates import SHANGHAI
from libs.common.grpc.convert import date_message
from libs.common.unit import Unit
from services.policy import reactions
from services.policy.domain.errors import PolicyNotFound
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import TransactionKind
from services.policy.projections import exports
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk

YEAR = {"booked_from": date_message(date(2025, 1, 1)), "booked_until": date_message(date(2027, 1, 1))}
CSV, XLSX = treaty_pb.FILE_FORMAT_CSV, treaty_pb.FILE_FORMAT_XLSX
Row = dict[str, Any]


async def sold(desk: Desk) -> tuple[pb.Policy, str]:
    """A policy with a surplus whose panel is two, endorsed in May and cancelled in October; and the treaty."""
    treaty_id: str = (await desk.ask(a.surplus_treaty())).treaty.treaty_id
    policy = (await desk.ask(a.bind(await a.quoted(desk), treaty_id))).policy
    await desk.move_to(datetime(2026, 4, 20, 2, tzinfo=UTC))
    await desk.ask(a.endorse(policy.policy_id, date(2026, 5, 1), a.remove(an.EXTORTION)))
    await desk.move_to(datetime(2026, 9, 30, 16, tzinfo=UTC))  # The first moment of October in Shanghai.
    policy = (await desk.ask(a.cancel(policy.policy_id, date(2026, 10, 1)))).policy
    await desk.catch_up()
    return policy, treaty_id


def of_csv(data: bytes) -> list[Row]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def of_xlsx(data: bytes) -> list[Row]:
    """As text, the way a CSV has it."""
    rows = openpyxl.load_workbook(io.BytesIO(data), read_only=True).active.iter_rows()
    names, *others = [list(row) for row in rows]
    return [{name.value: _text(cell) for name, cell in zip(names, row, strict=True)} for row in others]


def _text(cell: Any) -> str:
    match cell.value:
        case None:
            return ""
        case datetime() as moment:
            return moment.date().isoformat()
        case str() | int() as value if cell.number_format == "General":
            return str(value)
        case number:
            return f"{Decimal(str(number)):.{len(cell.number_format) - 2}f}"


def fen(text: str) -> int:
    return int(Decimal(text) * 100)


async def test_a_premium_bordereau_has_a_row_for_each_transaction(desk: Desk) -> None:
    policy, treaty_id = await sold(desk)
    request = treaty_pb.ExportPremiumBordereauRequest(treaty_id=treaty_id, format=CSV, **YEAR)

    file, data = await desk.exported(request)
    *rows, total = of_csv(data)

    assert (file.file_name, file.rows) == ("premium-SP-2026-20250101-20270101.csv", 3)
    assert (file.sha256, file.size) == (sha256(data).hexdigest(), len(data))
    assert [row["kind"] for row in rows] == ["bind", "endorse", "cancel"]
    assert [row["booked"] for row in rows] == ["2025-12-20", "2026-04-20", "2026-10-01"]
    assert [row["ceded_fraction"] for row in rows] == ["1/3", "25/69", "25/69"]
    assert rows[0]["ceded_percent"] == "33.333333"
    assert rows[0] == rows[0] | {
        "policy_number": policy.policy_number,
        "insured_uscc": an.enterprise().uscc,
        "insured_name": an.enterprise().name,
        "line": "comprehensive",
        "gross_premium": "100000.00",
        "own_share": "60000.00",
        "ceded_premium": "20000.00",
        "commission": "5000.00",
        "net_due": "15000.00",
    }
    for row, moved in zip(rows, policy.transactions, strict=True):
        assert fen(row["ceded_premium"]) == moved.ceded.units * 100 + moved.ceded.nanos // 10_000_000
        assert fen(row["net_due"]) == fen(row["ceded_premium"]) - fen(row["commission"])
    for column in ("gross_premium", "own_share", "ceded_premium", "commission", "net_due"):
        assert fen(total[column]) == sum(fen(row[column]) for row in rows)
    totals = {each.column: each.amount for each in file.totals}
    assert totals["ceded_premium"] == a.yuan(total["ceded_premium"])


async def test_a_workbook_has_the_same_rows_and_the_same_bytes_each_time(desk: Desk) -> None:
    _, treaty_id = await sold(desk)
    request = treaty_pb.ExportPremiumBordereauRequest(treaty_id=treaty_id, format=CSV, **YEAR)
    _, plain = await desk.exported(request)
    request.format = XLSX

    file, book = await desk.exported(request)
    _, again = await desk.exported(request)

    assert of_xlsx(book) == of_csv(plain)
    assert book == again
    assert file.sha256 == sha256(book).hexdigest()


async def test_a_period_and_a_reinsurer_choose_rows_and_parts(desk: Desk) -> None:
    policy, treaty_id = await sold(desk)
    request = treaty_pb.ExportPremiumBordereauRequest(treaty_id=treaty_id, format=CSV, **YEAR)
    parts = {}
    for reinsurer in ("reinsurer-s", "reinsurer-t"):
        request.reinsurer_id = reinsurer
        parts[reinsurer] = [fen(row["ceded_premium"]) for row in of_csv((await desk.exported(request))[1])]
    request.reinsurer_id = ""
    whole = [fen(row["ceded_premium"]) for row in of_csv((await desk.exported(request))[1])]
    request.booked_until.CopyFrom(date_message(date(2026, 10, 1)))
    before, _ = await desk.exported(request)

    assert parts["reinsurer-s"][0] == 1_200_000
    assert [sum(both) for both in zip(*parts.values(), strict=True)] == whole
    assert len(policy.transactions) == 3
    assert before.rows == 2


async def test_pages_do_not_show(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    _, treaty_id = await sold(desk)
    request = treaty_pb.ExportPremiumBordereauRequest(treaty_id=treaty_id, format=CSV, **YEAR)
    _, whole = await desk.exported(request)

    for size in (1, 2, 3):
        monkeypatch.setattr(exports, "PAGE", size)
        assert (await desk.exported(request))[1] == whole


async def paid(desk: Desk, policy_id: str, claim_id: str, occurred: date_pb2.Date, amount: str) -> None:
    await desk.hear(
        reactions.note_claim, claims.ClaimOpened(claim_id=claim_id, policy_id=policy_id, occurred_on=occurred)
    )
    line = {"claim_id": claim_id, "policy_id": policy_id, "part_code": an.DATA}
    for outstanding, delta in ((amount, amount), ("0", f"-{amount}")):
        reserved = claims.ReserveChanged(
            **line,
            cost_type=claims.COST_TYPE_INDEMNITY,
            outstanding=a.yuan(outstanding),
            delta=a.yuan(delta),
            effective_date=date_message(date(2026, 6, 1)),
        )
        await desk.hear(reactions.note_reserve, reserved)
    approved = claims.PaymentApproved(
        **line,
        payment_id=str(uuid4()),
        cost_type=claims.COST_TYPE_INDEMNITY,
        amount=a.yuan(amount),
        approved_on=date_message(date(2026, 6, 2)),
    )
    await desk.hear(reactions.note_payment, approved)


async def test_a_claims_bordereau_cedes_with_the_fraction_of_the_day_of_loss(desk: Desk) -> None:
    policy, treaty_id = await sold(desk)
    claim, later = str(uuid4()), str(uuid4())
    await paid(desk, policy.policy_id, claim, date_pb2.Date(year=2026, month=3), "1000.01")
    await paid(desk, policy.policy_id, later, date_pb2.Date(year=2026, month=5, day=1), "6900.00")
    await desk.catch_up()
    request = treaty_pb.ExportClaimsBordereauRequest(treaty_id=treaty_id, format=XLSX, **YEAR)

    file, data = await desk.exported(request, roles=("auditor",))
    *rows, total = of_xlsx(data)

    assert (file.rows, len(rows)) == (6, 6)
    assert [row["occurred"] for row in rows] == ["2026-03"] * 3 + ["2026-05-01"] * 3
    assert [row["ceded_fraction"] for row in rows] == ["1/3"] * 3 + ["25/69"] * 3
    assert [row["ceded_reserve_change"] for row in rows] == ["200.00", "-200.00", "0.00", "1500.00", "-1500.00", "0.00"]
    assert [row["ceded_paid"] for row in rows] == ["0.00", "0.00", "200.00", "0.00", "0.00", "1500.00"]
    assert (rows[2]["paid"], rows[2]["own_paid"]) == ("1000.01", "600.01")
    assert (total["paid"], total["ceded_paid"], total["ceded_reserve_change"]) == ("7900.01", "1700.00", "0.00")


async def test_a_followers_statement_has_its_shares_and_what_is_due(desk: Desk) -> None:
    policy, _ = await sold(desk)
    await paid(desk, policy.policy_id, str(uuid4()), date_pb2.Date(year=2026), "1000.00")
    await desk.catch_up()
    request = treaty_pb.ExportFollowerStatementRequest(insurer_id=an.FOLLOWER, format=CSV, **YEAR)

    file, data = await desk.exported(request)
    *rows, total = of_csv(data)

    assert [row["entry"] for row in rows] == [TransactionKind.BIND, "endorse", "cancel", "claim"]
    assert (rows[0]["premium_share"], rows[0]["vat_booked_by_lead"]) == ("40000.00", "6000.00")
    assert (rows[3]["paid_share"], rows[3]["due_to_follower"]) == ("400.00", "-400.00")
    shares = sum(
        each.shares[1].amount.units * 100 + each.shares[1].amount.nanos // 10**7 for each in policy.transactions
    )
    assert fen(total["premium_share"]) == shares
    assert fen(total["due_to_follower"]) == shares - 40_000
    assert file.rows == 4


async def test_a_name_that_looks_like_a_formula_is_text(desk: Desk) -> None:
    product = await a.product(desk)
    request = a.create_submission(product)
    request.insured.name = '=HYPERLINK("http://example.org"),"x"'
    submission_id = (await desk.ask(request)).submission.submission_id
    await desk.ask(a.submission_pb.CreateQuoteRequest(submission_id=submission_id))
    treaty_id = (await desk.ask(a.surplus_treaty())).treaty.treaty_id
    await desk.ask(a.bind(submission_id, treaty_id))
    await desk.catch_up()
    ask = treaty_pb.ExportPremiumBordereauRequest(treaty_id=treaty_id, format=CSV, **YEAR)

    plain = of_csv((await desk.exported(ask))[1])
    ask.format = XLSX
    book = openpyxl.load_workbook(io.BytesIO((await desk.exported(ask))[1])).active

    assert plain[0]["insured_name"] == "'" + request.insured.name
    assert (book["B2"].value, book["B2"].data_type) == (request.insured.name, "s")


async def test_a_movement_that_was_stored_without_its_cessions_goes_to_the_sole_quota_share(desk: Desk) -> None:
    policy = await a.bound(desk)
    policy_id = UUID(policy.policy_id)
    now = desk.clock.now()
    call = Call(an.TENANT, "", "test", frozenset(), str(uuid4()), b"old", now, "c")

    async def plan(unit: Unit) -> None:
        value = await unit.get(Policy, policy_id, PolicyNotFound(policy_id=policy_id))
        (made,) = value.endorse(an.product_terms(), date(2026, 7, 1), [an.remove(an.EXTORTION)], "", "r", now)
        (moved,) = made.transactions
        unit.record(Policy, policy_id, [replace(made, transactions=(replace(moved, cessions=()),))])

    await desk.application.react(call, plan)
    await desk.catch_up()
    treaty_id = policy.timeline.quota_share.treaty_id
    request = treaty_pb.ExportPremiumBordereauRequest(treaty_id=treaty_id, format=CSV, **YEAR)
    *rows, _ = of_csv((await desk.exported(request))[1])

    assert [row["kind"] for row in rows] == ["bind", "endorse"]
    assert [row["ceded_fraction"] for row in rows] == ["3/10", "3/10"]
    assert rows[1]["ceded_premium"] == "-725.92"  # 30 % of 60 % of 8,000.00 for 184 days of 365, of 4,032.88.


async def test_an_empty_period_is_a_file_without_rows(desk: Desk) -> None:
    treaty_id = await a.treaty(desk)
    request = treaty_pb.ExportClaimsBordereauRequest(treaty_id=treaty_id, format=CSV, **YEAR)

    file, data = await desk.exported(request)

    assert file.rows == 0
    assert [row["policy_number"] for row in of_csv(data)] == ["TOTAL"]


async def test_wrong_asks_and_strangers_are_refused(desk: Desk) -> None:
    treaty_id = await a.treaty(desk)
    good = treaty_pb.ExportPremiumBordereauRequest(treaty_id=treaty_id, format=CSV, **YEAR)
    back, unknown, other = (treaty_pb.ExportPremiumBordereauRequest() for _ in range(3))
    for each in (back, unknown, other):
        each.CopyFrom(good)
    back.booked_until.CopyFrom(back.booked_from)
    unknown.reinsurer_id = "reinsurer-z"
    other.treaty_id = str(uuid4())
    own = treaty_pb.ExportFollowerStatementRequest(insurer_id=an.TENANT, format=CSV, **YEAR)

    assert await desk.refused(back) == ("INVALID_ARGUMENT", "booked_until")
    assert await desk.refused(unknown) == ("INVALID_ARGUMENT", "reinsurer_id")
    assert await desk.refused(other) == ("NOT_FOUND", "TREATY_NOT_FOUND")
    assert await desk.refused(own) == ("INVALID_ARGUMENT", "insurer_id")
    assert await desk.refused(good, tenant="insurer-z") == ("NOT_FOUND", "TREATY_NOT_FOUND")
    assert (await desk.refused(good, roles=("vendor",), tenant=""))[0] == "PERMISSION_DENIED"


async def test_another_insurers_rows_are_not_in_a_statement(desk: Desk) -> None:
    await sold(desk)
    request = treaty_pb.ExportFollowerStatementRequest(insurer_id=an.FOLLOWER, format=CSV, **YEAR)

    file, _ = await desk.exported(request, tenant="insurer-z")

    assert file.rows == 0


def test_the_first_moment_of_a_day_in_shanghai_belongs_to_it() -> None:
    day = exports.Booked("t", date(2026, 10, 1), date(2026, 10, 2))

    assert exports.start_of_day(day.first) == datetime(2026, 10, 1, tzinfo=SHANGHAI)
