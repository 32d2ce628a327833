"""The policy account: what a policyholder owes and has paid, and the entries that follow from it."""
