"""The event store: one log per service in PostgreSQL, one way in (`append`).

Named as `PERSISTENCE_MODULE`, this package gives the eventsourcing library a recorder on the same function, and the
library's own conformance cases run against it.
"""
