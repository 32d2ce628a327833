"""Currencies of ISO 4217 and their minor units: how many decimals an amount may have.

A loss is kept in the currency that its reporter names. What the table does not know is refused, not guessed.
"""

from decimal import Decimal

from libs.common.errors import InvalidField

_TWO = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP
    CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS
    KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD
    PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
    TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG
"""
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"

DECIMALS: dict[str, int] = {
    code: decimals for decimals, codes in ((0, _NONE), (2, _TWO), (3, _THREE), (4, _FOUR)) for code in codes.split()
}

MOST_DECIMALS = max(DECIMALS.values())
"""What an amount may have while its currency is not known."""

LARGEST = Decimal(10) ** 15
"""No loss is larger; an amount in minor units stays far inside 64 bits."""


def checked_amount(field: str, text: str, currency: str) -> Decimal:
    """The amount that a reporter wrote, exactly; `currency` may be empty."""
    whole, point, decimals = text.partition(".")
    digits = whole + decimals
    if whole.startswith("-"):
        raise InvalidField(field=field, problem="must not be negative")
    if len(text) > 40 or not (whole and digits.isascii() and digits.isdigit()) or (point and not decimals):
        raise InvalidField(field=field, problem="must be a decimal in plain notation, such as 1234.56")
    allowed = DECIMALS[currency] if currency else MOST_DECIMALS
    if len(decimals) > allowed:
        raise InvalidField(field=field, problem=f"has more than the {allowed} decimals of {currency or 'any currency'}")
    amount = Decimal(text)
    if amount >= LARGEST:
        raise InvalidField(field=field, problem=f"must be below {LARGEST:,f}")
    return amount


def checked_currency(field: str, code: str) -> str:
    """The code, or "" for none."""
    if code and code not in DECIMALS:
        raise InvalidField(field=field, problem=f"{code!r} is no currency of ISO 4217")
    return code
