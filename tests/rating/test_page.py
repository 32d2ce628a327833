"""The page in docs/ is what a fresh run writes: every figure of it, and the picture."""

from pathlib import Path

from tests.rating.page import PICTURE, page
from tests.rating.picture import picture

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_that_of_a_fresh_run() -> None:
    assert (DOCS / "rating.md").read_text("utf-8") == page(), "run `make rating`"


def test_the_picture_is_that_of_a_fresh_run() -> None:
    assert (DOCS / PICTURE).read_text("utf-8") == picture(), "run `make rating`"
