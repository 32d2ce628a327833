"""The generated enterprises of the local scene."""

from deploy.local.portfolio.enterprises import prospects
from libs.common.codes import uscc
from libs.common.codes.industry import is_division
from libs.common.codes.region import is_region


def test_every_generated_enterprise_has_codes_that_the_standards_know() -> None:
    parties = [one.party for one in prospects(500)]

    assert [party.uscc for party in parties if not uscc.is_valid(party.uscc)] == []
    assert all(is_division(party.industry_code) and is_region(party.region_code) for party in parties)


def test_no_two_enterprises_share_a_credit_code() -> None:
    codes = [one.party.uscc for one in prospects(2000)]

    assert len(set(codes)) == len(codes)


def test_the_same_enterprises_come_every_time_and_more_are_added_at_the_end() -> None:
    assert prospects(300)[:100] == prospects(100)


def test_all_sizes_occur() -> None:
    assert {one.party.size for one in prospects(300)} == {1, 2, 3, 4}
