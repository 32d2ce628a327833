"""Subsidy programmes: the rules, the programme with its versions, and the directory of what is published."""
