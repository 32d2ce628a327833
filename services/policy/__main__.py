"""The policy service as a process."""

import os
import sys

from libs.common.runtime import run
from libs.common.service import Service
from services.policy.application.firing import FIRING
from services.policy.domain.aggregates import AGGREGATES
from services.policy.domain.guards import draws, guard_words
from services.policy.domain.timers import timers
from services.policy.projections import PROJECTION
from services.policy.publishing import announce
from services.policy.reactions import REACTIONS
from services.policy.servicer import servicers

SERVICE = Service(
    name="policy",
    projection=PROJECTION,
    announce=announce,
    aggregates=AGGREGATES,
    draws=draws,
    guard_words=guard_words,
    timers=timers,
    firing=FIRING,
    reactions=REACTIONS,
    asks=("billing_subsidy",),
)

if __name__ == "__main__":
    sys.exit(run(SERVICE, servicers, os.environ))
