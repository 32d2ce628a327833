"""What a vendor hands in: a file that is known by its digest, or a structured result that is sent along."""

import json
from dataclasses import dataclass
from enum import StrEnum

from libs.common.errors import InvalidField
from services.vendor_gateway.domain.errors import DeliverableDigestWrong, SignatureInvalid, SignatureMissing

HEXADECIMAL = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class AssessmentResult:
    """What an assessment found: a score from 0 (worst) to 100, and open findings by severity."""

    score: int
    critical_findings: int
    high_findings: int


@dataclass(frozen=True)
class Deliverable:
    """`sha256` and `size_bytes` are those of the file, or of `content` if there is some."""

    sha256: str
    size_bytes: int
    signature: bytes = b""
    content: bytes = b""
    assessment: AssessmentResult | None = None


class SignatureVerdict(StrEnum):
    """What a check of the signature against the vendor's registered key came to."""

    NO_KEY = "no_key"
    VALID = "valid"
    INVALID = "invalid"
    MISSING = "missing"


@dataclass(frozen=True)
class Check:
    """What was found out about a deliverable outside of the domain: its signature, and what its content really is."""

    signature: SignatureVerdict
    content_sha256: str = ""


def check_deliverable(deliverable: Deliverable, check: Check, is_assessment: bool) -> None:
    """Refuses a deliverable that is not what it says it is."""
    if len(deliverable.sha256) != 64 or not HEXADECIMAL.issuperset(deliverable.sha256):
        raise InvalidField(field="deliverable.sha256", problem="must be 64 lower-case hexadecimal digits")
    if deliverable.size_bytes < 1:
        raise InvalidField(field="deliverable.size_bytes", problem="must be at least 1")
    check_content(deliverable.content)
    check_assessment(deliverable.assessment, is_assessment)
    said = (deliverable.sha256, deliverable.size_bytes)
    if deliverable.content and said != (check.content_sha256, len(deliverable.content)):
        raise DeliverableDigestWrong(sha256=check.content_sha256, size_bytes=len(deliverable.content))
    if check.signature is SignatureVerdict.MISSING:
        raise SignatureMissing()
    if check.signature is SignatureVerdict.INVALID:
        raise SignatureInvalid(sha256=deliverable.sha256)


def check_content(content: bytes) -> None:
    """A structured result is JSON in UTF-8. A file is known by digest and size only, so it can't be looked into."""
    if not content:
        return
    try:
        json.loads(content.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise InvalidField(field="deliverable.content", problem="must be JSON in UTF-8") from None


def _refuse(constant: str) -> None:
    """Python reads NaN and Infinity, which are no JSON."""
    raise ValueError(constant)


def check_assessment(result: AssessmentResult | None, is_assessment: bool) -> None:
    if result is None:
        if is_assessment:
            raise InvalidField(field="deliverable.assessment", problem="an assessment needs its result")
        return
    if not is_assessment:
        raise InvalidField(field="deliverable.assessment", problem="only an assessment has a result")
    if not 0 <= result.score <= 100:
        raise InvalidField(field="deliverable.assessment.score", problem="must be 0 to 100")
    if result.critical_findings < 0:
        raise InvalidField(field="deliverable.assessment.critical_findings", problem="must not be negative")
    if result.high_findings < 0:
        raise InvalidField(field="deliverable.assessment.high_findings", problem="must not be negative")
