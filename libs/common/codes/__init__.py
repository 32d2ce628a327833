"""Codes of Chinese standards: credit codes, industries, regions. Pure tables and check characters."""
