"""The policy service as in `policy`, with the announcement of the write."""

from contextlib import AbstractAsyncContextManager

from tests.bench.servers import policy
from tests.bench.write import SERVICE


def serving(url: str, directory: str) -> AbstractAsyncContextManager[int]:
    return policy.serving(url, directory, SERVICE)
