"""What kind of money a payment's text says that it is.

A wrong match is worse than none: sign, kind and amount must fit, and what a text says besides is no fit.
"""

from enum import StrEnum

from libs.common.names import key_of


class Kind(StrEnum):
    PREMIUM = "premium"
    REFUND = "refund"
    CLAIM = "claim"
    SUBSIDY = "subsidy"
    RETURNED = "returned"
    OTHER = "other"


_WORDS = {
    Kind.PREMIUM: ("保费", "保险费", "premium"),
    Kind.REFUND: ("退保", "退费", "退保费", "refund"),
    Kind.CLAIM: ("理赔", "赔款", "赔付", "赔偿", "claim", "indemnity", "settlement"),
    Kind.SUBSIDY: ("补贴", "补助", "财政", "subsidy"),
    Kind.RETURNED: ("退汇", "退票", "退回", "冲正", "returned", "reversal"),
    Kind.OTHER: ("服务费", "手续费", "佣金", "工资", "税款", "commission", "salary", "service fee"),
}


def kinds_of(text: str) -> frozenset[Kind]:
    """The kinds of money that a text names; none if it names none."""
    key = key_of(text)
    return frozenset(kind for kind, words in _WORDS.items() if any(word in key for word in words))


PREMIUM_IN = frozenset({Kind.PREMIUM})
"""What a text may say of money that pays premium, if it says anything."""
REFUND_OUT = frozenset({Kind.REFUND, Kind.PREMIUM})
SUBSIDY_IN = frozenset({Kind.SUBSIDY, Kind.PREMIUM})
SUBSIDY_OUT = frozenset({Kind.SUBSIDY, Kind.PREMIUM, Kind.RETURNED, Kind.REFUND})
