"""Named questions over a resource and the graph. A rule compares; a fact computes."""

from scanner.facts.fact import Answer, Fact
from scanner.facts.table import FACTS

__all__ = ["FACTS", "Answer", "Fact"]
