"""docs/api is what the protos say now, and its links lead somewhere."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.contracts.protos import ROOT, comments, rpcs

PAGES = ROOT / "docs" / "api"


def test_the_pages_are_those_that_the_protos_make_now(tmp_path: Path) -> None:
    made = tmp_path / "api"
    subprocess.run([sys.executable, str(ROOT / "protos" / "reference.py"), str(made)], check=True)

    fresh = {path.name: path.read_text("utf-8") for path in made.iterdir()}
    kept = {path.name: path.read_text("utf-8") for path in PAGES.iterdir()}
    changed = sorted(name for name in fresh.keys() | kept.keys() if fresh.get(name) != kept.get(name))
    assert changed == [], "run `make docs`"


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    counted: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        slug = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        found.add(f"{slug}-{counted[slug]}" if counted[slug] else slug)
        counted[slug] += 1
    return found


def test_every_link_leads_to_a_heading() -> None:
    broken = []
    for page in PAGES.iterdir():
        for target in re.findall(r"\]\(([^)]+)\)", re.sub(r"`[^`]*`", "", page.read_text("utf-8"))):
            path, _, anchor = target.partition("#")
            there = (PAGES / path) if path else page
            if not there.exists() or (anchor and anchor not in anchors(there.read_text("utf-8"))):
                broken.append(f"{page.name}: {target}")

    assert broken == []


def test_every_method_is_told_with_its_access_and_all_its_reasons() -> None:
    for rpc in rpcs():
        service = rpc.descriptor.containing_service.full_name
        page = (PAGES / f"{service.removeprefix('hubao.')}.md").read_text("utf-8")
        (section,) = re.findall(rf"^### {rpc.descriptor.name}$(.*?)(?=^###? |\Z)", page, re.MULTILINE | re.DOTALL)

        assert re.search(r"^- \*\*Access:\*\* `\w+`.*; scope \w+$", section, re.MULTILINE), rpc.name
        assert re.search(r"^- \*\*Retry:\*\* safe\b.*\.$", section, re.MULTILINE), rpc.name
        told = section.partition("**Errors**")[2]
        promised = re.findall(r"`([A-Z0-9]+(?:_[A-Z0-9]+)+)`", comments()[rpc.name].partition("Errors:")[2])
        assert [name for name in promised if f"`{name}`" not in told] == [], rpc.name
