"""The event store: one log per service in PostgreSQL, one way in (`append`).

`factory`, named as `PERSISTENCE_MODULE`, gives the eventsourcing library a recorder on the same function, and the
library's own conformance cases run against it.
"""
