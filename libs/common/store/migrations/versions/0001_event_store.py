"""The event store."""

from libs.common.store.migrations.script import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    run("schema_0001.sql")


def downgrade() -> None:
    raise NotImplementedError("history is never taken back")
