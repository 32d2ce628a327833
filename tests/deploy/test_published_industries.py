"""The coarse table from NAICS to sections of GB/T 4754, against the published one from NAICS to ISIC.

GB/T 4754-2017 is built on ISIC Rev. 4; its sections stand beside those of ISIC here. No published table goes all the
way.
"""

from collections import Counter

from deploy.local.incidents.assigning import SECTIONS, section_of
from libs.common.codes import industry
from tests.published import rows

ISIC_TO_GBT = {
    # The first division of each section of ISIC Rev. 4, and the sections of GB/T 4754 that hold its work.
    1: "A",
    5: "B",
    10: "C",
    35: "D",
    36: "DN",  # water here, waste and sewage with the environment
    41: "E",
    45: "FO",  # trade; the repair of vehicles is a service to residents
    49: "G",
    55: "H",
    58: "IR",  # telecommunications and software; publishing and broadcasting are culture
    64: "J",
    68: "K",
    69: "ML",  # professional services; law, accounting and advertising are business services
    77: "L",
    84: "S",
    85: "P",
    86: "Q",
    90: "R",
    94: "OS",  # personal services; associations
    97: "O",
    99: "T",
}


OTHERWISE = {
    "53": "K",  # More of its industries lease than deal in real estate, but real estate is the larger by far.
    "55": "L",  # Holdings stand with finance in ISIC; GB/T 4754 has managing enterprises among business services.
}


def sections_of(isic: str) -> str:
    division = int(isic[:2])
    return ISIC_TO_GBT[max(first for first in ISIC_TO_GBT if first <= division)]


def test_each_sector_goes_where_most_of_its_industries_go() -> None:
    found: dict[str, Counter[str]] = {}
    for row in rows("ids/naics2017_to_isic4.csv"):
        if row["isic4"][:2] != "00" and len(row["naics2017"]) == 6:
            found.setdefault(row["naics2017"][:2], Counter())[sections_of(row["isic4"])] += 1

    astray = {
        sector: section for sector, section in SECTIONS.items() if section not in found[sector].most_common(1)[0][0]
    }
    assert astray == OTHERWISE
    assert all(section in "".join(found[sector]) for sector, section in OTHERWISE.items())


def test_every_published_industry_has_a_section_of_the_standard() -> None:
    codes = {row["naics2017"] for row in rows("ids/naics2017_to_isic4.csv")} - {"0"}

    assert {code for code in codes if section_of(code) not in industry.SECTIONS} == set()
