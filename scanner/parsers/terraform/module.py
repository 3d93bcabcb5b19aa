"""A module instance: names resolve lazily, every value is computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import ProviderContext
from scanner.model.span import Span
from scanner.model.value import Ref, Unknown, Value, unknown_from
from scanner.parsers.terraform import known, tree, types
from scanner.parsers.terraform.disk import Disk
from scanner.parsers.terraform.evaluate import (
    EvaluationError,
    Handle,
    Namespace,
    Scope,
    evaluate,
    evaluate_or_unknown,
)
from scanner.parsers.terraform.functions import FunctionContext
from scanner.parsers.terraform.source import Located, ModuleSource, ResourceKey
from scanner.parsers.terraform.traversal import calls, references
from scanner.parsers.terraform.values import SetValue, to_number


class Project(Protocol):
    """What a module needs of the evaluation that it is part of."""

    @property
    def root(self) -> Path:
        """The folder that nothing is read outside of."""

    @property
    def root_module(self) -> Path:
        """The root module's folder, which relative paths start from."""

    @property
    def disk(self) -> Disk:
        """What files are looked at through."""

    @property
    def workspace(self) -> str | None:
        """The selected workspace."""

    @property
    def max_instances(self) -> int:
        """The limit of ``count`` and ``for_each``."""

    def report(self, problem: Problem) -> None:
        """Record a problem."""

    def remember_secret(self, value: Value) -> None:
        """Keep a sensitive text out of reports."""

    def child(
        self, parent: ModuleInstance, name: str, key: str, names: Mapping[str, Value]
    ) -> ModuleInstance | Unknown:
        """The module that a call brings in, or why it is not available."""

    def parse_template(self, text: str) -> tree.Expression:
        """A template's tree. Raises ``ValueError``."""


class Argument(Struct, frozen=True):
    """An input of a module: how to compute it, where it is given, and the caller's expression."""

    value: Callable[[], Value]
    span: Span | None = None
    expression: tree.Expression | None = None


class Instance(Struct, frozen=True):
    """One instance of a resource block: its key in the address and the names that its body may use."""

    address: str
    names: Mapping[str, Value]


class Expansion(Struct, frozen=True):
    """The instances of a block. ``undecided`` says why their number is not known: then one stands for all."""

    instances: Mapping[int | str | None, Instance]
    undecided: Unknown | None = None
    keyed_by: str = ""


@dataclass(slots=True, eq=False)
class ModuleInstance:
    """A folder of configuration called with certain inputs. ``address`` is empty for a root module."""

    source: ModuleSource
    address: str
    arguments: Mapping[str, Argument]
    project: Project
    folder: Path
    parent: ModuleInstance | None = None
    call: Span | None = None
    passed_providers: Mapping[str, ProviderContext] | None = None
    library: bool = False
    _values: dict[tuple[str, str], Value] = field(default_factory=dict)
    _active: set[tuple[str, str]] = field(default_factory=set)
    _expansions: dict[tuple[str, ...], Expansion] = field(default_factory=dict)
    _providers: dict[str, ProviderContext] = field(default_factory=dict)
    _scopes: dict[str, Scope] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """What addresses inside the module begin with."""
        return f"{self.address}." if self.address else ""

    def lineage(self) -> Iterator[ModuleInstance]:
        """The module and those that it is called from, innermost first."""
        module: ModuleInstance | None = self
        while module is not None:
            yield module
            module = module.parent

    def scope(self, file: str) -> Scope:
        """The module's names, for expressions of one file."""
        if file not in self._scopes:
            context = FunctionContext(
                self.project.root, self.project.root_module, self._render_template, looking=self.project.disk
            )
            self._scopes[file] = Scope(self._resolve, context, file, is_sensitive=self.is_sensitive)
        return self._scopes[file]

    def _render_template(self, text: str, variables: Mapping[str, Value]) -> Value:
        def missing(name: str, at: tree.Position) -> Value:
            raise EvaluationError(f"the template's variables do not include {name}", at)

        root, folder, disk = self.project.root, self.project.root_module, self.project.disk
        context = FunctionContext(root, folder, self._render_template, in_template=True, looking=disk)
        return evaluate(self.project.parse_template(text), Scope(missing, context, names=dict(variables)))

    # -- names -------------------------------------------------------------------------------------

    def _resolve(self, name: str, at: tree.Position) -> Value:
        match name:
            case "var":
                return Namespace(self._variable)
            case "local":
                return Namespace(self._local)
            case "module":
                return Namespace(lambda called, _at: self.called(called))
            case "data" | "ephemeral":
                return Namespace(lambda kind, _at: Namespace(lambda n, _a: self.object((name, kind, n))))
            case "path":
                return Namespace(self._path)
            case "terraform" | "tofu":
                return Namespace(self._terraform)
            case "each" | "count" | "self":
                raise EvaluationError(f"{name} has no meaning here", at)
            case _:
                return Namespace(lambda n, _at: self.object(("managed", name, n)))

    def _path(self, name: str, at: tree.Position) -> Value:
        match name:
            case "module":
                return self._relative_folder()
            case "root":
                return "."
            case "cwd":
                return Unknown("path.cwd depends on the machine")
            case _:
                raise EvaluationError(f"path has no attribute {name}", at)

    def _relative_folder(self) -> str:
        try:
            return self.folder.relative_to(self.project.root_module).as_posix()
        except ValueError:
            import os

            return os.path.relpath(self.folder, self.project.root_module).replace(os.sep, "/")

    def _terraform(self, name: str, at: tree.Position) -> Value:
        if name == "workspace":
            if self.project.workspace is not None:
                return self.project.workspace
            reason = "the workspace is not known; give it with --workspace NAME"
            return Unknown(reason, None, Ref("terraform", "workspace"))
        if name == "applying":
            return Unknown("terraform.applying is known only while Terraform runs")
        raise EvaluationError(f"terraform has no attribute {name}", at)

    def _memo(self, key: tuple[str, str], compute: Callable[[], Value]) -> Value:
        if key in self._values:
            return self._values[key]
        if key in self._active:
            return Unknown(f"{key[0]}.{key[1]} refers to itself")
        self._active.add(key)
        try:
            value = compute()
        finally:
            self._active.discard(key)
        self._values[key] = value
        return value

    def _report_error(self, file: str) -> Callable[[EvaluationError], None]:
        def report(error: EvaluationError) -> None:
            span = Span(file, *error.at).under(self.call, "in the module called")
            self.project.report(Problem(span, ProblemKind.UNRESOLVED, error.message))

        return report

    def value_of(self, expression: tree.Expression, file: str, scope: Scope | None = None) -> Value:
        """The value of an expression of this module; what fails becomes a problem and an unknown."""
        return evaluate_or_unknown(expression, scope or self.scope(file), self._report_error(file))

    # -- variables, locals, outputs ----------------------------------------------------------------

    def _variable(self, name: str, at: tree.Position) -> Value:
        located = self.source.variables.get(name)
        if located is None:
            raise EvaluationError(f"there is no variable {name}", at)
        return self._memo(("var", name), lambda: self._compute_variable(name, located))

    def _compute_variable(self, name: str, located: Located) -> Value:
        body, scope = located.block.body, self.scope(located.file)
        declared = body.attributes.get("type")
        default = body.attributes.get("default")
        argument = self.arguments.get(name)
        value: Value
        if argument is not None:
            value = argument.value()
        else:
            value = self._unset(name, located) if default is None else self.value_of(default.value, located.file)
        nullable = body.attributes.get("nullable")
        if (
            value is None
            and default is not None
            and nullable is not None
            and self.value_of(nullable.value, located.file) is False
        ):
            value = self.value_of(default.value, located.file)
        try:
            value = types.convert(value, self._type_of_variable(name, declared), lambda e: evaluate(e, scope))
        except (types.ConversionError, types.TypeSyntaxError, EvaluationError) as error:
            span = (argument.span if argument else None) or located.span
            self.project.report(Problem(span, ProblemKind.UNRESOLVED, f"variable {name}: {error}"))
            return Unknown(f"variable {name} has an unsuitable value: {error}", span)
        if self.is_sensitive_variable(name):
            self.project.remember_secret(value)
        return value

    def _type_of_variable(self, name: str, declared: tree.Attribute | None) -> types.Type:
        """A variable's type constraint, read once for all instances of the module."""
        known_types = self.source.types
        if name not in known_types:
            known_types[name] = types.parse_type(declared.value) if declared else types.ANY
        return known_types[name]

    def _unset(self, name: str, located: Located) -> Unknown:
        reason = (
            f"variable {name} has no default and no value is given (set it in a .tfvars file or with --var {name}=…)"
        )
        return Unknown(reason, located.span, Ref(f"{self.prefix}var.{name}"))

    def is_sensitive_variable(self, name: str) -> bool:
        """Whether the variable is declared sensitive or ephemeral."""
        located = self.source.variables.get(name)
        attributes = located.block.body.attributes if located else {}
        return any(
            flag in attributes and getattr(attributes[flag].value, "value", None) is True
            for flag in ("sensitive", "ephemeral")
        )

    def is_sensitive(self, expression: tree.Expression) -> bool:
        """Whether a value is marked sensitive, judged from the expression's text: what it refers to and calls."""
        if isinstance(expression, tree.Call) and expression.name.removeprefix("core::") in (
            "sensitive",
            "nonsensitive",
        ):
            return expression.name.endswith("sensitive") and not expression.name.endswith("nonsensitive")
        for steps, _at in references(expression):
            if steps[0] == "var" and len(steps) > 1 and self.is_sensitive_variable(str(steps[1])):
                return True
            if steps[0] == "local" and len(steps) > 1:
                attribute = self.source.locals.get(str(steps[1]))
                if attribute is not None and self.is_sensitive(attribute.attribute.value):
                    return True
        return "sensitive" in calls(expression, opaque=frozenset({"nonsensitive"}))

    def _local(self, name: str, at: tree.Position) -> Value:
        located = self.source.locals.get(name)
        if located is None:
            raise EvaluationError(f"there is no local value {name}", at)
        return self._memo(("local", name), lambda: self.value_of(located.attribute.value, located.file))

    def output(self, name: str) -> Value:
        """The value of an output; unknown when it is not declared."""
        located = self.source.outputs.get(name)
        value = located.block.body.attributes.get("value") if located else None
        if located is None or value is None:
            return Unknown(f"module {self.address} has no output {name}", self.call)
        expression, file = value.value, located.file
        return self._memo(("output", name), lambda: self.value_of(expression, file))

    # -- resources and module calls ----------------------------------------------------------------

    def object(self, key: ResourceKey) -> Value:
        """What ``aws_lb.api`` or ``data.x.y`` stands for: one handle, a list, an object of handles, or an unknown."""
        mode, kind, name = key
        address = f"{'' if mode == 'managed' else mode + '.'}{kind}.{name}"
        located = self.source.resources.get(key)
        if located is None:
            return Unknown(f"{self.prefix}{address} is not declared in the files that were read", None, Ref(address))
        return self._memo(("object", address), lambda: self._handles(key, located, self.prefix + address))

    def _handles(self, key: ResourceKey, located: Located, address: str) -> Value:
        expansion = self.expansion(("resource", *key), located, address)
        if expansion.undecided is not None:
            reason = f"the number of {address} is not known: {expansion.undecided.reason}"
            ref = Ref(f"{address}[*]")
            return Unknown(reason, expansion.undecided.origin or located.span, ref, (ref,))
        handles = {k: self._handle(key, located, instance) for k, instance in expansion.instances.items()}
        return _arranged(handles, expansion.keyed_by)

    def _handle(self, key: ResourceKey, located: Located, instance: Instance) -> Handle:
        ref = Ref(instance.address)
        reason = f"{instance.address} is known as a whole only after apply"
        return Handle(reason, located.span, ref, (ref,), attribute=lambda n: self.attribute(key, located, instance, n))

    def attribute(self, key: ResourceKey, located: Located, instance: Instance, name: str) -> Value:
        """One attribute of a resource instance: what the configuration says, else unknown until it is applied."""
        return self._memo((instance.address, name), lambda: self._compute_attribute(key, located, instance, name))

    def _compute_attribute(self, key: ResourceKey, located: Located, instance: Instance, name: str) -> Value:
        body = located.block.body
        written = body.attributes.get(name)
        scope = self.instance_scope(located, instance)
        if written is not None:
            value = self.value_of(written.value, located.file, scope)
            if value is not None:
                return value
        blocks = [b for b in body.blocks if b.type == name]
        if blocks and not any(b.type == "dynamic" and b.labels == (name,) for b in body.blocks):
            return [self._block_value(block, located.file, scope) for block in blocks]
        answer = known.attribute(key, name, self.provider_of(located, key[1]))
        if answer is not None:
            return answer
        ref = Ref(instance.address, name)
        return Unknown(f"{ref} is known only after apply", located.span, ref, (ref,))

    def _block_value(self, block: tree.Block, file: str, scope: Scope) -> Value:
        value = {name: self.value_of(a.value, file, scope) for name, a in block.body.attributes.items()}
        for nested in block.body.blocks:
            if nested.type == "dynamic" and nested.labels:
                value[nested.labels[0]] = Unknown(f"dynamic block {nested.labels[0]}", Span(file, *nested.at))
            else:
                value.setdefault(nested.type, []).append(self._block_value(nested, file, scope))
        return value

    def instance_scope(self, located: Located, instance: Instance) -> Scope:
        """The names that an instance's body may use."""
        scope = self.scope(located.file)
        return scope if not instance.names else scope.within(instance.names)

    def called(self, name: str) -> Value:
        """What ``module.name`` stands for."""
        located = self.source.calls.get(name)
        if located is None:
            return Unknown(f"there is no module call {name}", None, Ref(f"{self.prefix}module.{name}"))
        return self._memo(("module", name), lambda: self._called_handles(name, located))

    def _called_handles(self, name: str, located: Located) -> Value:
        expansion = self.expansion(("module", name), located, f"{self.prefix}module.{name}")
        handles: dict[int | str | None, Value] = {}
        for key, instance in expansion.instances.items():
            child = self.project.child(self, name, instance.address, instance.names)
            ref = Ref(instance.address)
            if isinstance(child, ModuleInstance):
                handles[key] = Handle(
                    f"{instance.address} as a whole", located.span, ref, (ref,), attribute=child.output
                )
            else:
                handles[key] = replace(child, ref=ref, refs=(ref,))
        if expansion.undecided is not None:
            undecided = expansion.undecided
            sample = next(iter(handles.values()))
            return replace(unknown_from([undecided, sample]), ref=Ref(f"{self.prefix}module.{name}[*]"))
        return _arranged(handles, expansion.keyed_by)

    def expansion(self, key: tuple[str, ...], located: Located, address: str) -> Expansion:
        """The instances of a resource or module block."""
        if key not in self._expansions:
            self._expansions[key] = self._expand(located, address)
        return self._expansions[key]

    def _expand(self, located: Located, address: str) -> Expansion:
        attributes = located.block.body.attributes
        if "count" in attributes:
            return self._expand_count(self.value_of(attributes["count"].value, located.file), located, address)
        if "for_each" in attributes:
            return self._expand_each(self.value_of(attributes["for_each"].value, located.file), located, address)
        if "enabled" in attributes and located.block.type == "module":
            pass  # an input of the module, not a meta-argument
        return Expansion({None: Instance(address, {})})

    def _expand_count(self, value: Value, located: Located, address: str) -> Expansion:
        span = Span(located.file, *located.block.body.attributes["count"].at)
        size = _whole_number(value)
        if size is None:
            undecided = value if isinstance(value, Unknown) else self._refused("count is not a whole number", span)
            index = Unknown(undecided.reason, undecided.origin or span, Ref(address, "count.index"))
            sample = Instance(f"{address}[*]", {"count": {"index": index}})
            return Expansion({None: sample}, _at(undecided, span), "count")
        return Expansion(
            {i: Instance(f"{address}[{i}]", {"count": {"index": i}}) for i in range(self._limited(size, span))},
            keyed_by="count",
        )

    def _expand_each(self, value: Value, located: Located, address: str) -> Expansion:
        span = Span(located.file, *located.block.body.attributes["for_each"].at)
        entries: dict[str, Value] | None = None
        if isinstance(value, dict):
            entries = dict(sorted(value.items()))
        elif isinstance(value, (SetValue, list)) and all(isinstance(item, str) for item in value):
            entries = {item: item for item in sorted(set(value))}
        if entries is None:
            undecided = unknown_from([value]) if not isinstance(value, Unknown) else value
            if not isinstance(value, (Unknown, SetValue, list)):
                undecided = self._refused("for_each is neither a map nor a set of texts", span)
            key = Unknown(undecided.reason, undecided.origin or span, Ref(address, "each.key"))
            each = Unknown(undecided.reason, undecided.origin or span, Ref(address, "each.value"), undecided.refs)
            sample = Instance(f"{address}[*]", {"each": {"key": key, "value": each}})
            return Expansion({None: sample}, _at(undecided, span), "for_each")
        keys = list(entries)[: self._limited(len(entries), span)]
        return Expansion(
            {k: Instance(f'{address}["{quoted(k)}"]', {"each": {"key": k, "value": entries[k]}}) for k in keys},
            keyed_by="for_each",
        )

    def _refused(self, reason: str, span: Span) -> Unknown:
        self.project.report(Problem(span, ProblemKind.UNRESOLVED, reason))
        return Unknown(reason, span)

    def _limited(self, size: int, span: Span) -> int:
        if size <= self.project.max_instances:
            return size
        message = f"{size} instances: only the first {self.project.max_instances} are looked at"
        self.project.report(Problem(span, ProblemKind.LIMIT, message))
        return self.project.max_instances

    # -- providers ---------------------------------------------------------------------------------

    def provider(self, name: str) -> ProviderContext:
        """The configuration of ``aws`` or ``aws.alias`` in this module: its own, the one passed in, or the parent's."""
        if name not in self._providers:
            self._providers[name] = self._find_provider(name)
        return self._providers[name]

    def _find_provider(self, name: str) -> ProviderContext:
        if self.passed_providers is not None and name in self.passed_providers:
            return self.passed_providers[name]
        located = self.source.providers.get(name)
        kind, _, alias = name.partition(".")
        if located is not None:
            scope = self.scope(located.file)
            attributes = dict(self._block_value(located.block, located.file, scope))
            written = located.block.body.attributes
            places = {key: Span(located.file, *attribute.at) for key, attribute in written.items()}
            return ProviderContext(kind, alias, attributes, located.span, declared=True, places=places)
        if self.parent is not None and not alias:
            return self.parent.provider(name)
        return ProviderContext(kind, alias)

    def provider_of(self, located: Located, kind: str) -> ProviderContext:
        """The provider configuration that a resource or data block is created with."""
        written = located.block.body.attributes.get("provider")
        return self.provider(provider_name(written.value) if written else kind.partition("_")[0])


def provider_name(expression: tree.Expression) -> str:
    """``aws.tokyo`` or ``aws`` as written in ``provider =`` and ``providers = {}``."""
    if isinstance(expression, tree.Literal):
        return str(expression.value)
    if isinstance(expression, tree.TemplateWrap):
        return provider_name(expression.value)
    steps = next((steps for steps, _ in references(expression)), ())
    return ".".join(str(step) for step in steps[:2])


def _arranged(handles: Mapping[int | str | None, Value], keyed_by: str) -> Value:
    if keyed_by == "count":
        return list(handles.values())
    if keyed_by == "for_each":
        return {str(key): value for key, value in handles.items()}
    return handles[None]


def _whole_number(value: Value) -> int | None:
    """What a ``count`` comes to, a text converted as Terraform converts it; None for what is no number of instances."""
    if isinstance(value, str):
        try:
            value = to_number(value)
        except ValueError:
            return None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def quoted(key: str) -> str:
    """A key as addresses have it between quotes."""
    return key.replace("\\", "\\\\").replace('"', '\\"')


def _at(unknown: Unknown, span: Span) -> Unknown:
    return unknown if unknown.origin is not None else replace(unknown, origin=span)
