"""Docker Compose in files: projects, and what each declares."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.model.compose import RUNNABLE
from scanner.model.problem import ProblemKind
from scanner.model.resource import Declaration, ProviderContext
from scanner.model.span import Span
from scanner.model.value import Truth, Unknown, Value, with_origin
from scanner.parsers.compose.fields import Field, FieldPlaces, Origin, plain
from scanner.parsers.compose.grouping import Files, grouped, raw_name
from scanner.parsers.compose.interpolation import Variables
from scanner.parsers.compose.loading import Loading
from scanner.parsers.compose.merging import SECTIONS
from scanner.parsers.compose.reading import Options, Reading
from scanner.parsers.parsed import Parsed

PLATFORM: Final = "compose"
UNNAMED: Final = "compose"
"""What the host of a project in the scan's own folder is called when the project has no name."""

_SINGULAR: Final = {section: section.removesuffix("s") for section in SECTIONS}
_SECRET_NAME: Final = re.compile(r"passw|secret|token|private_?key|api_?key|access_?key|credential", re.IGNORECASE)
_SHORTEST_SECRET: Final = 8
"""Shorter values, and words such as ``postgres`` that demonstrations use, would hide too much of a report."""


class InputFile(Struct, frozen=True):
    """One Compose file: its absolute path, and its name in reports."""

    path: Path
    name: str


@dataclass(slots=True)
class Project:
    """A project and what its files declare. ``prefix`` stands before its ids."""

    files: Files
    model: Field
    variables: Variables
    prefix: str
    reading: Reading

    @property
    def host(self) -> str:
        """The name of the host that it runs on: the project's own, else its folder or file."""
        own = raw_name(self.model, self.variables)
        return own or (UNNAMED if self.files.name == "." else self.files.name)

    def declarations(self) -> Iterator[Declaration]:
        """The project and everything that it declares."""
        provider = ProviderContext(PLATFORM, "", {"project": self.host}, None, True)
        first = self.model.get("services")
        names = [self.reading.name_of(path) for path in self.files.paths]
        span = first.origin.span if first is not None else Span(names[0], 1)
        origin = Origin({}, "", span)
        about = Field(
            {"name": Field(self.host, origin), "files": Field([Field(n, origin) for n in names], origin)}, origin
        )
        yield self._declared("project", self.host, about, provider)
        for section, kind in _SINGULAR.items():
            found = self.model.get(section)
            for name, item in found.mapping().items() if found is not None else ():
                if section == "services":
                    yield from self._service(name, item, provider)
                elif item.value is None or isinstance(item.value, dict):
                    yield self._declared(kind, name, self._with_content(item) if kind == "config" else item, provider)
                else:
                    self.reading.report(item.origin.span, ProblemKind.INVALID, f"{kind} {name} is a mapping")

    def _declared(
        self, kind: str, name: str, item: Field, provider: ProviderContext, exists: Truth = True
    ) -> Declaration:
        attributes = plain(item)
        return Declaration(
            id=f"{self.prefix}{kind}:{name}",
            type=f"{PLATFORM}/{kind}",
            name=name,
            platform=PLATFORM,
            span=item.origin.span,
            attributes=attributes if isinstance(attributes, dict) else {},
            places=FieldPlaces(item),
            provider=provider,
            exists=exists,
            root=self.files.name,
        )

    # -- services ----------------------------------------------------------------------------------

    def _service(self, name: str, item: Field, provider: ProviderContext) -> Iterator[Declaration]:
        span = item.origin.span
        if not isinstance(item.value, dict):
            self.reading.report(span, ProblemKind.INVALID, f"service {name} is a mapping")
            return
        if not item.value.keys() & RUNNABLE:
            message = f"service {name} says neither image nor build; what it is laid over is not known"
            self.reading.report(span, ProblemKind.UNRESOLVED, message)
        value = {**item.value, "environment": self._environment(item)}
        configs = item.get("configs")
        if configs is not None:
            value["configs"] = configs.with_value([self._granted(each) for each in configs.items()])
        yield self._declared("service", name, item.with_value(value), provider, self._exists(item))

    def _exists(self, item: Field) -> Truth:
        """A service with profiles runs where one of them is active: one that ``COMPOSE_PROFILES`` names."""
        profiles = item.get("profiles")
        wanted = [each.value for each in profiles.items()] if profiles is not None else []
        if profiles is None or not wanted:
            return True
        active = self.variables.values.get("COMPOSE_PROFILES")
        if isinstance(active, str) and {"*", *wanted} & {part.strip() for part in active.split(",")}:
            return True
        return Unknown(f"it runs only with the profile {wanted[0]}", profiles.origin.span)

    def _environment(self, item: Field) -> Field:
        """Its variables: those of its files, the last of which counts, and over them its own."""
        found: dict[str, Field] = {}
        files = item.get("env_file")
        for entry in files.items() if files is not None else ():
            found.update(self._of_file(entry))
        own = item.get("environment")
        found.update(own.mapping() if own is not None else {})
        for name, each in found.items():
            self._keep_secret(name, each.value)
        origin = own or files or item
        return Field(found, origin.origin)

    def _of_file(self, entry: Field) -> dict[str, Field]:
        path = entry.text("path")
        if not path:
            return {}
        required, raw = entry.get("required"), entry.text("format") == "raw"
        optional = required is not None and required.value in (False, "false")
        span = entry.origin.span
        read = self.reading.variables(path, span, self.variables, raw=raw, optional=optional)
        found: dict[str, Field] = {}
        for name, written in read.values.items():
            origin = Origin(read.places, name, span)
            value = self.variables.values.get(name) if written is None else written
            if value is None:
                value = Unknown(f"{name} is handed on from the shell that starts it")
            found[name] = Field(with_origin(value, origin.span) if isinstance(value, Unknown) else value, origin)
        return found

    def _keep_secret(self, name: str, value: Value) -> None:
        long = _SECRET_NAME.search(name) is not None and isinstance(value, str) and len(value) >= _SHORTEST_SECRET
        if long and any(c.isdigit() for c in value) and any(c.isalpha() for c in value) and "/" not in value:
            self.reading.secrets.add(value)

    # -- configs -----------------------------------------------------------------------------------

    def _granted(self, grant: Field) -> Field:
        """A config that a service is given, with what it holds."""
        configs = self.model.get("configs")
        config = configs.get(grant.text("source")) if configs is not None else None
        held = self._with_content(config).get("content") if config is not None else None
        if held is None or not isinstance(grant.value, dict):
            return grant
        return grant.with_value({**grant.value, "content": held})

    def _with_content(self, config: Field) -> Field:
        """A config with the text of its file."""
        file = config.get("file")
        if file is None or not isinstance(file.value, str) or not file.value or "\0" in file.value:
            return config
        path = posixpath.normpath(posixpath.join(self.files.folder, file.value))
        text = self.reading.text(path, file.origin.span)
        return config.with_value({**config.value, "content": Field(text, file.origin)}) if text else config


def read(files: Sequence[InputFile], options: Options) -> Parsed:
    """Read Compose files. One that another project includes or extends is no project of its own."""
    reading = Reading(options)
    loaded = [
        (group, found)
        for group in grouped([str(file.path) for file in files], reading)
        if (found := _loaded(group, reading)) is not None
    ]
    kept = [(group, *found) for group, found in loaded if not _is_part(group, reading)]
    declarations: list[Declaration] = []
    for group, model, variables in kept:
        prefix = f"{group.name}#" if len(kept) > 1 else ""
        declarations.extend(Project(group, model, variables, prefix, reading).declarations())
    return Parsed(
        tuple(declarations),
        tuple(group.name for group, _, _ in kept),
        tuple(sorted(set(reading.problems))),
        frozenset(reading.unread),
        frozenset(reading.partly),
        reading.sources,
        frozenset(reading.secrets),
    )


def _loaded(group: Files, reading: Reading) -> tuple[Field, Variables] | None:
    span = Span(reading.name_of(group.paths[-1]), 1)
    env = posixpath.join(group.folder, ".env")
    scope = "" if group.name == "." else group.name
    own = reading.variables(env, span, Variables({}, scope), optional=True)
    variables = Variables(own.values, scope)
    model = Loading(reading, group.folder, variables).load(group.paths, span)
    if model is None:
        return None
    services = model.get("services")
    if services is None or not services.mapping():
        reading.report(span, ProblemKind.UNRESOLVED, f"{span.file} declares no services")
    return model, variables


def _is_part(group: Files, reading: Reading) -> bool:
    return group.paths[-1] in reading.used or (group.default and group.paths[0] in reading.used)
