"""Which policy an incident is noticed under: one of the same section of industry where there is one, always the same.

The incidents' victims are not the portfolio's enterprises; this choice only brings the two together for the run.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Protocol, TypeVar

from deploy.local.incidents.reading import Incident

SECTIONS: Mapping[str, str] = {
    # NAICS 2022 by its first two digits to the section of GB/T 4754-2017 that holds most of it. Coarse on purpose:
    # NAICS 51 has publishing and broadcasting (R over there), 54 has software services (I), 44-45 and 42 are one F.
    # Left out: 00 and 99 (unknown), and whatever else stands for nothing.
    "11": "A",  # agriculture, forestry, fishing
    "21": "B",  # mining, oil and gas
    "22": "D",  # utilities
    "23": "E",  # construction
    "31": "C",  # manufacturing
    "32": "C",
    "33": "C",
    "42": "F",  # wholesale
    "44": "F",  # retail
    "45": "F",
    "48": "G",  # transport and storage, also written "48-49"
    "49": "G",
    "51": "I",  # information
    "52": "J",  # finance and insurance
    "53": "K",  # real estate and leasing
    "54": "M",  # professional, scientific and technical services
    "55": "L",  # management of companies
    "56": "L",  # administrative and support services
    "61": "P",  # education
    "62": "Q",  # health and social work
    "71": "R",  # arts, entertainment, recreation
    "72": "H",  # hotels and restaurants
    "81": "O",  # other services
    "92": "S",  # public administration
}


class Insured(Protocol):
    """A policy with the industry of its insured by GB/T 4754, "I65"."""

    @property
    def policy_id(self) -> str: ...

    @property
    def industry_code(self) -> str: ...


P = TypeVar("P", bound=Insured)


def section_of(industry: str) -> str:
    """The section of GB/T 4754 for a NAICS code of any length; empty if it stands for nothing."""
    return SECTIONS.get(industry[:2], "")


def assign(incident: Incident, policies: Sequence[P]) -> P:
    """The policy of an incident; the same for all records of one reference, in whatever order the policies come.

    Of the policies of its section (or of all, if it has none), the one that scores highest with the reference: so more
    policies move few incidents. ValueError if there are no policies at all.
    """
    section = section_of(incident.industry)
    alike = [policy for policy in policies if section and policy.industry_code.startswith(section)]
    return max(alike or policies, key=lambda policy: _score(incident.reference, policy.policy_id))


def _score(reference: str, policy_id: str) -> bytes:
    return sha256(f"{reference}\n{policy_id}".encode()).digest()
