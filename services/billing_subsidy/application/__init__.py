"""The commands of billing and subsidies: get, decide, record."""
