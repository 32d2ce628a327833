"""The import contracts hold, and each of them is seen red on a fault planted for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, SERVICES

LAYERS = "Inside a service, imports point one way"
INDEPENDENCE = "No service imports another"
BELOW = "The local stack and the services know nothing of each other, the libraries nothing of either"
FREE = "Domains are free of frameworks"
PURE = "What a domain may use is pure"

FAULTS = [
    *((LAYERS, f"services/{name}/domain/errors.py", f"import services.{name}.application") for name in SERVICES),
    (LAYERS, "services/policy/domain/errors.py", "import services.policy.quantification.draws"),
    (LAYERS, "services/policy/quantification/draws.py", "import services.policy.application"),
    (LAYERS, "services/policy/publishing.py", "import services.policy.reactions"),
    (LAYERS, "services/claims/projections.py", "import services.claims.servicer"),
    (LAYERS, "services/vendor_gateway/reactions.py", "import services.vendor_gateway.__main__"),
    (LAYERS, "services/billing_subsidy/somewhere_else.py", '"""A module that no layer names."""'),
    (INDEPENDENCE, "services/claims/domain/errors.py", "import services.policy.domain.errors"),
    (INDEPENDENCE, "services/billing_subsidy/reactions.py", "import services.vendor_gateway.publishing"),
    (BELOW, "libs/common/streams.py", "import services.policy.domain.errors"),
    (BELOW, "libs/common/streams.py", "import deploy.local"),
    (BELOW, "deploy/local/__init__.py", "import services.claims.domain.errors"),
    *((FREE, f"services/{name}/domain/errors.py", "import sqlalchemy") for name in SERVICES),
    *((FREE, "services/policy/domain/errors.py", f"import {name}") for name in ("grpc", "psycopg", "nats", "msgspec")),
    *((FREE, "services/claims/domain/errors.py", f"import {name}") for name in ("eventsourcing", "opentelemetry")),
    (FREE, "services/claims/domain/errors.py", "from google.type import money_pb2"),
    (FREE, "services/policy/domain/errors.py", "from hubao.policy.v1 import events_pb2"),
    (FREE, "services/policy/domain/errors.py", "import libs.common.application"),
    *((FREE, "services/policy/quantification/draws.py", f"import {name}") for name in ("grpc", "sqlalchemy")),
    (PURE, "libs/common/money.py", "import google.type.money_pb2"),
]


def contracts(tree: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of a copy of the repository."""
    program = Path(sys.executable).with_name("lint-imports")
    paths = {"PYTHONPATH": f"{tree}:{ROOT / 'build' / 'gen'}"}
    return subprocess.run(
        [program, "--no-cache"], cwd=tree, env=os.environ | paths, capture_output=True, text=True, check=False
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("services", "libs", "deploy"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_contracts_hold(tree: Path) -> None:
    result = contracts(tree)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("contract", "path", "fault"), FAULTS)
def test_a_planted_fault_breaks_its_contract(tree: Path, contract: str, path: str, fault: str) -> None:
    planted = tree / path
    planted.write_text(f"{planted.read_text('utf-8') if planted.exists() else ''}\n{fault}\n", "utf-8")

    result = contracts(tree)

    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{contract} BROKEN" in " ".join(result.stdout.split()), result.stdout
