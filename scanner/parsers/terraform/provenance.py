"""Which places a written attribute takes its value from: variables, locals, arguments of modules, outputs, tfvars.

Only what is written is followed, not what was evaluated: for questions about single attributes, asked after a scan.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from scanner.model.origin import Origin
from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.parsers.terraform import front_end, tree
from scanner.parsers.terraform.positions import SyntaxInvalid
from scanner.parsers.terraform.source import Located, ModuleSource, module_source
from scanner.parsers.terraform.traversal import Steps, references

MAX_STEPS: Final = 400
"""So many places are looked at for one attribute."""

_CALL: Final = re.compile(r'module\.([\w-]+)(?:\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\])?\.')
_KEY: Final = re.compile(r'\["((?:[^"\\]|\\.)*)"\]$|\[(\d+)\]$')
_STEP: Final = re.compile(r"([^.\[]+)|\[(\d+)\]")
_GIVEN: Final = ("terraform.tfvars", ".auto.tfvars")

Key = str | int | None
Path = tuple[str | int | None, ...]


class Frame(Struct, frozen=True):
    """One module instance: its folder, the call that made it and the key of that, and the module that calls."""

    folder: str
    call: Located | None = None
    key: Key = None
    parent: Frame | None = None


class Inside(Struct, frozen=True):
    """Where an expression stands: the module, the file, and what ``each`` and ``count`` mean there."""

    frame: Frame
    file: str
    repeated: tree.Expression | None = None
    key: Key = None


@dataclass(slots=True)
class Provenance:
    """The sources of a scan, read again as far as questions need it.

    ``top`` is the folder that roots are named from, ``given`` are variable files named by hand.
    """

    sources: Mapping[str, Sequence[str]]
    top: str = ""
    given: Sequence[str] = ()
    _modules: dict[str, ModuleSource] = field(default_factory=dict)
    _files: dict[str, tree.ParsedFile] = field(default_factory=dict)
    _names: dict[str, list[str]] = field(default_factory=dict)

    def origins(self, declaration: Declaration, path: str) -> tuple[Origin, ...]:
        """The places that an attribute takes its value from, the nearest first; none for what is not found as written.

        ``count`` and ``for_each`` are attributes too, ``provider.NAME`` one of the provider's configuration.
        """
        walk = _Walk(self)
        found = self._written(declaration, path)
        if found is not None:
            walk.follow(found[0], (), found[1])
        return tuple(walk.found)

    def module(self, folder: str) -> ModuleSource:
        """The blocks of a folder, as far as its files can be read."""
        if folder not in self._modules:
            files = [(name, self._parsed(name)) for name in self._in(folder) if name.endswith((".tf", ".tofu"))]
            self._modules[folder] = module_source(folder, files)
        return self._modules[folder]

    def assignments(self, folder: str) -> Iterator[tuple[str, tree.Attribute]]:
        """The values of a root's variables with their files, the one that wins last."""
        base = [name for name in self._in(folder) if posixpath.basename(name) == _GIVEN[0]]
        automatic = [name for name in self._in(folder) if name.endswith(_GIVEN[1])]
        for name in (*base, *automatic, *(name for name in self.given if name in self.sources)):
            for attribute in self._parsed(name).body.attributes.values():
                yield name, attribute

    def _in(self, folder: str) -> list[str]:
        if not self._names:
            for name in sorted(self.sources):
                self._names.setdefault(posixpath.dirname(name), []).append(name)
        return self._names.get(folder, [])

    def _parsed(self, name: str) -> tree.ParsedFile:
        if name not in self._files:
            try:
                body, problems = front_end.body("\n".join(self.sources[name]).encode("utf-8", "replace"))
                self._files[name] = tree.ParsedFile(body, tuple(problems))
            except SyntaxInvalid:
                self._files[name] = tree.ParsedFile(tree.Body({}, ()))
        return self._files[name]

    def _written(self, declaration: Declaration, path: str) -> tuple[tree.Expression, Inside] | None:
        frame = self._frame(declaration)
        address = declaration.id.partition("#")[2] or declaration.id
        module = self.module(frame.folder)
        if path.startswith("provider."):
            return self._of_provider(declaration, path.removeprefix("provider."), frame)
        mode, kind, name = declaration.mode, declaration.type, declaration.name
        located = module.resources.get((mode, kind, name))
        if located is None:
            return None
        repeated, key = _repetition(located.block), _key(address)
        inside = Inside(frame, located.file, repeated, key)
        if path in ("count", "for_each"):
            return (repeated, Inside(frame, located.file)) if repeated is not None else None
        expression = _attribute(located.block.body, path)
        return (expression, inside) if expression is not None else None

    def _of_provider(self, declaration: Declaration, name: str, frame: Frame) -> tuple[tree.Expression, Inside] | None:
        provider = declaration.provider
        called = f"{provider.name}.{provider.alias}" if provider.alias else provider.name
        at: Frame | None = frame
        while at is not None:
            located = self.module(at.folder).providers.get(called)
            if located is not None and name in located.block.body.attributes:
                return located.block.body.attributes[name].value, Inside(at, located.file)
            at = at.parent
        return None

    def _frame(self, declaration: Declaration) -> Frame:
        """The module instance of a declaration, from the root down the calls that its address names."""
        address = declaration.id.partition("#")[2] or declaration.id
        frame = Frame(_joined(self.top, declaration.root))
        at = 0
        while (step := _CALL.match(address, at)) is not None:
            at = step.end()
            call = self.module(frame.folder).calls.get(step[1])
            folder = _source_folder(call, frame.folder) if call is not None else None
            if folder is None:
                return Frame(posixpath.dirname(declaration.span.file), call, None, frame)
            key: Key = step[2] if step[2] is not None else int(step[3]) if step[3] is not None else None
            frame = Frame(folder, call, key, frame)
        return frame


@dataclass(slots=True)
class _Walk:
    """One question: what was found, and how much is left to look at."""

    known: Provenance
    found: list[Origin] = field(default_factory=list)
    left: int = MAX_STEPS
    seen: set[tuple[str, tree.Position, Path]] = field(default_factory=set)

    def follow(self, expression: tree.Expression, rest: Path, inside: Inside) -> None:
        """Tell the origins of the part of an expression's value that ``rest`` leads to."""
        expression, rest = _descended(expression, rest)
        visit = (inside.file, expression.at, rest)
        if self.left <= 0 or visit in self.seen:
            return
        self.left -= 1
        self.seen.add(visit)
        passed_on = isinstance(expression, (tree.GetAttr, tree.Index, tree.TemplateWrap))
        for steps, _ in references(expression):
            self._named(steps, rest if passed_on else (), inside)

    def _named(self, steps: Steps, rest: Path, inside: Inside) -> None:
        path = (*steps[2:], *rest)
        match steps:
            case ("var", str(name), *_):
                self._variable(name, path, inside.frame)
            case ("local", str(name), *_):
                self._local(name, path, inside.frame)
            case ("each", "value", *_) if inside.repeated is not None:
                self.follow(inside.repeated, (inside.key, *path), Inside(inside.frame, inside.file))
            case ("module", str(name), *further):
                self._output(name, [*further, *rest], inside.frame)
            case (str(kind), str(name)):
                self._instances(kind, name, inside.frame)

    def _instances(self, kind: str, name: str, frame: Frame) -> None:
        """All instances of a resource are meant: how many there are goes into the value."""
        located = self.known.module(frame.folder).resources.get(("managed", kind, name))
        repeated = _repetition(located.block) if located is not None else None
        if located is not None and repeated is not None:
            self.follow(repeated, (), Inside(frame, located.file))

    def _variable(self, name: str, path: Path, frame: Frame) -> None:
        if frame.call is not None and frame.parent is not None:
            argument = frame.call.block.body.attributes.get(name)
            if argument is not None:
                inside = Inside(frame.parent, frame.call.file, _repetition(frame.call.block), frame.key)
                text = f"argument {name} of module {frame.call.block.labels[0]}"
                self._tell(argument, path, inside, text)
                return
        elif given := [item for item in self.known.assignments(frame.folder) if item[1].name == name]:
            file, attribute = given[-1]
            self._tell(attribute, path, Inside(frame, file), f"the value of variable {name}")
            return
        located = self.known.module(frame.folder).variables.get(name)
        default = located.block.body.attributes.get("default") if located is not None else None
        if located is not None and default is not None:
            self._tell(default, path, Inside(frame, located.file), f"the default of variable {name}")

    def _local(self, name: str, path: Path, frame: Frame) -> None:
        located = self.known.module(frame.folder).locals.get(name)
        if located is not None:
            self._tell(located.attribute, path, Inside(frame, located.file), f"local {name}")

    def _output(self, call_name: str, further: Sequence[str | int | None], frame: Frame) -> None:
        call = self.known.module(frame.folder).calls.get(call_name)
        folder = _source_folder(call, frame.folder) if call is not None else None
        names = list(further)
        key = names.pop(0) if call is not None and _repetition(call.block) is not None and names else None
        output = self.known.module(folder).outputs.get(str(names[0])) if folder is not None and names else None
        value = output.block.body.attributes.get("value") if output is not None else None
        if folder is None or output is None or value is None:
            return
        inner = Inside(Frame(folder, call, key, frame), output.file)
        self._tell(value, tuple(names[1:]), inner, f"output {names[0]} of module {call_name}")

    def _tell(self, attribute: tree.Attribute, path: Path, inside: Inside, text: str) -> None:
        part, _ = _descended(attribute.value, path)
        at = attribute.at if part is attribute.value else part.at
        self.found.append(Origin(Span(inside.file, *at), text))
        self.follow(attribute.value, path, inside)


def _descended(expression: tree.Expression, path: Path) -> tuple[tree.Expression, Path]:
    """The part of a literal object or list that a path leads to, and what is left of the path."""
    while path:
        step, found = path[0], None
        if isinstance(expression, tree.ObjectCons):
            named = (value for key, value in expression.items if isinstance(key, tree.Literal) and key.value == step)
            found = next(named, None)
        elif isinstance(expression, tree.TupleCons) and isinstance(step, int) and step < len(expression.items):
            found = expression.items[step]
        if found is None:
            break
        expression, path = found, path[1:]
    return expression, path


def _attribute(body: tree.Body, path: str) -> tree.Expression | None:
    """The expression of an attribute by its native path (``settings[0].tier``), or of the longest part of it."""
    steps = [name or int(index) for name, index in _STEP.findall(path)]
    while steps:
        name = str(steps.pop(0))
        if (attribute := body.attributes.get(name)) is not None:
            return _descended(attribute.value, tuple(steps))[0]
        number = steps.pop(0) if steps and isinstance(steps[0], int) else 0
        blocks = [block for block in body.blocks if block.type == name]
        if isinstance(number, int) and number < len(blocks):
            body = blocks[number].body
            continue
        dynamic = next((b for b in body.blocks if b.type == "dynamic" and b.labels[:1] == (name,)), None)
        return _repetition(dynamic) if dynamic is not None else None
    return None


def _repetition(block: tree.Block) -> tree.Expression | None:
    """What repeats a block."""
    named = (block.body.attributes.get(name) for name in ("for_each", "count"))
    return next((attribute.value for attribute in named if attribute is not None), None)


def _key(address: str) -> Key:
    found = _KEY.search(address)
    if found is None:
        return None
    return found[1] if found[1] is not None else int(found[2])


def _source_folder(call: Located | None, folder: str) -> str | None:
    """The folder of a module that a call names, if it is of these files."""
    source = call.block.body.attributes.get("source") if call is not None else None
    text = source.value.value if source is not None and isinstance(source.value, tree.Literal) else None
    if not isinstance(text, str) or not text.startswith(("./", "../")):
        return None
    return _joined(folder, text)


def _joined(folder: str, other: str) -> str:
    """The folder that a relative path leads to, as the beginning of file names."""
    found = posixpath.normpath(posixpath.join(folder, other))
    return "" if found == "." else found
