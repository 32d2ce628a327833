"""How much a person may put at stake on one claim: profiles by act and coverage part, granted by two people."""
