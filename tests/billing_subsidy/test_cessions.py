"""Several reinsurers in the insurer's books: each is owed, and owes, its own part."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hubao.claims.v1 import events_pb2 as claims_pb
from hubao.policy.v1 import terms_pb2 as terms_pb

from libs.common.grpc.convert import date_message, money_message
from libs.common.money import Money
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.account.cessions import CededShare, FractionPeriod, Panelist, ReinsurersPart
from services.billing_subsidy.domain.account.events import Cause, CessionsMoved, ClaimCeded, CostType
from services.billing_subsidy.domain.account.events import ClaimPaymentNoted as Payment
from services.billing_subsidy.domain.account.events import ClaimReserveNoted as Reserve
from services.billing_subsidy.domain.account.premium import Movement
from services.billing_subsidy.domain.ledger.entry import EntryPosted
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import BOUND_ON, TERM, account, after, facts, movement, yuan
from tests.billing_subsidy.office import Office

CLAIM = UUID(int=77)
JULY = date(2026, 7, 1)
R, S, F = "reinsurer-r", "reinsurer-s", "reinsurer-f"


def ceded(source: str, panel: dict[str, str], *fractions: str) -> CededShare:
    """One fraction for the term, or one before July and one from it on."""
    days = [TERM.inception, JULY, TERM.expiry] if len(fractions) == 2 else [TERM.inception, TERM.expiry]
    periods = tuple(FractionPeriod(*each) for each in zip(days, days[1:], fractions, strict=False))
    return CededShare(source, tuple(Panelist(name, Decimal(percent)) for name, percent in panel.items()), periods)


FACULTATIVE = ceded("facultative", {F: "100"}, "1/5")
SURPLUS = ceded("surplus", {R: "60", S: "40"}, "1/3", "5/18")


def divided(one: Movement) -> Movement:
    """A bind of 100,000.00 of which 12,000.00 are ceded facultatively and 20,000.00 to the surplus."""
    parts = (
        ReinsurersPart(F, yuan("12000"), yuan("2400")),
        ReinsurersPart(R, yuan("12000"), yuan("3000")),
        ReinsurersPart(S, yuan("8000"), yuan("2000")),
    )
    fields = {name: getattr(one, name) for name in one.__dataclass_fields__}
    return Movement(**{**fields, "ceded": yuan("32000"), "ceding_commission": yuan("7400"), "cessions": parts})


def opened() -> PolicyAccount:
    return account(bind=movement(1, "bind", "0.00"), quota_share=None, cessions=(FACULTATIVE, SURPLUS))


def by_party(events: Sequence[object], code: str) -> dict[str, str]:
    sums: dict[str, Money] = {}
    for event in events:
        if isinstance(event, EntryPosted):
            for line in event.entry.lines:
                if line.account == code:
                    sums[line.party] = sums.get(line.party, yuan("0")) + line.signed
    return {party: str(amount).removesuffix(" CNY") for party, amount in sums.items() if amount}


def test_each_reinsurer_is_owed_its_premium_and_owes_its_commission() -> None:
    events = opened().move(Cause.CHANGED, [divided(movement(2, "endorse", "100000.00"))], BOUND_ON, BOUND_ON)

    assert by_party(events, "2261") == {F: "-12,000.00", R: "-12,000.00", S: "-8,000.00"}
    assert by_party(events, "1211") == {F: "2,400.00", R: "3,000.00", S: "2,000.00"}


def test_cessions_that_do_not_sum_to_what_is_ceded_are_no_movement() -> None:
    one = divided(movement(2, "endorse", "100000.00"))
    fields = {name: getattr(one, name) for name in one.__dataclass_fields__}

    with pytest.raises(ValueError, match="do not sum"):
        Movement(**{**fields, "ceded": yuan("32000.01")})


def paid(policy: PolicyAccount, amount: str) -> Sequence[object]:
    noted = Payment(
        claim_id=CLAIM,
        payment_id=UUID(int=78),
        part_code="BI",
        cost_type=CostType.INDEMNITY,
        amount=yuan(amount),
        approved_on=JULY,
    )
    return policy.note_claim_payment(noted, JULY)


def test_a_payment_is_recovered_with_the_fractions_of_the_day_of_loss() -> None:
    june = after(opened(), opened().open_claim(CLAIM, date(2026, 6, 30)))
    july = after(opened(), opened().open_claim(CLAIM, JULY))

    assert by_party(paid(june, "1000.01"), "1211") == {F: "120.00", R: "120.01", S: "80.00"}
    assert by_party(paid(july, "1000.01"), "1211") == {F: "120.00", R: "100.00", S: "66.67"}
    assert by_party(paid(opened(), "1000.01"), "1211") == by_party(paid(june, "1000.01"), "1211")


def test_a_claim_keeps_its_fractions_so_that_its_reserve_runs_off_to_nothing() -> None:
    policy = after(opened(), opened().open_claim(CLAIM, JULY))

    def changed(policy: PolicyAccount, outstanding: str, delta: str) -> Sequence[object]:
        noted = Reserve(
            claim_id=CLAIM,
            part_code="BI",
            cost_type=CostType.INDEMNITY,
            outstanding=yuan(outstanding),
            delta=yuan(delta),
            effective_date=JULY,
        )
        return policy.note_reserve(noted, JULY)

    events = list(changed(policy, "999.99", "999.99"))
    policy = after(policy, policy.move_cessions((FACULTATIVE, ceded("surplus", {R: "60", S: "40"}, "1/2"))))
    events += changed(policy, "333.33", "-666.66")
    events += changed(policy, "0", "-333.33")

    assert by_party(events, "1212") == {}
    assert policy.open_claim(CLAIM, JULY) == []


def test_cessions_that_move_are_noted_once() -> None:
    policy = opened()
    moved = (FACULTATIVE, ceded("surplus", {R: "60", S: "40"}, "1/2"))

    events = policy.move_cessions(moved)

    assert events == [CessionsMoved(cessions=moved)]
    assert after(policy, events).move_cessions(moved) == []
    assert policy.open_claim(CLAIM, JULY) == [ClaimCeded(claim_id=CLAIM, fractions=("1/5", "5/18"))]


def test_a_sole_quota_share_is_the_same_in_both_forms() -> None:
    before = facts()
    now = facts(quota_share=None, cessions=(ceded("quota", {"reinsurer": "100"}, "3/10"),))

    for fen in range(200):
        assert now.ceded(Money("CNY", fen)) == before.ceded(Money("CNY", fen))


def announced() -> tuple[terms_pb.PolicyTimeline, terms_pb.PremiumTransaction]:
    """As policy puts it: a surplus with a panel of two."""
    bound = heard.bound(movement=movement(1, "bind", "100000.00"))
    timeline, transaction = bound.timeline, bound.transaction
    timeline.ClearField("quota_share")
    cession = timeline.cessions.add(kind=terms_pb.CESSION_KIND_SURPLUS, source_id="surplus", commission_percent="25")
    for name, percent in ((R, "60"), (S, "40")):
        cession.reinsurers.add(reinsurer_id=name, percent=percent)
    period = cession.periods.add(to=date_message(TERM.expiry), fraction="3/10")
    getattr(period, "from").CopyFrom(date_message(TERM.inception))
    made = transaction.cessions.add(source_id="surplus", fraction="3/10")
    for name, premium, commission in ((R, "10800", "2700"), (S, "7200", "1800")):
        made.reinsurers.add(
            reinsurer_id=name,
            ceded=money_message(yuan(premium)),
            commission=money_message(yuan(commission)),
        )
    return timeline, transaction


async def test_what_policy_and_claims_announce_is_posted_by_reinsurer(office: Office) -> None:
    timeline, transaction = announced()
    bound = heard.bound()
    bound.timeline.CopyFrom(timeline)
    bound.transaction.CopyFrom(transaction)
    claim = claims_pb.ClaimOpened(
        claim_id=str(CLAIM), policy_id=timeline.policy_id, occurred_on=date_message(date(2026, 3, 1))
    )

    for announcement in (bound, claim, claim, heard.payment_approved("1000.00")):
        await office.hear(announcement)
    changed = heard.changed(movement(2, "endorse", "0.00"))
    changed.timeline.CopyFrom(timeline)
    await office.hear(changed)

    balance = await office.trial_balance()
    assert balance["2261"] == "-18,000.00"
    assert balance["1211"] == "4,680.00"  # 4,500.00 of commission and 180.00 of the claim.
