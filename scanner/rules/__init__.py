"""Rule files, their conditions and their evaluation."""
