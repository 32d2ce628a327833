"""What can keep a command from an answer without any rule having refused it.

The edge maps these to statuses that say what the caller may do: wait, repeat with the same request id, or read anew.
"""


class Outage(Exception):
    """The platform, not the domain, stood in the way."""


class Overloaded(Outage):
    """Too much is in flight; nothing was begun. gRPC: RESOURCE_EXHAUSTED with RetryInfo."""


class OutcomeUnknown(Outage):
    """The answer of the database was lost and could not be had again in time. gRPC: UNAVAILABLE, safe to repeat."""


class Conflict(Outage):
    """Others kept changing the same aggregate until the deadline. gRPC: ABORTED."""


class Fenced(Outage):
    """This writer's epoch is old: another one has taken over, and this process must end. gRPC: UNAVAILABLE."""


class OutOfStep(Outage):
    """An upstream's position is not where this consumer believed it to be: another one has moved it. Read it anew."""
