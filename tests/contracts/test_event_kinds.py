"""Every event belongs to one kind of aggregate, and every kind to its service's table of contents."""

from importlib import import_module

from libs.common.events import Kinds
from libs.common.service import Service
from tests.architecture.tree import SERVICES
from tests.contracts.test_event_types import our_events
from tests.contracts.test_snapshots import aggregates

SHARED = {"billing_subsidy.EntryPosted"}
"""A posting follows an event of an account, a case, a statement or a vendor's account. It begins none of them."""


def services() -> list[Service]:
    return [import_module(f"services.{name}.__main__").SERVICE for name in SERVICES]


def test_every_aggregate_stands_in_its_services_table() -> None:
    listed = [kind for service in services() for kind in service.aggregates]

    assert sorted(listed, key=lambda kind: kind.KIND) == aggregates()
    assert all(kind.KIND.partition(".")[0] == service.name for service in services() for kind in service.aggregates)


def test_every_event_is_of_one_kind() -> None:
    owners = {name: kinds for service in services() for name, kinds in Kinds(service.aggregates).owners.items()}

    assert set(owners) == {kind.name for kind in our_events()}
    assert {name for name, kinds in owners.items() if len(kinds) > 1} == SHARED
