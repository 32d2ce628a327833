"""Billing and subsidies as a process."""

import os
import sys

from libs.common.runtime import run
from libs.common.service import Service
from services.billing_subsidy.application.firing import FIRING
from services.billing_subsidy.domain.aggregates import AGGREGATES
from services.billing_subsidy.domain.guards import draws, guard_words
from services.billing_subsidy.domain.timers import timers
from services.billing_subsidy.projections import PROJECTION
from services.billing_subsidy.publishing import announce
from services.billing_subsidy.reactions import REACTIONS
from services.billing_subsidy.servicer import servicers

SERVICE = Service(
    name="billing_subsidy",
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
