"""The incident in codes: VERIS as its reporter gives it, and the classes of GB/T 20986-2023."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from libs.common.checking import all_at_once, problems
from libs.common.errors import Invalid, InvalidField

ACTIONS = frozenset({"malware", "hacking", "social", "misuse", "physical", "error", "environmental", "unknown"})
ACTORS = frozenset({"external", "internal", "partner", "unknown"})
ATTRIBUTES = frozenset({"confidentiality", "integrity", "availability", "unknown"})

_ASSET = re.compile(r"[A-Z][A-Za-z]* - \S.*|Unknown|Other")
_LONGEST = 100


class IncidentClass(StrEnum):
    """The classes of GB/T 20986-2023, by what they mean."""

    MALICIOUS_PROGRAM = "MALICIOUS_PROGRAM"  # 恶意程序事件
    NETWORK_ATTACK = "NETWORK_ATTACK"  # 网络攻击事件
    DATA_SECURITY = "DATA_SECURITY"  # 数据安全事件
    CONTENT_SECURITY = "CONTENT_SECURITY"  # 信息内容安全事件
    FACILITY_FAILURE = "FACILITY_FAILURE"  # 设备设施故障事件
    IRREGULAR_OPERATION = "IRREGULAR_OPERATION"  # 违规操作事件
    SECURITY_HAZARD = "SECURITY_HAZARD"  # 安全隐患事件
    ABNORMAL_BEHAVIOUR = "ABNORMAL_BEHAVIOUR"  # 异常行为事件
    FORCE_MAJEURE = "FORCE_MAJEURE"  # 不可抗力事件
    OTHER = "OTHER"  # 其他事件


@dataclass(frozen=True)
class Veris:
    """An incident in the words of VERIS, each list as its reporter ordered it."""

    actions: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    action_varieties: tuple[str, ...] = ()


def checked_veris(field: str, veris: Veris) -> Veris:
    """Refuses a word that VERIS does not have."""
    _check_veris(field, veris)
    return veris


@all_at_once
def _check_veris(field: str, veris: Veris) -> Iterator[Invalid]:
    yield from problems(_known, f"{field}.actions", veris.actions, ACTIONS)
    yield from problems(_known, f"{field}.actors", veris.actors, ACTORS)
    for index, asset in enumerate(veris.assets):
        if len(asset) > _LONGEST or not _ASSET.fullmatch(asset):
            yield InvalidField(field=f"{field}.assets[{index}]", problem="must be like 'S - Web application'")
    yield from problems(_known, f"{field}.attributes", veris.attributes, ATTRIBUTES)
    for index, variety in enumerate(veris.action_varieties):
        if not 0 < len(variety) <= _LONGEST:
            yield InvalidField(field=f"{field}.action_varieties[{index}]", problem=f"must have 1 to {_LONGEST} letters")


def checked_class(field: str, code: str) -> IncidentClass | None:
    """The class, or None for ""."""
    if not code:
        return None
    try:
        return IncidentClass(code)
    except ValueError:
        raise InvalidField(field=field, problem=f"{code!r} is no class of GB/T 20986") from None


@all_at_once
def _known(field: str, words: Sequence[str], vocabulary: frozenset[str]) -> Iterator[Invalid]:
    for index, word in enumerate(words):
        if word not in vocabulary:
            known = ", ".join(sorted(vocabulary))
            yield InvalidField(field=f"{field}[{index}]", problem=f"{word!r} is not one of {known}")
