"""One YAML file of data by anybody, read without falling for its tricks, with the lines on which things stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

MAX_DEPTH: Final = 50
"""How deep the YAML of a rule or an incident may nest."""

_TOO_DEEP: Final = f"nested deeper than {MAX_DEPTH} levels"
_READERS_LIMIT: Final = "exceeded maximum nesting depth"
"""What a reader says whose own limit is reached before it tells of the first level."""


class DocumentError(Exception):
    """A file that can't be read as YAML; the message begins with file and line."""


class Document(Struct, frozen=True):
    """A file's data, and the tree of nodes that it was made from."""

    data: Any
    node: Any

    def lines(self) -> dict[str, int]:
        """The first line on which each mapping key stands."""
        import yaml

        lines: dict[str, int] = {}
        stack = [self.node]
        while stack:
            current = stack.pop()
            if isinstance(current, yaml.MappingNode):
                for key, value in current.value:
                    line = key.start_mark.line + 1
                    lines[str(key.value)] = min(line, lines.get(str(key.value), line))
                    stack.append(value)
            elif isinstance(current, yaml.SequenceNode):
                stack.extend(current.value)
        return lines


def read_document(path: Path, name: str, *, as_text: bool = False) -> Document:
    """Read a YAML file, which messages call ``name``.

    ``as_text`` leaves every scalar the text that is written, so that dates and ``no`` are not interpreted. Raises
    :class:`DocumentError` for a file that can't be read, is no YAML, has aliases, or nests deeper than
    :data:`MAX_DEPTH`.
    """
    import yaml

    safe = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader) if as_text else safe
    try:
        text = path.read_bytes()
        _refuse_tricks(yaml.parse(text, Loader=safe), name)
        return Document(yaml.load(text, Loader=loader), yaml.compose(text, Loader=safe))  # noqa: S506  # all are safe
    except OSError as error:
        raise DocumentError(f"{name}: {error.strerror}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        told = _TOO_DEEP if problem == _READERS_LIMIT else f"not valid YAML: {problem}"
        raise DocumentError(f"{name}:{line}: {told}") from None
    except ValueError as error:
        raise DocumentError(f"{name}:1: cannot be read: {error}") from None


def yaml_files(folder: Path, leaving_out: frozenset[str] = frozenset()) -> Iterator[Path]:
    """The YAML files below a folder, in order, except in folders of some names.

    Raises :class:`DocumentError` for a link that leads out of the folder.
    """
    for path in sorted(folder.rglob("*.yaml")):
        if not leaving_out & set(path.relative_to(folder).parts):
            if not path.resolve().is_relative_to(folder.resolve()):
                raise DocumentError(
                    f"{folder.name}/{path.relative_to(folder).as_posix()}: a link that leads out of the folder"
                )
            yield path


def _refuse_tricks(events: Iterable[Any], name: str) -> None:
    """Refuse what YAML's readers fall over: circles and billions of values made of aliases, and deep nesting."""
    import yaml

    depth = 0
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise DocumentError(f"{name}:{line}: aliases are not allowed")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise DocumentError(f"{name}:{line}: {_TOO_DEEP}")
