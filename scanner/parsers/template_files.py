"""Files that templates name: nothing outside of the scanned folder, nothing too large."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from scanner.model.problem import ProblemKind
from scanner.model.span import Span


class TemplateFiles(Struct, frozen=True):
    """Where files may lie. Names in reports are relative to ``base``; nothing outside of ``scan_root`` is read."""

    base: Path
    scan_root: Path
    max_file_bytes: int

    def name_of(self, path: str) -> str:
        """A path as reports show it."""
        return os.path.relpath(path, self.base).replace(os.sep, "/")

    def content(self, path: str, asked: Span, report: Callable[[Span, ProblemKind, str], None]) -> bytes | None:
        """A file's bytes; ``None``, with a problem at ``asked``, for one that is not to be read or is not there."""
        shown = self.name_of(path)
        try:
            real = Path(path).resolve(strict=True)
            if not real.is_relative_to(self.scan_root.resolve()):
                report(asked, ProblemKind.UNRESOLVED, f"{shown} lies outside of the scanned folder; not read")
            elif not real.is_file():
                report(asked, ProblemKind.UNRESOLVED, f"{shown} is not a file")
            elif real.stat().st_size > self.max_file_bytes:
                report(asked, ProblemKind.LIMIT, f"{shown} is larger than limits.max_file_bytes; not read")
            else:
                return real.read_bytes()
        except FileNotFoundError:
            report(asked, ProblemKind.MODULE, f"{shown} is not in the scanned folder")
        except (OSError, RuntimeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a path"
            report(asked, ProblemKind.UNREADABLE, f"{shown} not read: {reason}")
        return None
