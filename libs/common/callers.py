"""Which roles a token may carry together, and what it must say beside them: the one table of who may be who.

A token speaks for one kind of caller. What a caller sees follows from its kind: an insurer's people see their tenant's
data, a vendor its own orders, an authority its own programmes, an operator the platform. A token that mixes kinds, or
carries a tenant that would widen what its kind sees, is refused whole where it is read, so that no method has to think
of it. Roles that Hubao does not know are left out: an identity provider has roles for other systems.
"""

from collections.abc import Set
from dataclasses import dataclass

from libs.common.names import key_of

LONGEST_ID = 100
"""Characters of a tenant or an organisation."""
_IN_NO_SUBJECT = set(".*>")
"""A tenant is a part of the subjects under which announcements are published."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of caller: its roles, and whether its token names a tenant (else never) and needs an organisation."""

    name: str
    roles: frozenset[str]
    has_tenant: bool = False
    needs_organisation: bool = False


INSURER = Kind(
    "insurer",
    frozenset({"underwriter", "chief_underwriter", "claims_handler", "claims_manager", "finance", "auditor"}),
    has_tenant=True,
)
VENDOR = Kind("vendor", frozenset({"vendor"}), needs_organisation=True)
AUTHORITY = Kind("authority", frozenset({"authority"}), needs_organisation=True)
OPERATOR = Kind("operator", frozenset({"operator"}))
SERVICE = Kind("service", frozenset({"service"}))
INSURED = Kind("insured", frozenset({"insured"}))
KINDS = (INSURER, VENDOR, AUTHORITY, OPERATOR, SERVICE, INSURED)
KNOWN = frozenset().union(*(kind.roles for kind in KINDS))


def problem_of(roles: Set[str], organisation: str, tenant: str) -> str:
    """Why nobody may be this, in a sentence for whoever issues tokens; empty if a token may say it."""
    kinds = [kind for kind in KINDS if kind.roles & roles]
    if len(kinds) > 1:
        mixed = " and ".join(kind.name for kind in kinds)
        return f"The roles {', '.join(sorted(roles & KNOWN))} belong to different kinds of callers: {mixed}."
    for name, text in (("organisation", organisation), ("tenant", tenant)):
        if text and (len(text) > LONGEST_ID or " " in text or not text.isprintable()):
            return f"The {name} must be up to {LONGEST_ID} printable characters without blanks."
    if tenant and (key_of(tenant) != tenant or set(tenant) & _IN_NO_SUBJECT):
        return "The tenant must be in small letters, without invisible signs and without any of . * >."
    if not kinds:
        return ""  # Nobody in particular; no method lets it in.
    kind = kinds[0]
    if kind.has_tenant and not tenant:
        return f"The roles {', '.join(sorted(roles & KNOWN))} are an insurer's; the token names no tenant."
    if tenant and not kind.has_tenant:
        return f"A token of the role {kind.name} names no tenant; this one names {tenant}."
    if kind.needs_organisation and not organisation:
        return f"A token of the role {kind.name} must name its organisation."
    return ""
