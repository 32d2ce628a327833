"""How many files and connections a process may have open: raised as far as the system lets it, and told."""

import resource

RESERVED = 256
"""Descriptors for what is not a caller's connection: databases, NATS, other services, files on their way."""
ENOUGH = 65_536


def raise_limit() -> int:
    """Raises the limit of open files to the hard one, or to what is enough; how many there may be now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return ENOUGH if soft == resource.RLIM_INFINITY else soft


def connections_within(files: int, wanted: int) -> int:
    """How many callers' connections fit into so many open files; at least one."""
    return max(1, min(wanted, files - RESERVED))
