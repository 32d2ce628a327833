"""What happens to somebody's authority."""

from datetime import date

from libs.common.events import event
from services.claims.domain.authority.profile import Profile


@event("claims.AuthorityProposed")
class AuthorityProposed:
    """A profile waits for a second person; `holder` is a principal, "user:li", or a role, "role:claims_handler"."""

    holder: str
    number: int
    profile: Profile
    valid_from: date
    proposed_by: str


@event("claims.AuthorityGranted")
class AuthorityGranted:
    """The proposed profile of this number holds from its day on."""

    number: int
    granted_by: str


AuthorityEvent = AuthorityProposed | AuthorityGranted
