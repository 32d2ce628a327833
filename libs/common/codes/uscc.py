"""The unified social credit code (GB 32100-2015): 18 characters, the last of which checks the others.

A code is taken exactly as the standard writes it. A blank or a small letter is refused, because the code is a key
under which an enterprise must be found again.
"""

from operator import mul

from stdnum.cn import uscc as standard

from libs.common.codes.region import is_region

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


def problem_of(code: str) -> str:
    """What is wrong with a code, in words that follow the field's name; empty if nothing is."""
    if len(code) != 18:
        return "must have 18 characters"
    values = [_VALUES.get(character) for character in code]
    if None in values:
        return "has a character that GB 32100-2015 does not know"
    if not code[:8].isdigit():
        return "must begin with eight digits: registrar, type and region"
    # As python-stdnum reckons it, without its cleaning of what is no code yet: an import asks for each row.
    if (sum(map(mul, _WEIGHTS, values)) + values[17]) % 31:
        return f"has the check character {code[-1]}, which does not fit the others"
    return ""


def is_valid(code: str) -> bool:
    """Whether the code is written as the standard wants it, with the right check character."""
    return not problem_of(code)


def with_check(first: str) -> str:
    """The whole code that begins with these 17 characters."""
    if len(first) != 17 or any(character not in ALPHABET for character in first):
        raise ValueError(f"a code begins with 17 characters of the standard: {first!r}")
    return first + str(standard.calc_check_digit(first))


def compose(region: str, organisation: int, registrar: str = "91") -> str:
    """A code for generated enterprises: registering authority and type, region, organisation number, check characters.

    The organisation code in it (GB 11714) gets its own check character too; one that would be X is as good as any.
    """
    if not is_region(region):
        raise ValueError(f"no such region: {region}")
    if not 0 <= organisation < 10**8:
        raise ValueError(f"an organisation number has at most eight digits: {organisation}")
    body = f"{organisation:08d}"
    check = 11 - sum(int(digit) * weight for digit, weight in zip(body, ORGANISATION_WEIGHTS, strict=True)) % 11
    return with_check(f"{registrar}{region}{body}{'X' if check == 10 else check % 11}")
