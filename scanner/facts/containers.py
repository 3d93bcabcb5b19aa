"""The containers that a resource runs: image, command line and environment, alike for every platform.

Found are the entries of any list that a platform calls its containers (pods and pod templates of every kind, their
counterparts in Terraform, Cloud Run, Container Apps, task definitions of ECS) and services of Compose.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from scanner.facts.documents import Setting, json_document, literal_text
from scanner.graph.graph import Graph
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Unknown, Value

COMPOSE_SERVICE: Final = "compose/service"

_MAIN: Final = frozenset({"containers", "container", "container_definitions", "containerDefinitions"})
_FIRST: Final = frozenset({"initContainers", "init_container", "init_containers"})
_ENTRY: Final = ("entrypoint", "entryPoint", "entry_point")
_COMMAND: Final = ("command",)
_ARGUMENTS: Final = ("args", "arguments")
_ENVIRONMENT: Final = ("env", "environment", "environment_variables", "environmentVariables")
_DEEPEST: Final = 12
_GAP: Final = "\ue000"
_STARTING: Final = 4
_STARTS_WITHIN: Final = 500
_VARIABLE: Final = re.compile(r"\$\((?P<pod>[A-Za-z_]\w*)\)|\$\{(?P<braced>[A-Za-z_]\w*)\}|\$(?P<bare>[A-Za-z_]\w*)")
_ASSIGNED: Final = re.compile(r"--?[\w.-]+=")
_QUOTES: Final = re.compile("[\"']")
_SEPARATORS: Final = ";&|()"
"""What ends a command of a shell."""
_FLAG: Final = re.compile(r"(?P<dashes>--?)(?P<name>[A-Za-z][\w.-]*)(?:=(?P<value>.*))?", re.DOTALL)
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9]+")


class Container(Struct, frozen=True):
    """One container as written. ``path`` is the native path that holds it, ``initial`` one that ends before the others.

    ``command`` is everything that is executed, entry point first, in the pieces in which it is written, ``places`` the
    native path of each piece.
    """

    name: str
    image: Value
    command: tuple[Value, ...]
    env: tuple[Setting, ...]
    path: str
    initial: bool = False
    places: tuple[str, ...] = ()

    @property
    def repository(self) -> str:
        """The image in lower case without tag and digest; ``?`` stands for each piece that is not known."""
        text = literal_text(self.image, "?") if not isinstance(self.image, Unknown) else _with_marks(self.image)
        text = text.partition("@")[0]
        head, slash, last = text.rpartition("/")
        return f"{head}{slash}{last.partition(':')[0]}".lower()

    @property
    def image_path(self) -> str:
        """The native path of the image."""
        return f"{self.path}.image" if self.path else "image"

    def words(self) -> list[str]:
        """The words of the command line, those of scripts in it as well, with known variables put in."""
        return [word for value in self.command for word in _words(self._text(value)) if word]

    def first_words(self) -> list[str]:
        """The words in which a command names its program, without looking at the whole of a long script."""
        started = (_plain(value)[:_STARTS_WITHIN] for value in self.command[:_STARTING])
        return [word for text in started for word in _words(text) if word]

    def option(self, *names: str) -> Value:
        """What the command line or the environment says for the first of some options: a text, or ``True`` for a flag.

        Names are written as in documentation, without dashes (``beacon-node-endpoints``). Flags that are given several
        times are joined by commas. An unknown when a piece of it is not known.
        """
        for name in names:
            found = self._flag(name)
            if found is ABSENT:
                found = self._variable(name)
            if found is not ABSENT:
                return found
        return ABSENT

    def option_path(self, *names: str) -> str:
        """The native path that holds an option's value: that of the piece of the command, or of the variable."""
        for name in names:
            if self._flag(name) is not ABSENT:
                return next(
                    (p for v, p in zip(self.command, self.places, strict=False) if self._has(v, name)), self.path
                )
            for setting in self.env:
                if _is_variable_of(setting.name, name):
                    return setting.path
        return self.path

    def _has(self, piece: Value, name: str) -> bool:
        """Whether a piece of the command gives an option."""
        matches = (_FLAG.fullmatch(word) for word in _words(self._text(piece)))
        return any(match is not None and _folded(match["name"]) == _folded(name) for match in matches)

    def _flag(self, name: str) -> Value:
        words = self.words()
        values: list[str] = []
        bare = False
        for index, word in enumerate(words):
            match = _FLAG.fullmatch(word)
            if match is None or _folded(match["name"]) != _folded(name):
                continue
            value = match["value"]
            following = words[index + 1] if index + 1 < len(words) else "-"
            if value is None and (not following.startswith("-") or following == _GAP):
                value = following
            bare = bare or value is None
            values += [value] if value is not None else []
        if not values:
            return True if bare else ABSENT
        return self._known(",".join(values), f"the value of --{name} is not in the files")

    def _variable(self, name: str) -> Value:
        for setting in self.env:
            if _is_variable_of(setting.name, name):
                if isinstance(setting.value, Unknown):
                    return setting.value if setting.value.parts else setting.value.derived()
                return self._known(self._text(setting.value), f"the value of {setting.name} is not in the files")
        return ABSENT

    def _known(self, text: str, reason: str) -> Value:
        if _GAP not in text:
            return text
        parts: list[str | Unknown] = []
        for index, piece in enumerate(text.split(_GAP)):
            parts += [self._gap(reason)] if index else []
            parts += [piece] if piece else []
        first = next(part for part in parts if isinstance(part, Unknown))
        return first if len(parts) == 1 else Unknown(reason, first.origin, None, first.refs, tuple(parts))

    def _gap(self, reason: str) -> Unknown:
        """The first unknown of the container, which tells where the missing piece would be decided."""
        for value in (*self.command, *(setting.value for setting in self.env)):
            if isinstance(value, Unknown):
                first = next((part for part in value.parts if isinstance(part, Unknown)), value)
                return Unknown(reason, first.origin or value.origin, None, first.refs or value.refs)
        return Unknown(reason)

    def _text(self, value: Value) -> str:
        """A value as text with variables of the environment put in and a mark for what is not known."""
        text = _with_marks(value, _GAP) if isinstance(value, Unknown) else _plain(value)
        if "$" not in text:
            return text
        held = {setting.name: setting.value for setting in self.env}

        def put(match: re.Match[str]) -> str:
            known = held.get(match["pod"] or match["braced"] or match["bare"], ABSENT)
            if known is ABSENT:
                return _GAP
            return _with_marks(known, _GAP) if isinstance(known, Unknown) else _plain(known)

        return _VARIABLE.sub(put, text)


Configs = Mapping[str, Mapping[str, Value]]
"""What configuration objects hold, by name."""


def containers(resource: Resource, configs: Configs = MappingProxyType({})) -> Iterator[Container]:
    """The containers that a resource declares itself, those that run first included.

    ``configs`` are the objects whose entries they may take as variables.
    """
    attributes = resource.declaration.attributes
    if resource.type == COMPOSE_SERVICE:
        yield _container(attributes, resource.declaration.name, "", configs, initial=False)
    else:
        yield from _below(attributes, "", configs, 0)


def running(graph: Graph) -> dict[str, tuple[Container, ...]]:
    """The containers of every resource that the files create and that has any, by id."""
    return graph.once(_running)


def _running(graph: Graph) -> dict[str, tuple[Container, ...]]:
    found = {}
    for resource in graph.resources.values():
        if resource.declaration.mode == "managed":
            held = tuple(containers(resource, _configs(resource, graph)))
            if held:
                found[resource.id] = held
    return found


def _configs(resource: Resource, graph: Graph) -> Configs:
    """What the configuration objects hold that a resource names."""
    named = (graph.resources[edge.target] for edge in graph.outgoing.get(resource.id, ()))
    held = ((each.declaration.name, each.declaration.attributes.get("data")) for each in named if each.kind == "config")
    return {name: data for name, data in held if isinstance(data, dict)}


def _below(value: Value, path: str, configs: Configs, depth: int) -> Iterator[Container]:
    if depth > _DEEPEST:
        return
    for key, item in value.items() if isinstance(value, dict) else ():
        inner = f"{path}.{key}" if path else str(key)
        if key in _MAIN or key in _FIRST:
            yield from _listed(item, inner, configs, initial=key in _FIRST)
        elif isinstance(item, dict):
            yield from _below(item, inner, configs, depth + 1)
        elif isinstance(item, list):
            for index, each in enumerate(item):
                yield from _below(each, f"{inner}[{index}]", configs, depth + 1)


def _listed(value: Value, path: str, configs: Configs, *, initial: bool) -> Iterator[Container]:
    """The entries of a list of containers, which may be written as JSON text."""
    items = json_document(value) if isinstance(value, (str, Unknown)) else value
    written = items is value
    for index, item in enumerate(items if isinstance(items, (list, tuple)) else [items]):
        if isinstance(item, dict) and isinstance(item.get("image"), (str, Unknown)):
            place = f"{path}[{index}]" if written else path
            yield _container(item, _plain(item.get("name")), place, configs, initial=initial)


def _container(data: Mapping[str, Value], name: str, path: str, configs: Configs, *, initial: bool) -> Container:
    keys = [key for keys in (_ENTRY, _COMMAND, _ARGUMENTS) for key in keys]
    pieces = [piece for key in keys for piece in _pieces(data.get(key), f"{path}.{key}" if path else key)]
    command, places = tuple(piece for piece, _ in pieces), tuple(place for _, place in pieces)
    environment = tuple(_environment(data, path, configs))
    return Container(name, data.get("image", ABSENT), command, environment, path, initial, places)


def _pieces(value: Value, path: str) -> Iterator[tuple[Value, str]]:
    """What is executed, piece by piece, each with the native path that holds it."""
    if isinstance(value, (list, tuple)):
        yield from ((item, f"{path}[{index}]") for index, item in enumerate(value) if item is not None)
    elif isinstance(value, str):
        yield from ((word, path) for word in _split(value))
    elif isinstance(value, Unknown):
        yield value, path


def _split(text: str) -> Sequence[str]:
    """A command line in its words, as Compose splits it; a text with unbalanced quotes is taken whole."""
    try:
        return shlex.split(text)
    except ValueError:
        return [text]


def _environment(data: Mapping[str, Value], path: str, configs: Configs) -> Iterator[Setting]:
    for key in _ENVIRONMENT:
        value, place = data.get(key), f"{path}.{key}" if path else key
        if isinstance(value, dict):
            yield from (Setting(str(name), item, f"{place}.{name}") for name, item in value.items())
        elif isinstance(value, (list, tuple)):
            for index, item in enumerate(value):
                yield from _setting(item, f"{place}[{index}]", configs)
    taken = data.get("envFrom")
    for index, source in enumerate(taken if isinstance(taken, list) else ()):
        named = _field(source, "configMapRef", "name")
        for name, item in configs.get(named, {}).items() if isinstance(named, str) else ():
            yield Setting(f"{_plain(source.get('prefix'))}{name}", item, f"{path}.envFrom[{index}]")


def _field(value: Value, *keys: str) -> Value:
    for key in keys:
        value = value.get(key, ABSENT) if isinstance(value, dict) else ABSENT
    return value


def _setting(item: Value, path: str, configs: Configs) -> Iterator[Setting]:
    if isinstance(item, dict) and isinstance(item.get("name"), str):
        yield Setting(item["name"], _value(item, configs), f"{path}.value")
    elif isinstance(item, (str, Unknown)):
        text = _with_marks(item, _GAP) if isinstance(item, Unknown) else item
        name, equals, value = text.partition("=")
        if _GAP not in name:
            known: Value = value
            if _GAP in value or not equals:
                parts = item.parts if isinstance(item, Unknown) else ()
                known = _after(name, parts) if parts else Unknown(f"{name} is taken from where it is started")
            yield Setting(name, known, path)


def _value(item: Mapping[str, Value], configs: Configs) -> Value:
    """The value of a variable: its own, or that of an entry of a configuration object."""
    held = item.get("value", ABSENT)
    if held is not ABSENT:
        return held
    name, key = (_field(item, "valueFrom", "configMapKeyRef", part) for part in ("name", "key"))
    known = configs.get(name, {}).get(key, ABSENT) if isinstance(name, str) and isinstance(key, str) else ABSENT
    return Unknown(f"{item['name']} is kept in another object") if known is ABSENT else known


def _after(name: str, parts: tuple[str | Unknown, ...]) -> Value:
    """The partly known text behind ``NAME=``."""
    first = parts[0]
    rest = (first[len(name) + 1 :], *parts[1:]) if isinstance(first, str) else parts
    kept = tuple(part for part in rest if part != "")
    origin = next(part for part in kept if isinstance(part, Unknown))
    return origin if len(kept) == 1 else Unknown(origin.reason, origin.origin, None, origin.refs, kept)


def _with_marks(value: Unknown, mark: str = "?") -> str:
    if not value.parts:
        return mark
    return "".join(part if isinstance(part, str) else mark for part in value.parts)


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None or value is ABSENT or isinstance(value, (dict, list, Unknown)) else str(value)


def _words(text: str) -> list[str]:
    """The words of a text: one for a plain argument, many for a script, without line continuations and quotes."""
    if _ASSIGNED.match(text) and "\n" not in text:
        return [text]
    words = text.replace("\\\n", " ").split()
    return words if len(words) < 2 else [_QUOTES.sub("", word.strip(_SEPARATORS)) for word in words]


def _folded(name: str) -> str:
    return _NOT_IN_NAMES.sub("-", name.lower())


def _is_variable_of(variable: str, option: str) -> bool:
    """Whether an environment variable is named after an option, as it is or with the program's name before it."""
    name = _folded(option)
    given = _folded(variable)
    return given == name or given.endswith(f"-{name}")
