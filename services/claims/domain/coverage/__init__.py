"""The coverage check: what the terms, as they were known, say to a loss, clause by clause."""
