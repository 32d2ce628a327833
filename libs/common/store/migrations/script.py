"""Runs the text of a schema's version: plain SQL, with the names of schema and roles put in."""

from pathlib import Path

from alembic import context, op


def run(name: str) -> None:
    """Executes `name`, a file beside this one."""
    text = (Path(__file__).parent / name).read_text("utf-8")
    for placeholder in ("schema", "owner", "service"):
        text = text.replace(f"${{{placeholder}}}", context.config.attributes[placeholder])
    # The driver itself, without parameters, takes many statements at once and leaves every % alone.
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(text)
