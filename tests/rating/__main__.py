"""`make rating`: writes docs/rating.md and its picture from a fresh run."""

from pathlib import Path

from tests.rating.page import PICTURE, page
from tests.rating.picture import picture

DOCS = Path(__file__).parents[2] / "docs"

if __name__ == "__main__":
    (DOCS / "rating.md").write_text(page(), "utf-8")
    (DOCS / PICTURE).write_text(picture(), "utf-8")
