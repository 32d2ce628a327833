"""Batches are checked and stored as a whole."""

from libs.common.store.migrations.script import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run("schema_0002.sql")


def downgrade() -> None:
    raise NotImplementedError("history is never taken back")
