"""Prepares one service's place in a database: its schema, its two roles, and the tables at their newest version.

The owner role owns the log and can't log in; the service role may execute `append` and read. Running it again
changes nothing that is up to date.
"""

import hashlib
import hmac
import logging
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import create_engine, make_url
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

from libs.common.store.urls import sqlalchemy_url

_LOCK = 0x68756261  # An advisory lock, so that two starting processes don't migrate at once.


class PrepareError(Exception):
    """The database could not be prepared; the message is one line for a person."""


def prepare(admin_url: str, service: str, revision: str = "head", password: str | None = None) -> str:
    """Creates or upgrades `service`'s schema and returns the URL that the service connects with.

    `admin_url` names a database and a user who may create roles and schemas. PrepareError if the server can't be
    reached or does not allow it. `revision` is that of the tables, if it shall not be the newest. `password` is the
    service's from now on; without it, one that follows from the administrator's, so that running it again changes none.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            password = password or _password(admin_url, service)
            _roles(connection, service, password)
        engine = create_engine(sqlalchemy_url(admin_url), poolclass=NullPool)
        _upgrade(engine, service, revision)
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise PrepareError(f"the database for {service} can't be prepared: {reason}") from error
    url = make_url(admin_url).set(username=f"hubao_{service}", password=password)
    return url.render_as_string(hide_password=False)


def _password(admin_url: str, service: str) -> str | None:
    """None where the server trusts us without one, else a password that follows from the administrator's."""
    given = conninfo_to_dict(admin_url).get("password")
    if given is None:
        return None
    return hmac.new(str(given).encode(), f"hubao/{service}".encode(), hashlib.sha256).hexdigest()


def _roles(connection: psycopg.Connection[tuple[object, ...]], service: str, password: str | None) -> None:
    owner, role, schema = (sql.Identifier(name) for name in (f"hubao_{service}_owner", f"hubao_{service}", service))
    for identifier, name, login in ((owner, f"hubao_{service}_owner", "NOLOGIN"), (role, f"hubao_{service}", "LOGIN")):
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} " + login).format(identifier))
    if password is not None:
        # Hashed here, so that no log of the server can have it.
        secret = connection.pgconn.encrypt_password(password.encode(), f"hubao_{service}".encode(), b"scram-sha-256")
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(secret.decode())))
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(owner))
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(schema, owner))
    connection.execute(sql.SQL("GRANT CREATE, CONNECT ON DATABASE {} TO {}").format(database, role))
    connection.execute(sql.SQL("ALTER ROLE {} IN DATABASE {} SET search_path = {}").format(role, database, schema))


def _upgrade(engine: Engine, service: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes.update(schema=service, owner=f"hubao_{service}_owner", service=f"hubao_{service}")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        connection.exec_driver_sql(f"SET LOCAL ROLE hubao_{service}_owner")
        connection.exec_driver_sql(f"SET LOCAL search_path = {service}")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
