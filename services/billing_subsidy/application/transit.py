"""Records by hand wait here for their bank lines."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from libs.common.unit import Unit
from services.billing_subsidy.application.streams import transit_stream
from services.billing_subsidy.domain.statement.reading import Entry
from services.billing_subsidy.domain.transit import Record, RecordedByHand, Transit


async def note(unit: Unit, reference: str, record: Record, booked: Sequence[object]) -> None:
    """Has a record wait for its line, if it was booked now and not before."""
    if booked:
        stream = transit_stream(unit.call.tenant, reference)
        await unit.find(Transit, stream)
        unit.record(Transit, stream, [RecordedByHand(reference=reference, record=record)])


async def line_of_reference(
    unit: Unit, numbers: Iterable[str], statement_id: UUID, entry: Entry
) -> list[Record] | None:
    """The records that a line with these words is for. Empty if one is named and waits, but the line does not fit it;
    None if none is named."""
    named = False
    for number in numbers:
        stream = transit_stream(unit.call.tenant, number)
        transit = await unit.find(Transit, stream)
        if transit is None or not transit.waiting:
            continue
        named = True
        if places := transit.fitting(entry.amount):
            return _found(unit, stream, transit, places, statement_id, entry)
    return [] if named else None


async def line_of_target(
    unit: Unit, references: Iterable[str], target_id: UUID, statement_id: UUID, entry: Entry
) -> list[Record] | None:
    """The record by hand, of those under these references, that a line is for that names its account or case."""
    for reference in references:
        stream = transit_stream(unit.call.tenant, reference)
        transit = await unit.find(Transit, stream)
        if transit is not None and (places := transit.near(entry.amount, target_id, entry.value_date)):
            return _found(unit, stream, transit, places, statement_id, entry)
    return None


def _found(
    unit: Unit, stream: UUID, transit: Transit, places: tuple[int, ...], statement_id: UUID, entry: Entry
) -> list[Record]:
    unit.record(Transit, stream, transit.find(places, statement_id, entry.line))
    return [transit.records[place] for place in places]
