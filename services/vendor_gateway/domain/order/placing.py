"""Decisions by which an order finds its vendor: offer, decline, lapse, accept, give up, search anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.dates import date_in_shanghai
from services.vendor_gateway.domain.conflicts import conflict
from services.vendor_gateway.domain.errors import (
    ConflictOfInterest,
    OfferLapsed,
    OrderNotOffered,
    OrderNotUnplaced,
)
from services.vendor_gateway.domain.order.events import (
    Accepted,
    Declined,
    Lapsed,
    Offered,
    OrderEvent,
    Ranked,
    Reopened,
    Unplaced,
    UnplacedReason,
)
from services.vendor_gateway.domain.order.facts import HELD, TAKEN, OrderFacts, State
from services.vendor_gateway.domain.ranking import RANKING_PLAN, Applicant, Need, rank
from services.vendor_gateway.domain.vendor import Vendor


@dataclass(frozen=True)
class Placing(OrderFacts):
    """What an order decides until a vendor holds it."""

    def offer(self, applicants: Sequence[Applicant], lot: UUID, at: datetime) -> list[OrderEvent]:
        """Offers the order to the best vendor that was not asked yet; with none left it is unplaced.

        `lot` is the order's id, from which the order of equally good vendors is drawn.
        """
        if self.state is not State.REQUESTED:
            return []
        need = Need(
            service=self.service,
            insured=self.insured,
            on=date_in_shanghai(at),
            lot=lot,
            assessors=self.assessors,
            asked=self.asked,
        )
        ranking = rank(need, list(applicants), RANKING_PLAN)
        ranked = Ranked(plan=RANKING_PLAN.version, ranking=ranking, ranked_at=at)
        best = next((candidate for candidate in ranking if candidate.eligible), None)
        if best is None:
            reason = UnplacedReason.ALL_DECLINED if self.asked else UnplacedReason.NO_CANDIDATE
            return [ranked, Unplaced(reason=reason, unplaced_at=at)]
        respond_by = at + timedelta(hours=self.service.respond_within_hours)
        return [ranked, Offered(vendor_id=best.vendor_id, offered_at=at, respond_by=respond_by)]

    def decline(self, reason: str, at: datetime) -> list[Declined]:
        return [Declined(vendor_id=self._offered_to(at), reason=reason, declined_at=at)]

    def lapse(self, at: datetime) -> list[Lapsed]:
        """Takes an offer back when its time has passed; otherwise there is nothing to do."""
        if self.state is not State.OFFERED or self.vendor_id is None or self.respond_by is None or at < self.respond_by:
            return []
        return [Lapsed(vendor_id=self.vendor_id, lapsed_at=at)]

    def accept(self, vendor: Vendor, at: datetime) -> list[Accepted]:
        """The vendor takes the order. Its capacity is a guard, so it is not judged here."""
        if self.state in HELD or self.state in TAKEN:
            return []
        vendor_id = self._offered_to(at)
        accreditation = vendor.may_work(date_in_shanghai(at))
        problem = conflict(vendor_id, accreditation, self.service.service_type, self.insured.uscc, self.assessors)
        if problem is not None:
            raise ConflictOfInterest(vendor_id=vendor_id, conflict=problem)
        start_by = at + timedelta(hours=self.service.start_within_hours)
        deliver_by = at + timedelta(hours=self.service.deliver_within_hours)
        return [Accepted(vendor_id=vendor_id, accepted_at=at, start_by=start_by, deliver_by=deliver_by)]

    def reopen(self, by: str, at: datetime) -> list[Reopened]:
        """Begins the search anew, everyone may be asked again."""
        if self.state is State.OFFERED:
            return []
        if self.state is not State.UNPLACED:
            raise OrderNotUnplaced(state=self.state)
        return [Reopened(reopened_by=by, reopened_at=at)]

    def _offered_to(self, at: datetime) -> UUID:
        if self.state is not State.OFFERED or self.vendor_id is None or self.respond_by is None:
            raise OrderNotOffered(state=self.state)
        if at >= self.respond_by:
            raise OfferLapsed(respond_by=self.respond_by.isoformat())
        return self.vendor_id
