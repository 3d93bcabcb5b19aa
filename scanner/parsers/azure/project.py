"""Templates of a scan: which are deployed on their own, with which parameters, and what they declare.

A template that another one deploys is read as a part of that. A file of parameters belongs to the template that it
names (``using``), or whose name it has (``main.parameters.json`` beside ``main.json`` or ``main.bicep``); where several
fit none is taken, unless the configuration names one. What the configuration names comes last and wins.

What Bicep's compiler wrote (``main.json`` beside ``main.bicep``) is the same template once more. The source is judged,
as people read that; but where it needs modules of a registry, which are not here, the compiled one, which holds them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from scanner.model.problem import ProblemKind
from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.parsers.azure.calls import SPECIAL
from scanner.parsers.azure.declare import declarations
from scanner.parsers.azure.deployment import Deployment, Given
from scanner.parsers.azure.evaluate import Frame
from scanner.parsers.azure.lambdas import LAMBDAS
from scanner.parsers.azure.modules import REMOTE, deployed
from scanner.parsers.azure.place import Place
from scanner.parsers.azure.places import PLACES
from scanner.parsers.azure.reading import InputFile, Options, Reading
from scanner.parsers.azure.run import Run
from scanner.parsers.azure.tree import Call, Expression, Fields, Items, Literal, ParameterFile, Resource, Template
from scanner.parsers.parsed import Parsed

TEMPLATES: Final = frozenset({"arm", "bicep"})
_CALLS: Final = {**SPECIAL, **LAMBDAS, **PLACES}
_MARKS: Final = (".parameters", ".parameter", ".params", ".param", "-parameters", ".azuredeploy.parameters")
_ENDINGS: Final = (".json", ".jsonc", ".bicep")


def read(files: Sequence[InputFile], options: Options) -> Parsed:
    """Everything that the templates among some files declare. Never raises: what cannot be read is a problem."""
    reading = Reading(options)
    return _Project(reading, sorted(files, key=lambda file: file.name)).parsed()


@dataclass(slots=True)
class _Project:
    reading: Reading
    files: Sequence[InputFile]
    given: dict[str, list[ParameterFile]] = field(default_factory=dict)
    named: list[ParameterFile] = field(default_factory=list)
    sources: dict[str, Template] = field(default_factory=dict)
    """By the names of compiled templates that are judged: what they were compiled from."""

    def parsed(self) -> Parsed:
        reading = self.reading
        templates = self._once(dict(self._templates()))
        self._parameter_files(templates)
        roots = self._roots(templates)
        written = [self.sources.get(name, each) for name, each in templates.items()]
        certain = {self._judged(path) for each in written for path in _called(each, certain=True)}
        found: list[Declaration] = []
        done: list[str] = []
        prefixed = len(roots) > 1
        for name in (*roots, *templates):
            # Templates that are linked by an address nobody knows are deployed on their own after all.
            if name in done or (name not in roots and (name in reading.reached or name in certain)):
                continue
            prefixed = prefixed or bool(done)
            found.extend(self._deployed(templates[name], f"{name}#" if prefixed else ""))
            done.append(name)
        return Parsed(
            declarations=tuple(found),
            roots=tuple(done),
            problems=tuple(sorted(reading.problems)),
            unread=frozenset(reading.unread),
            partly=frozenset(reading.partly),
            sources=reading.sources,
            secrets=frozenset(reading.secrets),
        )

    def _templates(self) -> Iterator[tuple[str, Template]]:
        for file in self.files:
            if file.format in TEMPLATES:
                template = self.reading.template(self._path(file), Span(file.name, 1))
                if template is not None:
                    yield file.name, template

    def _path(self, file: InputFile) -> str:
        return self.reading.path_of(posixpath.basename(file.name), file.name)

    # -- what is there twice -----------------------------------------------------------------------

    def _once(self, templates: dict[str, Template]) -> dict[str, Template]:
        """The templates less those that stand beside the same in the other language."""
        pairs = {name: f"{name.rpartition('.')[0]}.bicep" for name, each in templates.items() if each.compiled}
        pairs = {name: source for name, source in pairs.items() if source in templates}
        calls = {name: tuple(_called(each, certain=True)) for name, each in templates.items()}
        left_out: set[str] = set()
        for name, source in pairs.items():
            reached: set[str] = set()
            _reach(source, calls, reached)
            if any(_needs_registry(templates[each]) for each in sorted(reached) if each in templates):
                self.sources[name] = templates[source]
                self.reading.take(templates[name], self.reading.path_of(posixpath.basename(source), source))
                left_out.add(source)
            else:
                left_out.add(name)
        return {name: each for name, each in templates.items() if name not in left_out}

    def _judged(self, name: str) -> str:
        """The name of the template that is judged for one."""
        compiled = f"{name.rpartition('.')[0]}.json"
        return compiled if name.endswith(".bicep") and compiled in self.sources else name

    # -- roots -------------------------------------------------------------------------------------

    def _roots(self, templates: Mapping[str, Template]) -> list[str]:
        """The templates that no other deploys; of those that only deploy each other, the first."""
        written = {name: self.sources.get(name, template) for name, template in templates.items()}
        calls = {name: frozenset(map(self._judged, _called(template))) for name, template in written.items()}
        called = {target for name, targets in calls.items() for target in targets if target != name}
        roots = [name for name in templates if name not in called]
        reached: set[str] = set()
        for root in roots:
            _reach(root, calls, reached)
        for name in templates:
            if name not in reached:
                roots.append(name)
                _reach(name, calls, reached)
        return roots

    def _deployed(self, template: Template, prefix: str) -> Iterator[Declaration]:
        run = Run(self.reading, _CALLS, deployed)
        place = Place(region=self.reading.options.region)
        deployment = Deployment(run, template, prefix, {}, place)
        deployment.given = self._inputs(deployment)
        yield from declarations(deployment, template.name)

    # -- parameters --------------------------------------------------------------------------------

    def _parameter_files(self, templates: Mapping[str, Template]) -> None:
        """Read the files of parameters and find the template of each."""
        wanted = {str(path) for path in self.reading.options.parameter_files}
        for path in self.reading.options.parameter_files:
            found = self.reading.parameters(str(path), Span(self.reading.name_of(str(path)), 1))
            if found is not None:
                self.named.append(found)
        for file in self.files:
            if file.format in TEMPLATES or str(file.path) in wanted:
                continue
            found = self.reading.parameters(self._path(file), Span(file.name, 1))
            name = None if found is None else self._template_of(found, templates)
            if found is not None and name is not None:
                self.given.setdefault(name, []).append(found)

    def _template_of(self, found: ParameterFile, templates: Mapping[str, Template]) -> str | None:
        """The template that a file of parameters belongs to."""
        if found.using is not None:
            name = self._judged(posixpath.normpath(posixpath.join(posixpath.dirname(found.name), found.using)))
            if found.using and name not in templates:
                message = f"the template {found.using} is not in the scanned folder"
                self.reading.report(Span(found.name, 1), ProblemKind.MODULE, message)
            return name
        folder, base = posixpath.split(found.name)
        stem = base.rpartition(".")[0]
        stem = next((stem[: -len(mark)] for mark in _MARKS if stem.lower().endswith(mark)), "")
        fits = [posixpath.join(folder, f"{stem}{ending}") for ending in (".bicep", ".json", ".jsonc")]
        return next((name for name in fits if stem and name in templates), None)

    def _inputs(self, deployment: Deployment) -> dict[str, Given]:
        """The inputs of a template that is deployed on its own."""
        template = deployment.template
        found = self.given.get(template.name, [])
        if len(found) > 1 and not self.named:
            names = ", ".join(each.name for each in found)
            message = f"several files give it parameters ({names}); none is taken"
            self.reading.report(Span(template.name, 1), ProblemKind.UNRESOLVED, message)
            found = []
        inputs: dict[str, Given] = {}
        for each in (*(found if len(found) == 1 else ()), *self.named):
            frame = Frame(_own(deployment, each))
            for key, entry in each.values.items():
                if key in template.parameters:
                    inputs[key] = (entry.value, frame.moved(entry.at))
        return inputs


def _own(deployment: Deployment, file: ParameterFile) -> Deployment:
    """A file of parameters has variables, and places, of its own."""
    template = Template(name=file.name, dialect=deployment.template.dialect, variables=file.variables, symbolic=True)
    return Deployment(deployment.run, template, deployment.prefix, {}, deployment.place)


def _called(template: Template, *, certain: bool = False) -> Iterator[str]:
    """The files that a template deploys, as reports call them; with ``certain`` only those that it names outright."""
    folder = posixpath.dirname(template.name)
    for path in (*_named_paths(template.resources, template, certain), *(path for path, _, _ in template.imports)):
        yield posixpath.normpath(posixpath.join(folder, path.replace("\\", "/")))


def _named_paths(resources: Sequence[Resource], template: Template, certain: bool) -> Iterator[str]:
    for resource in resources:
        module = resource.module
        if module is not None and isinstance(module.path, Literal):
            yield from _texts(module.path)
        elif module is not None and module.path is not None and not certain:
            yield from _texts(module.path)  # the address is put together, often by variables
            yield from (text for each in template.variables.values() for text in _texts(each))
        if module is not None and module.template is not None:
            yield from _named_paths(module.template.resources, template if module.outer else module.template, certain)
        yield from _named_paths(resource.children, template, certain)


def _texts(node: Expression) -> Iterator[str]:
    """The texts in an expression that may name templates."""
    stack = [node]
    while stack:
        each = stack.pop()
        match each:
            case Literal(value=str() as text) if text.lower().endswith(_ENDINGS):
                yield text
            case Call():
                stack.extend(each.arguments)
            case Fields():
                stack.extend(entry.value for entry in each.entries)
            case Items():
                stack.extend(each.values)


def _needs_registry(template: Template) -> bool:
    """Whether it deploys modules that are kept elsewhere."""
    paths = [each.module.path for each in template.resources if each.module is not None]
    return any(isinstance(path, Literal) and str(path.value).startswith(REMOTE) for path in paths)


def _reach(start: str, calls: Mapping[str, Collection[str]], reached: set[str]) -> None:
    stack = [start]
    while stack:
        name = stack.pop()
        if name not in reached:
            reached.add(name)
            stack.extend(calls.get(name, ()))
