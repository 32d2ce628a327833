"""How a quote comes about: the cover, its price, the reasons to refer it, and who may release it then."""

from dataclasses import dataclass
from datetime import date

from libs.common.money import Money
from services.policy.domain.assessment import Assessment
from services.policy.domain.cover import Cover, WantedPart, check_wanted, choose, sum_of_limits
from services.policy.domain.product.product import ProductVersion
from services.policy.domain.rating import priced_parts, rate
from services.policy.domain.submission.declared import declared_reasons
from services.policy.domain.submission.events import SubmissionCreated
from services.policy.domain.submission.intake import rating_inputs
from services.policy.domain.submission.renewal import Renewal
from services.policy.domain.submission.values import Quote
from services.policy.domain.underwriting import ReferralReason, referral_reasons
from services.policy.domain.underwriting_errors import AuthorityInsufficient


@dataclass(frozen=True)
class Held:
    """How far somebody is trusted on a day: up to a sum of limits (None: any), for these reasons (none: all)."""

    limit: Money | None
    reasons: tuple[ReferralReason, ...] = ()

    def __str__(self) -> str:
        amount = "any limit" if self.limit is None else f"limits up to {self.limit}"
        return f"{amount} for {', '.join(self.reasons)}" if self.reasons else amount


def quote_of(
    asked: SubmissionCreated,
    assessment: Assessment | None,
    renewal: Renewal | None,
    version: ProductVersion,
    parts: tuple[WantedPart, ...],
    room: Money | None,
    on: date,
) -> Quote:
    """The priced cover with what has to be decided about it; number, expiry and conditions come from the caller."""
    terms, inception = version.terms, asked.period.inception
    check_wanted(parts, inception, "parts")
    cover = Cover(
        tuple(choose(terms, part, inception) for part in parts or asked.parts),
        rating_inputs(asked, assessment, renewal),
    )
    priced = priced_parts(terms, cover, inception)
    limits = sum_of_limits(terms, cover)
    insured = limits if asked.aggregate_limit is None else min(limits, asked.aggregate_limit)
    reasons = (
        *referral_reasons(terms.underwriting, cover.inputs, limits, assessment, on),
        *declared_reasons(terms.underwriting, asked, cover.inputs, insured, room, on),
    )
    return Quote(
        number=0,
        product_version=version.number,
        cover=cover,
        parts=priced,
        worksheet=rate(terms, cover),
        quoted_on=on,
        expires_on=on,
        subjectivities=(),
        referral_reasons=reasons,
        author="",
        required_authority=limits if reasons else None,
    )


def check_authority(held: Held, quote: Quote, principal: str) -> None:
    """Refuses a release by somebody who is not trusted with this sum, or with one of these reasons.

    Quotes that were referred before they said what they need ask for the sum of their parts.
    """
    needed = quote.required_authority or _limits(quote)
    enough = held.limit is None or needed <= held.limit
    if not enough or (held.reasons and not set(quote.referral_reasons) <= set(held.reasons)):
        reasons = ", ".join(quote.referral_reasons)
        raise AuthorityInsufficient(
            principal=principal, held=held, quote_number=quote.number, needed=needed, reasons=reasons
        )


def _limits(quote: Quote) -> Money:
    amounts = [part.limit for part in quote.parts if not part.sub_limit_parent]
    return sum(amounts[1:], amounts[0])
