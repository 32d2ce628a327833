"""A subsidy case: opened, reckoned from the premium, granted as far as budgets reach, clawed back, disbursed.

The grant follows the entitlement, both ways: a rise is granted as far as there is room, a fall is clawed back at
once. The entitlement itself is a pure function (see `entitlement`); which premium it rests on is said in
`application`. A grant may rest on what is invoiced; money comes only as far as premium was paid, and goes back when
less of it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from libs.common.money import CNY, Money, total
from services.billing_subsidy.domain.checks import check_amount, check_not_future
from services.billing_subsidy.domain.entitlement import Entitlement, LevelAmount
from services.billing_subsidy.domain.errors import DisbursementTooHigh, NothingToPassOn, ReferenceUsed, RepaymentTooHigh
from services.billing_subsidy.domain.ledger import subsidy as rules
from services.billing_subsidy.domain.ledger.entry import EntryPosted, Occasion
from services.billing_subsidy.domain.programme.rules import Level
from services.billing_subsidy.domain.subsidy_case.events import (
    BUDGET_EXHAUSTED,
    ENTERPRISE_CAP_REACHED,
    PROGRAMMES_CAP_REACHED,
    CaseEvent,
    CaseOpened,
    ClawedBack,
    Cut,
    CutNoted,
    Disbursed,
    Evidence,
    Purse,
    Reckoned,
    Reconciled,
    Reserved,
    SubsidyGranted,
    SubsidyPassedOn,
    SubsidyRefused,
    SubsidyRepaid,
)

ZERO = Money(CNY, 0)


class CaseStatus(StrEnum):
    OPENED = "opened"
    APPROVED = "approved"
    CUT = "cut"
    REFUSED = "refused"
    DISBURSED = "disbursed"
    RECONCILED = "reconciled"
    CLAWED_BACK = "clawed_back"
    OWED_BACK = "owed_back"


@dataclass(frozen=True, slots=True)
class Room:
    """What a level's budget, and the cap of the enterprise's year if there is one, still allow."""

    budget: Money
    enterprise: Money | None = None

    def grant(self, wanted: Money) -> tuple[Money, str]:
        """How much of what is wanted there is, and what was too small."""
        limit = self.budget if self.enterprise is None else min(self.budget, self.enterprise)
        granted = max(min(wanted, limit), ZERO)
        if granted == wanted:
            return granted, ""
        tight = self.enterprise is not None and self.enterprise < self.budget
        return granted, ENTERPRISE_CAP_REACHED if tight else BUDGET_EXHAUSTED


@dataclass(frozen=True, slots=True)
class LevelState:
    """What a case holds at one level."""

    granted: Money = ZERO
    clawed_back: Money = ZERO
    disbursed: Money = ZERO
    repaid: Money = ZERO

    @property
    def held(self) -> Money:
        """What of the treasury's money is here."""
        return self.disbursed - self.repaid


@dataclass(frozen=True)
class SubsidyCase:
    """What one programme gives to one policy."""

    KIND: ClassVar[str] = "billing_subsidy.SubsidyCase"

    policy_id: UUID
    case_number: str
    rule_version: int
    purse: Purse
    opened_on: date
    entitlement: Entitlement | None = None
    evidence: tuple[Evidence, ...] = ()
    levels: dict[Level, LevelState] = field(default_factory=dict)
    cuts: tuple[Cut, ...] = ()
    refusals: tuple[str, ...] = ()
    disbursements: tuple[Disbursed, ...] = ()
    reconciled: bool = False
    repayments: tuple[SubsidyRepaid, ...] = ()
    passed_on: tuple[SubsidyPassedOn, ...] = ()
    payable: Money | None = None

    @property
    def granted(self) -> Money:
        return total((state.granted for state in self.levels.values()), CNY)

    @property
    def claimable_in_all(self) -> Money:
        """What of the grant may be here."""
        return total(map(self.claimable, self.levels), CNY)

    @property
    def belongs_to_insured(self) -> Money:
        """What of the treasury's money is granted and was not passed on to the insured yet; never below zero."""
        granted = total((min(self.claimable(level), state.held) for level, state in self.levels.items()), CNY)
        return max(granted - total((passed.amount for passed in self.passed_on), CNY), ZERO)

    @property
    def waits(self) -> bool:
        """Whether it would be given more if a budget or a cap had more."""
        codes = {*self.refusals, *(cut.code for cut in self.cuts)}
        return bool(codes & {BUDGET_EXHAUSTED, ENTERPRISE_CAP_REACHED})

    @property
    def status(self) -> CaseStatus:
        if any(self.owed_back(level) for level in self.levels):
            return CaseStatus.OWED_BACK
        if self.granted:
            if self.disbursements:
                return CaseStatus.RECONCILED if self.reconciled else CaseStatus.DISBURSED
            return CaseStatus.CUT if self.cuts else CaseStatus.APPROVED
        if any(state.clawed_back for state in self.levels.values()):
            return CaseStatus.CLAWED_BACK  # Refusal codes may say why all of it went back.
        return CaseStatus.REFUSED if self.refusals else CaseStatus.OPENED

    # Decisions.

    def reckon(
        self,
        entitlement: Entitlement,
        evidence: tuple[Evidence, ...],
        room: Mapping[Level, Room],
        reason: str,
        today: date,
        payable: Money | None = None,
    ) -> list[CaseEvent]:
        """Brings the grant to the entitlement, as far as there is room. `reason` is why it may have fallen."""
        events: list[CaseEvent] = []
        if (entitlement, evidence, payable) != (self.entitlement, self.evidence, self.payable):
            events.append(Reckoned(entitlement=entitlement, evidence=evidence, payable=payable))
        back, added, cuts = self._difference(entitlement, room)
        cuts += tuple(Cut(item.level, PROGRAMMES_CAP_REACHED, item.amount) for item in entitlement.short)
        granted = self._moved([*added, *_negative(back)])
        if back:
            events += self._claw_back(back, reason, today)
        codes = entitlement.refusals or tuple(dict.fromkeys(cut.code for cut in cuts))
        if added:
            events.append(Reserved(purse=self.purse, amounts=added))
            events.append(SubsidyGranted(added=added, granted=granted, cuts=cuts, approved_on=today))
            events += rules.subsidy_granted(added, self._occasion("billing_subsidy.SubsidyGranted", today, today))
        elif codes and not any(item.amount for item in granted):
            if codes != self.refusals:
                events.append(SubsidyRefused(codes=codes, refused_on=today))
        elif cuts != self.cuts:
            events.append(CutNoted(cuts=cuts))
        return events

    def disburse(
        self, level: Level, reference: str, amount: Money, value_date: date, source: str, today: date, reason: str = ""
    ) -> list[CaseEvent]:
        """Takes the treasury's money for one level."""
        check_amount("amount", amount, CNY)
        check_not_future("value_date", value_date, today)
        for known in self.disbursements:
            if (known.reference, known.level) == (reference, level):
                if (known.amount, known.value_date) == (amount, value_date):
                    return []
                raise ReferenceUsed(reference=reference, use="disbursement")
        if amount > self.owed(level):
            raise DisbursementTooHigh(level=level, owed=self.owed(level), amount=amount)
        event = Disbursed(
            level=level, reference=reference, amount=amount, value_date=value_date, source=source, reason=reason
        )
        occasion = self._occasion(f"billing_subsidy.Disbursed/{reference}", value_date, today)
        return [event, *rules.subsidy_disbursed(level, amount, occasion), *self._closing(event, today)]

    def repay(
        self, level: Level, reference: str, amount: Money, value_date: date, source: str, today: date, reason: str = ""
    ) -> list[CaseEvent]:
        """Notes that money went back to the treasury, at most what the case owes back at the level."""
        check_amount("amount", amount, CNY)
        check_not_future("value_date", value_date, today)
        for known in self.repayments:
            if (known.reference, known.level) == (reference, level):
                if (known.amount, known.value_date) == (amount, value_date):
                    return []
                raise ReferenceUsed(reference=reference, use="repayment")
        if amount > self.owed_back(level):
            raise RepaymentTooHigh(level=level, owed=self.owed_back(level), amount=amount)
        event = SubsidyRepaid(
            level=level, reference=reference, amount=amount, value_date=value_date, source=source, reason=reason
        )
        occasion = self._occasion(f"billing_subsidy.SubsidyRepaid/{reference}", value_date, today)
        return [event, *rules.subsidy_repaid(level, amount, occasion), *self._closing(event, today)]

    def pass_on(
        self, reference: str, amount: Money, paid_on: date, source: str, today: date, reason: str = ""
    ) -> list[CaseEvent]:
        """Notes that the treasury's money was paid out to the insured, at most what belongs to it."""
        check_amount("amount", amount, CNY)
        check_not_future("paid_on", paid_on, today)
        for known in self.passed_on:
            if known.reference == reference:
                if (known.amount, known.paid_on) == (amount, paid_on):
                    return []
                raise ReferenceUsed(reference=reference, use="payment")
        if amount > self.belongs_to_insured:
            raise NothingToPassOn(left=self.belongs_to_insured, amount=amount)
        event = SubsidyPassedOn(reference=reference, amount=amount, paid_on=paid_on, source=source, reason=reason)
        occasion = self._occasion(f"billing_subsidy.SubsidyPassedOn/{reference}", paid_on, today)
        return [event, *rules.subsidy_passed_on(amount, occasion)]

    def _closing(self, event: Disbursed | SubsidyRepaid, today: date) -> list[Reconciled]:
        """Notes, if money came or went, that what is here is what is granted, level by level."""
        after = self.evolve(event)
        even = all(state.held == state.granted for state in after.levels.values())
        return [Reconciled(reconciled_on=today)] if even and after.granted else []

    def claimable(self, level: Level) -> Money:
        """What of the level's grant may be here: all levels together at most what is payable, in the rules' order."""
        granted = self.levels.get(level, LevelState()).granted
        if self.payable is None:
            return granted
        entitled = [item.level for item in self.entitlement.amounts] if self.entitlement else []
        order = list(dict.fromkeys([*entitled, *self.levels, level]))
        before = total((self.levels[each].granted for each in order[: order.index(level)] if each in self.levels), CNY)
        return max(min(granted, self.payable - before), ZERO)

    def owed(self, level: Level) -> Money:
        """What the level may be claimed for and has not paid; never below zero."""
        return max(self.claimable(level) - self.levels.get(level, LevelState()).held, ZERO)

    def owed_back(self, level: Level) -> Money:
        """What the level has paid, and does not grant or may not be claimed for any more; never below zero."""
        return max(self.levels.get(level, LevelState()).held - self.claimable(level), ZERO)

    def _difference(
        self, entitlement: Entitlement, room: Mapping[Level, Room]
    ) -> tuple[tuple[LevelAmount, ...], tuple[LevelAmount, ...], tuple[Cut, ...]]:
        """What goes back, what is added, and what is cut, by level."""
        back: list[LevelAmount] = []
        added: list[LevelAmount] = []
        cuts: list[Cut] = []
        for level in dict.fromkeys([*(item.level for item in entitlement.amounts), *self.levels]):
            held = self.levels.get(level, LevelState()).granted
            wanted = entitlement.at(level) - held
            if wanted < ZERO:
                back.append(LevelAmount(level, -wanted))
            elif wanted:
                granted, code = room[level].grant(wanted)
                if granted:
                    added.append(LevelAmount(level, granted))
                if code:
                    cuts.append(Cut(level, code, wanted - granted))
        return tuple(back), tuple(added), tuple(cuts)

    def _claw_back(self, back: tuple[LevelAmount, ...], reason: str, today: date) -> list[CaseEvent]:
        left = self._moved(_negative(back))
        event = ClawedBack(purse=self.purse, amounts=back, granted=left, reason=reason, clawed_back_on=today)
        occasion = self._occasion("billing_subsidy.ClawedBack", today, today)
        return [event, *rules.subsidy_clawed_back(back, occasion)]

    def _moved(self, changes: Sequence[LevelAmount]) -> tuple[LevelAmount, ...]:
        """What each level grants after these changes."""
        granted = {level: state.granted for level, state in self.levels.items()}
        for change in changes:
            granted[change.level] = granted.get(change.level, ZERO) + change.amount
        return tuple(LevelAmount(level, amount) for level, amount in granted.items())

    def _occasion(self, cause: str, effective_date: date, booked_on: date) -> Occasion:
        return Occasion(cause, effective_date, booked_on, self.policy_id)

    # Evolution.

    @classmethod
    def begin(cls, event: CaseOpened) -> "SubsidyCase":
        return cls(event.policy_id, event.case_number, event.rule_version, event.purse, event.opened_on)

    def evolve(self, event: CaseEvent) -> "SubsidyCase":
        match event:
            case Reckoned():
                case = replace(self, entitlement=event.entitlement, evidence=event.evidence, payable=event.payable)
                return replace(case, reconciled=self.reconciled and not any(map(case.owed_back, case.levels)))
            case SubsidyGranted():
                return replace(self._with(event.granted), cuts=event.cuts, refusals=(), reconciled=False)
            case ClawedBack():
                case = self._with(event.granted)
                levels = dict(case.levels)
                for item in event.amounts:
                    state = levels[item.level]
                    levels[item.level] = replace(state, clawed_back=state.clawed_back + item.amount)
                return replace(case, levels=levels, reconciled=False)
            case SubsidyRefused():
                return replace(self, refusals=event.codes, cuts=())
            case CutNoted():
                return replace(self, cuts=event.cuts)
            case Disbursed():
                state = self.levels[event.level]
                changed = replace(state, disbursed=state.disbursed + event.amount)
                levels = {**self.levels, event.level: changed}
                return replace(self, levels=levels, disbursements=(*self.disbursements, event))
            case SubsidyRepaid():
                state = self.levels[event.level]
                levels = {**self.levels, event.level: replace(state, repaid=state.repaid + event.amount)}
                return replace(self, levels=levels, repayments=(*self.repayments, event))
            case SubsidyPassedOn():
                return replace(self, passed_on=(*self.passed_on, event))
            case Reconciled():
                return replace(self, reconciled=True)
            case CaseOpened() | Reserved() | EntryPosted():
                return self

    def _with(self, granted: Sequence[LevelAmount]) -> "SubsidyCase":
        levels = dict(self.levels)
        for item in granted:
            levels[item.level] = replace(levels.get(item.level, LevelState()), granted=item.amount)
        return replace(self, levels=levels)


def _negative(amounts: Sequence[LevelAmount]) -> list[LevelAmount]:
    return [LevelAmount(item.level, -item.amount) for item in amounts]
