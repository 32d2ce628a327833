"""What one programme gives to one policy."""
