"""Domains use business words, exact numbers and nothing else."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import PURE, ROOT, SERVICES, domain_modules, imports, modules, name_of, parsed

EXACT = [*domain_modules(), *(ROOT / "libs" / "common" / f"{name}.py" for name in ("money", "dates", "changes"))]
REGISTRY_HOSTS = ("pypi" + ".org", "python" + "hosted.org", "proxy.golang" + ".org", "registry.npmjs" + ".org")


def test_every_service_has_a_domain() -> None:
    assert {path.relative_to(ROOT).parts[1] for path in domain_modules()} == set(SERVICES)


@pytest.mark.parametrize("path", EXACT, ids=name_of)
def test_no_float_is_made_where_money_is_reckoned(path: Path) -> None:
    floats = [
        node.lineno
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]

    assert floats == []


@pytest.mark.parametrize("path", domain_modules(), ids=name_of)
def test_a_domain_imports_only_itself_the_pure_libraries_and_the_standard_library(path: Path) -> None:
    service = path.relative_to(ROOT).parts[1]
    own = (f"services.{service}.domain", *(f"libs.common.{name}" for name in PURE))

    foreign = {
        name
        for name in imports(path)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(name == o or name.startswith(f"{o}.") for o in own)
    }

    assert foreign == set()


@pytest.mark.parametrize("path", modules("services/policy/quantification"), ids=name_of)
def test_the_simulation_imports_only_itself_its_domain_the_pure_libraries_and_numerics(path: Path) -> None:
    own = ("services.policy.quantification", "services.policy.domain", "numpy", "scipy")
    allowed = (*own, *(f"libs.common.{name}" for name in PURE))

    foreign = {
        name
        for name in imports(path)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(name == one or name.startswith(f"{one}.") for one in allowed)
    }

    assert foreign == set()


def test_no_file_names_a_registry_host() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    texts = {name: (ROOT / name).read_bytes().decode("utf-8", "replace") for name in listed if (ROOT / name).is_file()}

    assert {name for name, text in texts.items() if any(host in text for host in REGISTRY_HOSTS)} == set()


def test_the_services_have_the_same_modules() -> None:
    layers = {"__main__", "application", "domain", "projections", "publishing", "reactions", "servicer"}
    found = {
        service: {
            path.stem
            for path in (ROOT / "services" / service).iterdir()
            if path.name not in ("__init__.py", "__pycache__", "README.md")
        }
        for service in SERVICES
    }

    assert found.pop("policy") == layers | {"quantification"}
    assert found == dict.fromkeys([name for name in SERVICES if name != "policy"], layers)
    assert modules(*(f"services/{service}" for service in SERVICES))
