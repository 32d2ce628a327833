"""Hostile messages: valid ones of every flow, changed at random by a seed, sent to every method of a running stack."""
