"""The servers under the services, PostgreSQL and NATS JetStream, as children of this process."""

from deploy.local.servers.nats import Nats
from deploy.local.servers.postgres import Postgres
from deploy.local.servers.processes import LOOPBACK, Child, ServerError, check_port, free_port, make_directory

__all__ = ["LOOPBACK", "Child", "Nats", "Postgres", "ServerError", "check_port", "free_port", "make_directory"]
