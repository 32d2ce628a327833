"""An enterprise as a contract names it, and the check of its codes."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from libs.common.checking import all_at_once
from libs.common.codes import industry, region, uscc
from libs.common.errors import Invalid, InvalidField


class EnterpriseSize(StrEnum):
    """By the classes of the 2011 SME standard (工信部联企业〔2011〕300号)."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"
    MICRO = "micro"


@dataclass(frozen=True)
class Enterprise:
    """Who is covered. The unified social credit code is the identity, the rest is as it was when it was written.

    An operator of critical information infrastructure (关键信息基础设施; State Council Order 745 of 2021) is declared
    with the department that protects it (保护工作部门).
    """

    uscc: str
    name: str
    industry_code: str
    region_code: str
    size: EnterpriseSize
    critical_infrastructure: bool = False
    protecting_department: str = ""

    @all_at_once
    def check(self, field: str) -> Iterator[Invalid]:
        """Refuses codes that can't exist; `field` is where this enterprise stands in the request."""
        if problem := uscc.problem_of(self.uscc):
            yield InvalidField(field=f"{field}.uscc", problem=problem)
        if not self.name.strip():
            yield InvalidField(field=f"{field}.name", problem="is blank")
        if not industry.is_division(self.industry_code):
            yield InvalidField(field=f"{field}.industry_code", problem="is no division of GB/T 4754-2017")
        if not region.is_region(self.region_code):
            yield InvalidField(field=f"{field}.region_code", problem="is no region of GB/T 2260")
        if self.critical_infrastructure and not self.protecting_department.strip():
            yield InvalidField(field=f"{field}.protecting_department", problem="is missing: which one protects it")
        if self.protecting_department and not self.critical_infrastructure:
            yield InvalidField(field=f"{field}.protecting_department", problem="is of critical infrastructure only")
