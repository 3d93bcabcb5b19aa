"""Folders of configuration → root modules → declarations."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from scanner.cache.keys import digest
from scanner.cache.store import Cache
from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Declaration, ProviderContext
from scanner.model.span import Span
from scanner.model.value import Unknown, Value
from scanner.parsers.terraform import syntax, tree
from scanner.parsers.terraform.declare import backend, declarations, module_sources, outputs
from scanner.parsers.terraform.disk import Disk
from scanner.parsers.terraform.folders import Folder, InputFile, Reader, is_local, literal, uncalled
from scanner.parsers.terraform.module import Argument, ModuleInstance, provider_name
from scanner.parsers.terraform.moves import moves
from scanner.parsers.terraform.options import TerraformOptions
from scanner.parsers.terraform.recall import Outcome, recall, state_of
from scanner.parsers.terraform.source import Located, ModuleSource
from scanner.parsers.terraform.traversal import references
from scanner.parsers.terraform.variables import Assignment, read_assignments

_CALL_ARGUMENTS = frozenset({"source", "version", "count", "for_each", "providers", "depends_on"})


class RootModule(Struct, frozen=True):
    """A folder that no other folder calls. ``library`` when nothing shows that it is ever applied by itself."""

    folder: Path
    name: str
    library: bool


class TerraformResult(Struct, frozen=True):
    """What the Terraform files of a scan declare. ``moves`` are addresses behind the name of their root and ``#``.

    ``inputs`` is the hash of all that was read for a root, by its name, ``state`` that of all that was read; both are
    empty unless a cache was given.
    """

    declarations: tuple[Declaration, ...]
    roots: tuple[RootModule, ...]
    problems: tuple[Problem, ...]
    unread: frozenset[str]
    partly: frozenset[str]
    sources: Mapping[str, tuple[str, ...]]
    secrets: frozenset[str]
    moves: Mapping[str, str] = {}
    inputs: Mapping[str, str] = {}
    state: str = ""


def read(
    files: Sequence[InputFile], scan_root: Path, base: Path, options: TerraformOptions, cache: Cache | None = None
) -> TerraformResult:
    """Evaluate every root module of ``files``, reading nothing outside ``scan_root``; names relate to ``base``.

    What a ``cache`` holds for a root is taken from there, if all that was read for it reads the same.
    """
    reader = Reader(Disk(scan_root), base, options.max_file_bytes, cache or Cache(), keyed=cache is not None)
    folders = reader.folders(files)
    roots = _roots(folders, scan_root)
    reads_states = any(folder.summary().reads_states for folder in folders.values())
    found: list[Declaration] = []
    moved: dict[str, str] = {}
    inputs: dict[str, str] = {}
    states: list[str] = []
    for root in roots:
        prefix = f"{root.name}#" if len(roots) > 1 else ""
        evaluation = Evaluation(folders, folders[root.folder], root, scan_root, base, options, reader)
        evaluation.reads_states = reads_states
        outcome = evaluation.outcome(prefix) if cache is None else recall(evaluation, prefix, cache)
        found.extend(outcome.declarations)
        reader.problems.extend(outcome.problems)
        reader.secrets.update(outcome.secrets)
        moved.update((f"{root.name}#{old}", f"{root.name}#{new}") for old, new in outcome.moves)
        if cache is not None:
            inputs[root.name] = outcome.inputs
            states.append(state_of(evaluation, outcome, prefix))
    unique = {declaration.id: declaration for declaration in found}
    return TerraformResult(
        tuple(unique[name] for name in sorted(unique)),
        tuple(roots),
        tuple(sorted(set(reader.problems), key=_problem_order)),
        frozenset(reader.unread),
        frozenset(reader.partly),
        reader.lines,
        frozenset(reader.secrets),
        moved,
        inputs,
        _state(folders, states, reader.problems) if cache is not None else "",
    )


def _state(folders: Mapping[Path, Folder], roots: Sequence[str], problems: Sequence[Problem]) -> str:
    """The hash of all that was read; empty where a root's must not be kept."""
    if not all(roots):
        return ""
    return digest(*(folder.digest for folder in folders.values()), "roots", *roots, "problems", *map(repr, problems))


def _same(value: Value) -> Value:
    return value


@lru_cache(maxsize=1_024)
def _template_tree(text: str) -> tree.Expression:
    return syntax.parse_template(text)


def _problem_order(problem: Problem) -> tuple[str, int, int, str, str]:
    span = problem.span
    return span.file, span.line, span.column, problem.kind, problem.message


def _roots(folders: Mapping[Path, Folder], scan_root: Path) -> list[RootModule]:
    roots: list[RootModule] = []
    for path in uncalled(folders):
        summary = folders[path].summary()
        if summary.declares:
            name = os.path.relpath(path, scan_root).replace(os.sep, "/")
            roots.append(RootModule(path, name, library=not summary.applied))
    return roots


@dataclass(slots=True)
class Evaluation:
    """One root module and all that it calls."""

    folders: Mapping[Path, Folder]
    folder: Folder
    root_info: RootModule
    root: Path
    base: Path
    options: TerraformOptions
    reader: Reader
    secrets: set[str] = field(default_factory=set)
    _children: dict[str, ModuleInstance | Unknown] = field(default_factory=dict)
    _manifest: dict[str, Path] | None = None
    too_many: Span | None = None
    reads_states: bool = False
    moves: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    disk: Disk = field(init=False)

    def __post_init__(self) -> None:
        self.disk = Disk(self.root, noting=self.reader.keyed)

    def outcome(self, id_prefix: str) -> Outcome:
        """All that the root module and what it calls declare."""
        found = tuple(self.declarations(id_prefix))
        return Outcome(found, tuple(self.moves), tuple(sorted(self.secrets)), tuple(self.problems))

    @property
    def root_module(self) -> Path:
        """The root module's folder."""
        return self.folder.path

    @property
    def workspace(self) -> str | None:
        """The selected workspace."""
        return self.options.workspace

    @property
    def max_instances(self) -> int:
        """The limit of ``count`` and ``for_each``."""
        return self.options.max_instances

    def report(self, problem: Problem) -> None:
        """Record a problem."""
        self.problems.append(problem)

    def remember_secret(self, value: Value) -> None:
        """Keep the texts in a sensitive value out of reports; very short ones are no secrets."""
        if isinstance(value, str) and len(value) >= 4:
            self.secrets.add(value)
        elif isinstance(value, dict):
            for item in value.values():
                self.remember_secret(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                self.remember_secret(item)

    def parse_template(self, text: str) -> tree.Expression:
        """A template's tree; the same text is parsed once."""
        return _template_tree(text)

    def declarations(self, id_prefix: str) -> Iterator[Declaration]:
        """All resources of the root module and the modules that it calls, as far as the limit of their number."""
        root = ModuleInstance(
            self.folder.source, "", self._root_arguments(), self, self.folder.path, library=self.root_info.library
        )
        yield from backend(root, self.root_info.name, id_prefix)
        if self.reads_states:
            yield from outputs(root, self.root_info.name, id_prefix)
        found = self._module_declarations(root, id_prefix)
        yield from islice(found, self.options.max_resources)
        if (further := next(found, None)) is not None:
            message = f"more than {self.options.max_resources} resources: the rest is left out"
            self.report(Problem(further.span, ProblemKind.LIMIT, message))

    def _module_declarations(self, module: ModuleInstance, id_prefix: str) -> Iterator[Declaration]:
        self.moves.extend(moves(module))
        yield from declarations(module, self.root_info.name, id_prefix)
        yield from module_sources(module, self.root_info.name, id_prefix)
        for name in module.source.calls:
            module.called(name)
            located = module.source.calls[name]
            expansion = module.expansion(("module", name), located, f"{module.prefix}module.{name}")
            for instance in expansion.instances.values():
                child = self._children.get(instance.address)
                if isinstance(child, ModuleInstance):
                    for declaration in self._module_declarations(child, id_prefix):
                        if expansion.undecided is not None and declaration.exists is True:
                            yield replace(declaration, exists=expansion.undecided.derived())
                        else:
                            yield declaration

    # -- inputs ------------------------------------------------------------------------------------

    def _root_arguments(self) -> dict[str, Argument]:
        """Values of the root's variables: environment, then terraform.tfvars, *.auto.tfvars, var files, ``--var``."""
        declared = self.folder.source.variables
        found: dict[str, Argument] = {}
        for name, text in self.options.environment.items():
            if name in declared:
                found[name] = self._given(text, declared[name], f"TF_VAR_{name}")
        for assignments in self._value_files():
            for name, given in assignments.items():
                found[name] = Argument(partial(_same, given.value), given.span)
        for name, text in self.options.variables.items():
            if name in declared:
                found[name] = self._given(text, declared[name], f"--var {name}")
        return found

    def _value_files(self) -> Iterator[Mapping[str, Assignment]]:
        def order(item: tuple[str, Mapping[str, Assignment]]) -> tuple[int, str]:
            ranked = {"terraform.tfvars": 0, "terraform.tfvars.json": 1}
            return ranked.get(item[0], 2), item[0]

        for name, assignments in sorted(self.folder.assignments, key=order):
            if name in ("terraform.tfvars", "terraform.tfvars.json") or name.endswith(
                (".auto.tfvars", ".auto.tfvars.json")
            ):
                yield assignments
        for path in self.options.var_files:
            try:
                parsed = syntax.parse(path.read_bytes(), path.name)
            except OSError as error:
                self.report(Problem(Span(path.name, 1), ProblemKind.UNREADABLE, f"file not read: {error.strerror}"))
                continue
            yield read_assignments(parsed, path.name, self.problems)

    def _given(self, text: str, located: Located, where: str) -> Argument:
        """A value from the command line: as it is for text variables, else an expression."""
        declared = located.block.body.attributes.get("type")
        written = next((steps[0] for steps, _ in references(declared.value)), "") if declared else "string"
        if declared is None or (isinstance(declared.value, tree.Variable) and written in ("string", "any")):
            return Argument(lambda: text)
        try:
            expression = syntax.parse_expression(text)
        except ValueError as error:
            self.report(Problem(located.span, ProblemKind.UNRESOLVED, f"{where} is not a valid value: {error}"))
            return Argument(lambda: Unknown(f"{where} is not a valid value"))
        module = ModuleInstance(ModuleSource(""), "", {}, self, self.folder.path)
        return Argument(lambda: module.value_of(expression, where))

    # -- modules -----------------------------------------------------------------------------------

    def child(
        self, parent: ModuleInstance, name: str, key: str, names: Mapping[str, Value]
    ) -> ModuleInstance | Unknown:
        """The module that a call brings in, evaluated once per address."""
        if key not in self._children:
            self._children[key] = self._load_child(parent, name, key, names)
        return self._children[key]

    def _load_child(
        self, parent: ModuleInstance, name: str, address: str, names: Mapping[str, Value]
    ) -> ModuleInstance | Unknown:
        located = parent.source.calls[name]
        folder = self._child_folder(parent, name, located, address)
        if isinstance(folder, Unknown):
            return folder
        scope = parent.scope(located.file).within(names)
        arguments = {
            argument: Argument(
                partial(parent.value_of, attribute.value, located.file, scope),
                Span(located.file, *attribute.at),
                attribute.value,
            )
            for argument, attribute in located.block.body.attributes.items()
            if argument not in _CALL_ARGUMENTS
        }
        call = located.span.under(parent.call, "in the module called")
        return ModuleInstance(
            folder.source,
            address,
            arguments,
            self,
            folder.path,
            parent,
            call,
            _passed_providers(parent, located),
            parent.library,
        )

    def _child_folder(self, parent: ModuleInstance, name: str, located: Located, address: str) -> Folder | Unknown:
        written = located.block.body.attributes.get("source")
        span = Span(located.file, *written.at) if written else located.span
        text = literal(written)
        if text is None:
            return self._unavailable(address, "its source is not a plain text", span)
        if address.count("module.") > self.options.max_module_depth:
            self.report(
                Problem(span, ProblemKind.LIMIT, f"module calls nest deeper than {self.options.max_module_depth}")
            )
            return self._unavailable(address, "module calls nest too deeply", span)
        if len(self._children) >= self.options.max_modules:
            self.report(
                Problem(self.too_many or span, ProblemKind.LIMIT, f"more than {self.options.max_modules} modules")
            )
            self.too_many = self.too_many or span
            return Unknown(f"there are more than {self.options.max_modules} modules", span)
        path = Path(os.path.normpath(parent.folder / text)) if is_local(text) else self._installed(parent, name)
        if path is None:
            return self._unavailable(
                address, f"its source {text} is not on this machine (terraform init brings it)", span
            )
        if not self.disk.is_within(path):
            return self._unavailable(address, f"its source {text} lies outside the scanned folder", span)
        if any(path == module.folder for module in parent.lineage()):
            message = f"{_unkeyed(address)} calls itself: its source {text} is what it is called from"
            self.report(Problem(span, ProblemKind.INVALID, message))
            return Unknown(message, span)
        folder = self._folder(path)
        if folder is None:
            return self._unavailable(address, f"its source {text} holds no configuration", span)
        return folder

    def _folder(self, path: Path) -> Folder | None:
        """A folder of configuration: one of those discovered, else of installed modules."""
        folder = self.folders.get(path)
        self.disk.note("folder", path, folder.digest if folder else "none")
        if folder is not None:
            return folder
        found = self.reader.installed(path)
        self.disk.note("installed", path, found.digest)
        self.reader.take_installed(found)
        return found.folder

    def _unavailable(self, address: str, reason: str, span: Span) -> Unknown:
        self.report(Problem(span, ProblemKind.MODULE, f"{_unkeyed(address)} is not available: {reason}"))
        return Unknown(f"{_unkeyed(address)} is not available: {reason}", span)

    def _installed(self, parent: ModuleInstance, name: str) -> Path | None:
        """The folder that ``.terraform/modules/modules.json`` names for a call."""
        if self._manifest is None:
            self._manifest = _manifest(self.folder.path, self.disk)
        steps = [step.split("[")[0] for step in f"{parent.prefix}module.{name}".split("module.") if step]
        return self._manifest.get(".".join(step.rstrip(".") for step in steps))


def _unkeyed(address: str) -> str:
    """A module's address without instance keys, so that many instances make one problem."""
    steps = address.split("module.")
    return "module.".join(step.split("[")[0] + ("." if "[" in step and step.endswith(".") else "") for step in steps)


def _manifest(folder: Path, disk: Disk) -> dict[str, Path]:
    """Module keys → folders, from Terraform's own record of what it installed."""
    try:
        record = json.loads(disk.content(folder / ".terraform" / "modules" / "modules.json").decode("utf-8"))
        entries: Iterable[Mapping[str, str]] = record["Modules"]
        return {e["Key"]: Path(os.path.normpath(folder / e["Dir"])) for e in entries if e.get("Key")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _passed_providers(parent: ModuleInstance, located: Located) -> dict[str, ProviderContext]:
    """Provider configurations that a call hands over by ``providers = {}``."""
    written = located.block.body.attributes.get("providers")
    if written is None or not isinstance(written.value, tree.ObjectCons):
        return {}
    return {provider_name(key): parent.provider(provider_name(value)) for key, value in written.value.items}
