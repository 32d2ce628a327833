"""What a claim is worth, and what is left of the limits. Pure: no clock, no ids, no I/O."""
