"""Native declarations → resources with meaning, and the graph between them."""

from scanner.normalize.normalize import normalize
from scanner.normalize.settings import Settings

__all__ = ["Settings", "normalize"]
