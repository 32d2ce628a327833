"""Finding all that is wrong with a request before it is refused, in code that is as pure as what it checks.

A check is a generator of wrong fields, in the order of the request, and `all_at_once` makes a function of it that
refuses. Such functions are used inside others by `problems`, which gives what they find instead of raising it:

    @all_at_once
    def check_range(field: str, least: int, most: int) -> Iterator[Invalid]:
        yield from problems(check_count, f"{field}.least", least)
        if least > most:
            yield InvalidField(field=f"{field}.most", problem="is below the least")

What is read of a request, rather than checked, is collected by `reading`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from libs.common.errors import DomainError, Invalid, InvalidFields

P = ParamSpec("P")
T = TypeVar("T")


def refuse(found: Iterable[Invalid]) -> None:
    """Raises all wrong fields together, a single one as it is; nothing if there are none."""
    wrong: list[Invalid] = []
    try:
        for one in found:
            wrong.extend(one.each)
    except Invalid as raised:
        wrong.extend(raised.each)
    except DomainError:
        if not wrong:
            raise  # What is wrong in itself comes before what the state of the world does not allow.
    if wrong:
        raise wrong[0] if len(wrong) == 1 else InvalidFields(wrong)


def all_at_once(check: Callable[P, Iterable[Invalid]]) -> Callable[P, None]:
    """The check as a function that raises everything that it finds."""

    @wraps(check)
    def checked(*args: P.args, **kwargs: P.kwargs) -> None:
        refuse(check(*args, **kwargs))

    return checked


def problems(check: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> tuple[Invalid, ...]:
    """What a function that refuses finds wrong; none if it returns."""
    try:
        check(*args, **kwargs)
    except Invalid as found:
        return found.each
    return ()


class Reading:
    """Reads fields one by one, and remembers those that are wrong."""

    def __init__(self) -> None:
        self.wrong: list[Invalid] = []

    def __call__(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function reads. A field that is wrong has no value, which nobody sees: the reading is refused."""
        try:
            return read(*args, **kwargs)
        except Invalid as found:
            self.wrong.extend(found.each)
            return cast(T, None)


@contextmanager
def reading() -> Iterator[Reading]:
    """Raises at its end all that was read wrongly within it. Values that were read are put together, and no more."""
    read = Reading()
    try:
        yield read
    except Invalid as found:
        read.wrong.extend(found.each)
    refuse(read.wrong)
