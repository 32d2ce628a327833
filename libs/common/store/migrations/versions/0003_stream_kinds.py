"""A stream has one kind."""

from libs.common.store.migrations.script import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run("schema_0003.sql")


def downgrade() -> None:
    raise NotImplementedError("history is never taken back")
