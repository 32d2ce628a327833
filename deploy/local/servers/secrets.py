"""Secrets of the local stack: made once for a data directory, and readable by nobody but its owner."""

import os
from pathlib import Path
from secrets import token_hex
from tempfile import NamedTemporaryFile

from deploy.local.servers.processes import ServerError, make_directory


def make_private(path: Path) -> Path:
    """The directory, made if missing, closed to everybody else; ServerError unless it is ours."""
    make_directory(path)
    try:
        path.chmod(0o700)
    except OSError as error:
        raise ServerError(f"the directory {path} can't be closed to others: {error.strerror}") from error
    return path


def write_secret(path: Path, text: str) -> None:
    """Writes a file of mode 0600, whole or not at all."""
    with NamedTemporaryFile("w", dir=path.parent, delete=False) as fresh:  # Mode 0600 from the first byte.
        fresh.write(text)
    os.replace(fresh.name, path)


def password_in(path: Path) -> str:
    """The password in a file, a random one that is kept there if there is none.

    It begins with a letter: NATS would read another beginning as a number.
    """
    if not path.exists():
        write_secret(path, f"p{token_hex(32)}\n")
    return path.read_text().strip()
