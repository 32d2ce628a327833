"""The event store."""

from pathlib import Path

from alembic import context, op

revision = "0001"
down_revision = None


def upgrade() -> None:
    text = (Path(__file__).parents[1] / "schema_0001.sql").read_text("utf-8")
    for name in ("schema", "owner", "service"):
        text = text.replace(f"${{{name}}}", context.config.attributes[name])
    # The driver itself, without parameters, takes many statements at once and leaves every % alone.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(text)


def downgrade() -> None:
    raise NotImplementedError("history is never taken back")
