"""Native declarations → resources with meaning, and the graph between them."""

from scanner.normalize.normalize import normalize
from scanner.normalize.settings import GivenPlace, Settings

__all__ = ["GivenPlace", "Settings", "normalize"]
