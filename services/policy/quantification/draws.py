"""Random numbers that depend on the seed and on what they are for, and on nothing else.

Each stream belongs to a seed, the words that say what is drawn, and a block of years. So the same inputs give the
same figures whichever blocks are computed first, a longer run begins with the years of a shorter one, and a part has
the same losses whatever other parts or terms stand beside it: runs that differ in a deductible can be compared year
by year.
"""

from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256

import numpy as np

BLOCK = 2**16
"""Years that are drawn together. Another number would give other figures, so it is part of the model's version."""


def generator(seed: int, block: int, *words: str) -> np.random.Generator:
    """The stream of this seed and block for what the words say."""
    sequence = np.random.SeedSequence(seed, spawn_key=(*(_number(word) for word in words), block))
    return np.random.Generator(np.random.PCG64DXSM(sequence))


def blocks(years: int) -> Iterator[tuple[int, int, int]]:
    """The number of each block with the years that it covers: first, and the one after its last."""
    for block, first in enumerate(range(0, years, BLOCK)):
        yield block, first, min(first + BLOCK, years)


@lru_cache(maxsize=4096)
def _number(word: str) -> int:
    return int.from_bytes(sha256(word.encode()).digest()[:8], "big")
