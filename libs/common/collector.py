"""Python's garbage collector, set for a process that lives long and answers calls."""

import gc

THRESHOLDS = (50_000, 20, 20)
"""How many new objects, and then how many collections of each generation, bring about the next collection."""


def calm() -> None:
    """Lets the collector look at what calls leave behind, and no longer at all that was there before the first one.

    Modules, descriptors, metrics and cached aggregates are hundreds of thousands of objects that stay. Python begins
    with a collection after each 700 new objects; going through all that stays again and again took half of the time
    of a process under load (docs/performance.md). To be called once, when everything has been built.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
