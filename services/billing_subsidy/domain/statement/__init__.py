"""Bank statements: reading a file, and what becomes of its entries."""
