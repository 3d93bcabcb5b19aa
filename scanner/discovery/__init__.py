"""Paths → the files that a scan reads."""

from scanner.discovery.files import Discovery, SourceFile, discover, find_base, with_named

__all__ = ["Discovery", "SourceFile", "discover", "find_base", "with_named"]
