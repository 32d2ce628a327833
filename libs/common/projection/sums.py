"""Columns that things are added to: a sum of 64-bit numbers may leave 64 bits, and is exact all the same."""

from sqlalchemy import Dialect, Numeric
from sqlalchemy.types import TypeDecorator


class Sum(TypeDecorator[int]):
    """A whole number of any size."""

    impl = Numeric
    cache_ok = True

    def process_result_value(self, value: object, dialect: Dialect) -> int | None:
        """What the database adds up comes back as a decimal without decimals."""
        return None if value is None else int(str(value))
