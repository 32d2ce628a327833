"""The rules by which previews, their commits and drafts are refused; the others are in `errors`."""

from libs.common.errors import NotFound, Refused


class NothingToChange(Refused):
    message = "Policy {policy_id} is so already; there is nothing to change."


class PreviewStale(Refused):
    message = "This has moved since the preview: {moved}. Preview the change again."


class PreviewOfAnotherChange(Refused):
    message = "The hash is not that of a preview of this change of policy {policy_id}."


class PreviewScopeDiffers(Refused):
    message = "The preview was made {made} billing's part, and is to be committed {asked} it."


class DraftNotFound(NotFound):
    message = "There is no draft {draft_id}."


class DraftClosed(Refused):
    message = "The draft is {status}."


class DraftConflict(Refused):
    message = "Drafted on version {drafted_on} of the policy, now {version}; between: {came_between}; both: {overlap}."


class DraftNotReferred(Refused):
    message = "The drafted change needs no release."


class DraftReleasedByAuthor(Refused):
    message = "{principal} has drafted the change, or touched it last; somebody else has to release it."
