"""The URL of a database, in the forms that libraries want; of its own, so that a service need not load migrations."""

from sqlalchemy import URL, make_url


def sqlalchemy_url(url: str) -> URL:
    """A libpq URL in SQLAlchemy's form, for the psycopg driver."""
    return make_url(url).set(drivername="postgresql+psycopg")
