from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.policy.desk import Desk, open_desk


@pytest.fixture
async def desk(database: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(database, tmp_path) as open_one:
        yield open_one
