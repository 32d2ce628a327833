"""Programmes: drafted, revised, published, listed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from libs.common.changes import Recorded, SetLimit
from libs.common.errors import InvalidField
from libs.common.money import Money
from services.billing_subsidy.domain.errors import ProgrammeCodeTaken
from services.billing_subsidy.domain.guards import draws
from services.billing_subsidy.domain.programme.directory import ProgrammeDirectory
from services.billing_subsidy.domain.programme.programme import (
    Programme,
    ProgrammeCreated,
    ProgrammePublished,
    ProgrammeRevised,
)
from services.billing_subsidy.domain.programme.rules import Level, ProgrammeRules, Rate, WindowBasis
from tests.billing_subsidy.examples import PROGRAMME, after, level, rules, yuan

DAY = date(2025, 12, 1)


def drafted() -> Programme:
    return Programme.begin(ProgrammeCreated(authority_id="authority", rules=rules()))


def published() -> Programme:
    result: Programme = after(drafted(), drafted().publish(DAY))
    return result


def test_a_programme_begins_as_a_draft() -> None:
    assert Programme.create("authority", rules()) == [ProgrammeCreated(authority_id="authority", rules=rules())]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (rules(levels=()), "rules.levels"),
        (rules(levels=(level("city", "1", "1", "1"),) * 2), "rules.levels[1].level"),
        (rules(levels=(level("city", "1", "1", "1", method="top_up"),)), "rules.levels[0].method"),
        (rules(levels=(level("city", "0", "1", "1"),)), "rules.levels[0].rates[0].percent"),
        (rules(levels=(level("city", "100.01", "1", "1"),)), "rules.levels[0].rates[0].percent"),
        (rules(levels=(level("city", "1", "0", "1"),)), "rules.levels[0].policy_cap"),
        (rules(levels=(level("city", "1", "1", "-1"),)), "rules.levels[0].budget"),
        (
            rules(levels=(level("city", "1", "1", "1", enterprise_year_cap=Money("USD", 1)),)),
            "rules.levels[0].enterprise_year_cap.currency_code",
        ),
        (
            rules(levels=(level("city", "1", "1", "1", enterprise_year_cap=yuan("0")),)),
            "rules.levels[0].enterprise_year_cap",
        ),
    ],
)
def test_wrong_rules_name_their_field(wrong: ProgrammeRules, field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        Programme.create("authority", wrong)

    assert refusal.value.field == field


def test_rules_that_are_wrong_in_several_places_name_them_all() -> None:
    wrong = rules(levels=(level("city", "0", "0", "1", method="top_up"), level("city", "1", "1", "-1")))

    with pytest.raises(InvalidField) as refusal:
        Programme.create("authority", wrong)

    assert [one.field for one in refusal.value.each] == [
        "rules.levels[0].method",
        "rules.levels[0].rates[0].percent",
        "rules.levels[0].policy_cap",
        "rules.levels[1].level",
        "rules.levels[1].budget",
    ]


def test_publishing_makes_a_version_and_opens_its_budgets() -> None:
    [event] = drafted().publish(DAY)

    assert event == ProgrammePublished(number=1, rules=rules(), published_on=DAY, closed=())
    assert draws(Recorded(event, None, PROGRAMME, 2, "shared", None)) == [  # type: ignore[arg-type]
        SetLimit(f"budget:{PROGRAMME}:city", 200_000_000),
        SetLimit(f"budget:{PROGRAMME}:district", 100_000_000),
    ]


def test_publishing_again_changes_nothing() -> None:
    assert published().publish(DAY) == []


def test_a_revision_leaves_the_published_version_as_it_is() -> None:
    revised = replace(rules(), name="second")

    programme = after(published(), published().revise(revised))
    programme = after(programme, programme.publish(DAY))

    assert [version.rules.name for version in programme.versions] == [rules().name, "second"]


def test_revising_to_the_same_changes_nothing() -> None:
    assert published().revise(rules()) == []
    programme = after(published(), [ProgrammeRevised(rules=replace(rules(), name="second"))])
    assert programme.revise(replace(rules(), name="second")) == []


def test_a_level_that_a_version_drops_is_closed() -> None:
    only_city = rules(levels=(level("city", "50", "60000", "2000000"),))
    programme = after(published(), published().revise(only_city))

    [event] = programme.publish(DAY)

    assert event.closed == (Level.DISTRICT,)
    assert SetLimit(f"budget:{PROGRAMME}:district", 0) in draws(Recorded(event, None, PROGRAMME, 4, "shared", None))  # type: ignore[arg-type]
    assert after(programme, [event]).budgets()[Level.DISTRICT] == yuan("0")


def listed(**changed: Any) -> ProgrammeDirectory:
    [event] = ProgrammeDirectory().enter(PROGRAMME, 1, rules(**changed))
    return ProgrammeDirectory.begin(event)


def test_the_directory_keeps_the_newest_version_of_each_programme() -> None:
    directory = after(listed(), listed().enter(PROGRAMME, 2, rules(regions=("32",))))

    assert [(listing.version, listing.regions) for listing in directory.listings] == [(2, ("32",))]
    assert directory.enter(PROGRAMME, 2, rules(regions=("32",))) == []


def test_a_code_belongs_to_one_programme() -> None:
    with pytest.raises(ProgrammeCodeTaken):
        listed().enter(UUID(int=9), 1, rules())


@pytest.mark.parametrize(
    ("changed", "region", "today", "addressed"),
    [
        ({}, "310115", date(2026, 6, 1), True),
        ({}, "320115", date(2026, 6, 1), False),
        ({"regions": ()}, "320115", date(2026, 6, 1), True),
        ({}, "310115", date(2027, 1, 1), False),
        ({"window_basis": WindowBasis.INCEPTION}, "310115", date(2027, 6, 1), True),
    ],
)
def test_a_programme_addresses_policies_in_its_reach(
    changed: dict[str, Any], region: str, today: date, addressed: bool
) -> None:
    [listing] = listed(**changed).listings

    assert listing.addresses(region, date(2026, 1, 1), (), today) is addressed


def test_a_rate_may_be_for_one_line_and_one_size() -> None:
    rate = Rate("liability", "small", Decimal(10))

    assert rate.fits("liability", "small")
    assert not rate.fits("liability", "large")
    assert not rate.fits("property", "small")


@pytest.mark.parametrize("code", ["cyber", "网络", "CYBER "])
def test_a_subsidy_class_is_written_as_a_products_is(code: str) -> None:
    with pytest.raises(InvalidField, match=r"rules\.subsidy_classes\[0\]"):
        rules(subsidy_classes=(code,)).check()
