"""Native declarations → resources with meaning, and the graph between them."""

from scanner.normalize.normalize import GivenPlace, Settings, normalize

__all__ = ["GivenPlace", "Settings", "normalize"]
