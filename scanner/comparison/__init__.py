"""Two estates side by side; :mod:`scanner.comparison.compare` begins it."""
