"""Data that others have published, which lies beside this repository and never in it."""

import csv
import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[2] / "shared" / "data"


def rows(path: str) -> list[dict[str, str]]:
    """A CSV file; the mark of a byte order, if there is one, belongs to no name."""
    with (DATA / path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def document(path: str) -> Any:
    return json.loads((DATA / path).read_text("utf-8"))
