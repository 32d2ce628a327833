"""A policy is renewed on four real processes: the others take up the new one as any other, and every sum agrees."""

from datetime import date

from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.claims.v1 import claim_service_pb2 as claim_pb
from hubao.policy.v1 import policy_life_pb2 as life_pb
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb

from deploy.local.invariants import invariants
from deploy.local.players import Players
from deploy.local.year.selling import LIMITS
from libs.common.grpc.convert import date_message
from tests.system.scene import wrong
from tests.system.test_lapse import bound, fen, pay


async def test_a_renewal_is_invoiced_covered_and_served_as_any_policy(fresh_players: Players) -> None:
    cast, cluster = fresh_players.cast, fresh_players.cluster
    old = await bound(fresh_players)
    await cluster.open_day(date(2025, 12, 20))
    await pay(fresh_players, old.policy_id, "106000.00", date(2025, 12, 20))
    await cluster.open_day(date(2026, 11, 2))

    renew = life_pb.RenewPolicyRequest(policy_id=old.policy_id, submission_key="RENEWAL-2027")
    submission = (await cast.underwriter(renew, "renewal/begin")).submission
    await cast.underwriter(submission_pb.CreateQuoteRequest(submission_id=submission.submission_id), "renewal/quote")
    bind = pb.BindPolicyRequest(submission_id=submission.submission_id, quote_number=1, without_treaties=True)
    new = (await cast.underwriter(bind, "renewal/bind")).policy
    await cluster.drain()

    account = (await cast.auditor(account_pb.GetAccountRequest(policy_id=new.policy_id))).account
    coverage = (await cast.auditor(claim_pb.GetCoverageAccountRequest(policy_id=new.policy_id))).account
    [segment] = coverage.terms_history[0].segments
    assert fen(account.receivable) == 10_600_000
    assert getattr(segment, "from") == old.timeline.expiry
    carried = [part.retroactive_date for part in segment.parts if part.HasField("retroactive_date")]
    assert carried == [date_message(date(2024, 1, 1))] * len(LIMITS)
    assert wrong(await invariants(cast, cluster)) == []
    await cluster.open_day(date(2027, 1, 2))
    assert (await cast.auditor(pb.GetPolicyRequest(policy_id=old.policy_id))).policy.status == pb.POLICY_STATUS_EXPIRED
    assert wrong(await invariants(cast, cluster)) == []
