"""Claims as a process."""

import os
import sys

from libs.common.runtime import run
from libs.common.service import Service
from services.claims.application import FIRING
from services.claims.domain.aggregates import AGGREGATES
from services.claims.domain.guards import draws, guard_words
from services.claims.projections import PROJECTION
from services.claims.publishing import announce
from services.claims.reactions import REACTIONS
from services.claims.servicer import servicers

SERVICE = Service(
    name="claims",
    projection=PROJECTION,
    announce=announce,
    aggregates=AGGREGATES,
    draws=draws,
    guard_words=guard_words,
    firing=FIRING,
    reactions=REACTIONS,
)

if __name__ == "__main__":
    sys.exit(run(SERVICE, servicers, os.environ))
