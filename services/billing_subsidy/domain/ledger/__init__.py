"""The insurer's books: chart of accounts, balanced entries, and the rules that make them from events."""
