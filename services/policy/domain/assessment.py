"""What a vendor's assessment before binding found, as vendor_gateway announced it."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Assessment:
    order_id: str
    vendor_id: str
    score: int
    critical_findings: int
    high_findings: int
    report_sha256: str
    verified_on: date
