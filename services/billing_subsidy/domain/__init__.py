"""What billing and subsidies decide. Only business words; no framework, no clock, no I/O."""
