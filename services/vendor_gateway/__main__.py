"""The vendor gateway as a process."""

import os
import sys

from libs.common.runtime import run
from libs.common.service import Service
from services.vendor_gateway.application import FIRING
from services.vendor_gateway.domain.aggregates import AGGREGATES
from services.vendor_gateway.domain.guards import draws, guard_words
from services.vendor_gateway.domain.timers import timers
from services.vendor_gateway.projections import PROJECTION
from services.vendor_gateway.publishing import announce
from services.vendor_gateway.reactions import REACTIONS
from services.vendor_gateway.servicer import servicers

SERVICE = Service(
    name="vendor_gateway",
    projection=PROJECTION,
    announce=announce,
    aggregates=AGGREGATES,
    draws=draws,
    guard_words=guard_words,
    timers=timers,
    firing=FIRING,
    reactions=REACTIONS,
)

if __name__ == "__main__":
    sys.exit(run(SERVICE, servicers, os.environ))
