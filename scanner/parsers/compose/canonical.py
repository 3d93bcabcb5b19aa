"""Services in one shape, whichever of several ways to write them a file uses: as ``docker compose config`` prints them.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from scanner.model.value import Unknown, Value, with_origin
from scanner.parsers.compose.fields import Field, marked, unmarked
from scanner.parsers.compose.interpolation import joined

_WINDOWS_PATH: Final = re.compile(r"^[A-Za-z]:[\\/]")
_HOST_PATH: Final = ("/", ".", "~", "\\")

Shaper = Callable[[Field, str], Field]


def service(written: Field, folder: str) -> Field:
    """A service in its canonical shape. ``folder`` is what its relative paths start from."""
    if not isinstance(written.value, dict):
        return written
    shaped = {key: _shaped(key, item, folder) for key, item in written.value.items()}
    return written.with_value(shaped)


def _shaped(key: str, written: Field, folder: str) -> Field:
    shaper = _SHAPERS.get(key)
    if shaper is None or isinstance(written.value, Unknown) or written.value is None:
        return written
    return shaper(written, folder)


def _named(value: Any, field: Field) -> Field:
    """A part of a field, which stands where the field does."""
    return Field(with_origin(value, field.origin.span) if isinstance(value, Unknown) else value, field.origin)


def _mapping(written: Field, _folder: str) -> Field:
    """``KEY=value`` items as a mapping. A key that is not known tells nothing."""
    if isinstance(written.value, dict):
        return written.with_value({key: item.with_value(_as_text(item)) for key, item in written.value.items()})
    found: dict[str, Field] = {}
    for item in written.items():
        text, gaps = marked(item.value)
        name, equals, rest = text.partition("=")
        if name and name == marked(name)[0] and "\ue000" not in name:
            found[name] = _named(unmarked(rest, gaps, joined) if equals else None, item)
    return written.with_value(found)


def _as_text(item: Field) -> Value:
    """A scalar as a program is given it; what nothing is written for comes from whoever starts the project."""
    value = item.value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def environment(written: Field, folder: str) -> Field:
    """Environment variables as a mapping; those that are only named are handed on by whoever starts the project."""
    shaped = _mapping(written, folder)
    handed = {
        name: item.with_value(
            with_origin(Unknown(f"{name} is handed on from the shell that starts it"), item.origin.span)
        )
        if item.value is None
        else item
        for name, item in shaped.mapping().items()
    }
    return shaped.with_value(handed)


def _by_name(default: Mapping[str, Value]) -> Shaper:
    def shape(written: Field, _folder: str) -> Field:
        """A list of names as a mapping."""
        if isinstance(written.value, dict):
            return written
        named = [item for item in written.items() if isinstance(item.value, str)]
        return written.with_value(
            {item.value: _named({key: _named(held, item) for key, held in default.items()}, item) for item in named}
        )

    return shape


def _build(written: Field, folder: str) -> Field:
    if isinstance(written.value, str):
        return written.with_value({"context": _named(written.value, written)})
    args = written.get("args")
    return written if args is None else written.with_value({**written.value, "args": _mapping(args, folder)})


def _extends(written: Field, _folder: str) -> Field:
    return (
        written.with_value({"service": _named(written.value, written)}) if isinstance(written.value, str) else written
    )


def _list(written: Field, _folder: str) -> Field:
    return written if isinstance(written.value, list) else written.with_value([_named(written.value, written)])


def _env_files(written: Field, folder: str) -> Field:
    """Files by their path from the root of the file system, so that a file that is merged elsewhere means the same."""
    found = []
    for item in written.items():
        entry = item if isinstance(item.value, dict) else item.with_value({"path": _named(item.value, item)})
        path = entry.text("path")
        if path:
            entry = entry.with_value({**entry.value, "path": _named(_joined_path(folder, path), entry.value["path"])})
        found.append(entry)
    return written.with_value(found)


def _joined_path(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _ports(written: Field, _folder: str) -> Field:
    return written.with_value([_port(item) for item in written.items()])


def _port(item: Field) -> Field:
    """A port in its long form. Without an address it is published on all of the host's."""
    if isinstance(item.value, dict):
        if item.get("published") is None or item.get("host_ip") is not None:
            return item
        return item.with_value({**item.value, "host_ip": _named("0.0.0.0", item)})  # noqa: S104  # what Docker binds
    text, gaps = marked(item.value)
    address, protocol = text.partition("/")[::2]
    *host, target = address.rsplit(":", 2)
    made = {"target": unmarked(target, gaps, joined), "protocol": protocol or "tcp"}
    if host and host[-1]:
        made["published"] = unmarked(host[-1], gaps, joined)
        made["host_ip"] = unmarked((host[:-1] or ["0.0.0.0"])[0].strip("[]"), gaps, joined)  # noqa: S104  # Docker's
    return item.with_value({key: _named(value, item) for key, value in made.items()})


def _volumes(written: Field, _folder: str) -> Field:
    return written.with_value([_mount(item) for item in written.items()])


def _mount(item: Field) -> Field:
    """A mount in its long form: a path of the host is bound, a name is a volume, a target alone a nameless one."""
    if isinstance(item.value, dict):
        return item
    text, gaps = marked(item.value)
    drive = _WINDOWS_PATH.match(text)
    steps = text[2:].split(":") if drive else text.split(":")
    if drive:
        steps[0] = text[:2] + steps[0]
    made: dict[str, Value] = {
        "type": "volume",
        "target": unmarked(steps[-1] if len(steps) < 2 else steps[1], gaps, joined),
    }
    if len(steps) > 1:
        made["source"] = unmarked(steps[0], gaps, joined)
        made["type"] = _mount_type(steps[0], made["source"])
        made["read_only"] = len(steps) > 2 and "ro" in steps[2].split(",")
    return item.with_value({key: _named(value, item) for key, value in made.items()})


def _mount_type(text: str, source: Value) -> Value:
    if text.startswith(_HOST_PATH) or _WINDOWS_PATH.match(text):
        return "bind"
    if isinstance(source, Unknown):
        return source.derived() if not source.prefix else "bind" if "/" in source.prefix else "volume"
    return "volume"


def _granted(written: Field, _folder: str) -> Field:
    """Secrets and configs in their long form."""
    return written.with_value(
        [
            item if isinstance(item.value, dict) else item.with_value({"source": _named(item.value, item)})
            for item in written.items()
        ]
    )


def _deploy(written: Field, folder: str) -> Field:
    labels = written.get("labels")
    return written if labels is None else written.with_value({**written.value, "labels": _mapping(labels, folder)})


_STARTED: Final = {"condition": "service_started", "required": True}

_SHAPERS: Final[Mapping[str, Shaper]] = {
    "annotations": _mapping,
    "build": _build,
    "configs": _granted,
    "depends_on": _by_name(_STARTED),
    "deploy": _deploy,
    "dns": _list,
    "env_file": _env_files,
    "environment": environment,
    "extends": _extends,
    "labels": _mapping,
    "links": _list,
    "networks": _by_name({}),
    "ports": _ports,
    "profiles": _list,
    "secrets": _granted,
    "tmpfs": _list,
    "volumes": _volumes,
}
"""Keys that may be written in several ways, and what brings them into one."""
