"""Who plays in the local scene: the people of one insurer, the authority, the operator and the vendors' systems."""

from collections.abc import Callable
from dataclasses import dataclass

from deploy.local.clients import Caller, Channels
from deploy.local.market import TENANT

Issue = Callable[[str, str, str, tuple[str, ...]], str]
"""Issues a token: principal, organisation, tenant (empty for none), roles."""


@dataclass(frozen=True)
class Cast:
    """The callers by what they do. Where four eyes are needed, there are two people."""

    underwriter: Caller
    chief: Caller
    handler: Caller
    manager: Caller
    finance: Caller
    second_finance: Caller
    auditor: Caller
    authority: Caller
    operator: Caller
    _vendor: Callable[[str], Caller]

    def vendor(self, vendor_id: str) -> Caller:
        """The system of one vendor."""
        return self._vendor(vendor_id)

    @classmethod
    def on(cls, channels: Channels, issue: Issue, caller: Callable[[Channels, str], Caller] = Caller) -> "Cast":
        def of_insurer(name: str, *roles: str) -> Caller:
            return caller(channels, issue(f"{name}@{TENANT}", TENANT, TENANT, roles))

        def of_vendor(vendor_id: str) -> Caller:
            return caller(channels, issue(f"duty@{vendor_id}", vendor_id, "", ("vendor",)))

        return cls(
            underwriter=of_insurer("lin", "underwriter"),
            chief=of_insurer("zhou", "chief_underwriter"),
            handler=of_insurer("chen", "claims_handler"),
            manager=of_insurer("wu", "claims_manager"),
            finance=of_insurer("sun", "finance"),
            second_finance=of_insurer("qian", "finance"),
            auditor=of_insurer("he", "auditor"),
            authority=caller(channels, issue("office@finance-bureau", "finance-bureau", "", ("authority",))),
            operator=caller(channels, issue("operator@hubao", "hubao", "", ("operator",))),
            _vendor=of_vendor,
        )
