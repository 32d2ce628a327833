"""What an answer was computed from: a SHA-256 of all inputs, by which two answers are known as of one question."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from hashlib import sha256

import numpy as np

from services.policy.quantification.draws import BLOCK
from services.policy.quantification.simulation import MODEL_VERSION


def model_version() -> str:
    """The model with the generator's version: either may change the figures."""
    return f"{MODEL_VERSION}/{BLOCK}/numpy-{np.__version__}"


def fingerprint(*inputs: object) -> str:
    """Lower-case hexadecimal; the same for equal values."""
    text = json.dumps([_plain(each) for each in (model_version(), *inputs)], ensure_ascii=False, sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        named: dict[str, object] = {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
        return {"": type(value).__name__, **named}
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Decimal | Fraction | date):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(_plain(each)) for each in value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{type(value).__name__} has no plain form")
