"""The currencies of the claims service against the published list of ISO 4217."""

from services.claims.domain.currencies import DECIMALS
from tests.published import rows

NO_MONEY_OF_A_LOSS = {
    "funds and units of account": {"BOV", "COU", "CHE", "CHW", "MXV", "USN", "XAD", "XDR", "XSU", "XUA"},
    "bond units": {"XBA", "XBB", "XBC", "XBD"},
    "metals": {"XAG", "XAU", "XPD", "XPT"},
    "for tests, or for none": {"XTS", "XXX"},
    "came after the table was written": {"XCG", "VED"},
}
REPLACED_SINCE = {"BGN"}
"""The list has it withdrawn from January 2026; a loss of before may be in it."""


def published() -> dict[str, str]:
    """Of the currencies that are in use: how many decimals they have."""
    return {
        row["AlphabeticCode"]: row["MinorUnit"]
        for row in rows("money/iso4217_codes_all.csv")
        if row["AlphabeticCode"] and not row["WithdrawalDate"]
    }


def test_every_currency_has_the_published_number_of_decimals() -> None:
    listed = published()

    assert {
        code: (ours, listed[code]) for code, ours in DECIMALS.items() if str(ours) != listed.get(code, str(ours))
    } == {}


def test_what_is_missing_of_the_list_is_no_money_that_a_loss_is_told_in() -> None:
    missing = set(published()) - set(DECIMALS)

    assert missing == set().union(*NO_MONEY_OF_A_LOSS.values())


def test_only_a_currency_that_was_just_replaced_is_ours_and_not_the_lists() -> None:
    assert set(DECIMALS) - set(published()) == REPLACED_SINCE
