"""Keeping summaries of scans in a file: JSON Lines, which merge, or SQLite, which others can ask."""
