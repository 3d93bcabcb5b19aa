"""Native declarations → resources with meaning, and the graph between them."""

from scanner.normalize.normalize import Settings, normalize

__all__ = ["Settings", "normalize"]
