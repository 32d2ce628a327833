"""The source files that the architecture tests look at."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICES = ("policy", "vendor_gateway", "claims", "billing_subsidy")
PURE = ("changes", "checking", "codes", "dates", "errors", "events", "figures", "money", "names", "texts")
"""What of `libs.common` a domain may import."""


def modules(*folders: str) -> list[Path]:
    """All Python files below these folders of the repository."""
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def domain_modules() -> list[Path]:
    return modules(*(f"services/{service}/domain" for service in SERVICES))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imports(path: Path) -> Iterator[str]:
    """The full names of the modules that a file imports from."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.ImportFrom():
                yield "a relative import"
