"""What was stored before there were questionnaires, losses and authorities is read as it was meant."""

from datetime import date
from typing import Any

import msgspec
import pytest

from libs.common.events import replay
from libs.common.money import Money
from libs.common.store import codec
from services.policy.domain.authority import Authority, grant
from services.policy.domain.errors import ReferralOpen
from services.policy.domain.product.product import Product
from services.policy.domain.product.terms import TaxClass
from services.policy.domain.submission.events import SubmissionDeclined
from services.policy.domain.submission.quoting import Held
from services.policy.domain.submission.submission import Submission
from services.policy.domain.underwriting_errors import AuthorityInsufficient
from tests.policy import examples as an
from tests.policy.test_questionnaire import published


def stored(happened: Any) -> tuple[str, int, Any]:
    name, version, payload = codec.encode(happened)
    return name, version, msgspec.json.decode(payload)


def read(name: str, version: int, stored: Any) -> Any:
    return codec.decode(name, version, msgspec.json.encode(stored))


def test_a_submission_of_before_answered_no_questionnaire_and_declared_no_loss() -> None:
    (created,) = an.asked()
    name, version, old = stored(created)
    del old["questionnaire"], old["losses"]

    assert read(name, version, old) == created


def test_a_product_of_before_pins_nothing_and_declines_nothing() -> None:
    (drafted,) = Product.create("CYBER", "Cyber", an.product_terms())
    name, version, old = stored(drafted)
    del old["terms"]["questionnaire"], old["terms"]["tax_class"]
    for rule in ("loss_years", "losses_allowed", "loss_amount_allowed", "excluded_industries"):
        del old["terms"]["underwriting"][rule]
    for field in ("required", "minimum", "maximum", "factor"):
        del old["terms"]["questions"][0][field]

    terms = read(name, version, old).terms

    assert terms == drafted.terms
    assert terms.tax_class is TaxClass.STANDARD


def test_a_referral_of_before_asks_for_the_sum_of_its_limits() -> None:
    asked = an.submission(parts=(an.wanted(an.DATA, Money.cny(40_000_000)),))
    (made,) = asked.quote(an.published().on_sale(), (), None, (), "wang", an.QUOTED_ON)
    name, version, old = stored(made)
    del old["quote"]["required_authority"]
    submission = replay(Submission, [read(name, version, old)], asked)
    assert submission is not None

    with pytest.raises(ReferralOpen):
        submission.bind(1, str(an.POLICY_ID), an.QUOTED_ON)
    with pytest.raises(AuthorityInsufficient):
        submission.release(1, "li", Held(Money.cny("39999999.99")), "seen", an.QUOTED_ON)
    assert submission.release(1, "li", Held(Money.cny(40_000_000)), "seen", an.QUOTED_ON)


def test_a_submission_that_a_person_declined_before_was_not_declined_by_rule() -> None:
    declined = SubmissionDeclined(reasons=("LATE",), declined_on=an.QUOTED_ON, declined_by="wang")
    name, version, old = stored(declined)
    del old["by_rule"]

    assert read(name, version, old) == declined


def an_authority() -> Authority:
    value = replay(
        Authority,
        grant(None, "user:li", Money.cny(1), ("LOSS_HISTORY",), date(2026, 1, 1), "user:zhou", date(2025, 1, 1)),
    )
    assert value is not None
    return value


@pytest.mark.parametrize("value", [published(), an_authority()], ids=lambda value: type(value).__name__)
def test_a_value_comes_back_from_its_snapshot_as_it_was(value: Any) -> None:
    assert codec.decode_value(type(value), codec.encode_value(value)) == value
