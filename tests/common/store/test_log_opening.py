"""A log whose database is not there says so, and keeps nobody waiting for long."""

import pytest

from deploy.local.servers import free_port
from libs.common.outages import OutcomeUnknown
from libs.common.store.reading import Log


async def test_a_log_whose_database_does_not_answer_can_not_be_opened() -> None:
    log = Log(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing", patience=0.3)

    with pytest.raises(OutcomeUnknown, match="the database does not answer"):
        await log.open()
