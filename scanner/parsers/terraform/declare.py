"""The resources of a module instance, with every attribute's value, position and references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from scanner.model.resource import Declaration, ProviderContext, Reference
from scanner.model.span import Span
from scanner.model.value import Ref, Truth, Unknown, Value, unknowns_in
from scanner.parsers.terraform import tree
from scanner.parsers.terraform.evaluate import Scope, evaluate_or_unknown
from scanner.parsers.terraform.module import Instance, ModuleInstance
from scanner.parsers.terraform.source import Located, ResourceKey
from scanner.parsers.terraform.traversal import references
from scanner.parsers.terraform.values import SetValue

_META_ARGUMENTS = frozenset({"count", "for_each", "provider", "depends_on"})
_META_BLOCKS = frozenset({"lifecycle", "provisioner", "connection"})
_NOT_RESOURCES = frozenset({"var", "local", "each", "count", "path", "terraform", "self", "tofu"})


@dataclass(slots=True)
class _Builder:
    """Collects one instance's attributes; ``places`` and ``mentions`` grow as blocks are visited."""

    module: ModuleInstance
    located: Located
    scope: Scope
    places: dict[str, Span] = field(default_factory=dict)
    mentions: list[Reference] = field(default_factory=list)

    def attributes(self, body: tree.Body, path: str, scope: Scope, skipped: frozenset[str]) -> dict[str, Value]:
        """The value of a body. ``path`` is the prefix of its attributes' paths, with a final dot unless empty."""
        result: dict[str, Value] = {}
        for name, attribute in body.attributes.items():
            if name in skipped:
                continue
            span = self.span(attribute)
            self.places[path + name] = span
            value = plain(self.module.value_of(attribute.value, self.located.file, scope))
            self.mention(self.taken(attribute.value, scope), value, path + name, span)
            if value is not None:
                result[name] = value
        for block in body.blocks:
            if block.type == "dynamic" and block.labels:
                self.dynamic(block, result, path, scope)
            elif not (path == "" and block.type in _META_BLOCKS):
                self.nested(block.type, block, result, path, scope)
        return result

    def span(self, attribute: tree.Attribute) -> Span:
        """The attribute's own place, with the chain of places that its value came through."""
        own = Span(self.located.file, *attribute.at)
        source = origin_of(attribute.value, self.module)
        return (
            own.under(source, "value from")
            if source is not None
            else own.under(self.module.call, "in the module called")
        )

    def nested(self, kind: str, block: tree.Block, result: dict[str, Value], path: str, scope: Scope) -> None:
        """Append one nested block to the list of its type."""
        present = result.setdefault(kind, [])
        if not isinstance(present, list):
            return
        place = f"{path}{kind}[{len(present)}]"
        self.places[place] = Span(self.located.file, *block.at).under(self.module.call, "in the module called")
        present.append(self.attributes(block.body, f"{place}.", scope, frozenset()))

    def dynamic(self, block: tree.Block, result: dict[str, Value], path: str, scope: Scope) -> None:
        """Expand a ``dynamic`` block; when its collection is unknown so is the whole list of blocks."""
        kind = block.labels[0]
        each = block.body.attributes.get("for_each")
        content = next((b for b in block.body.blocks if b.type == "content"), None)
        if each is None or content is None:
            return
        collection = self.module.value_of(each.value, self.located.file, scope)
        span = Span(self.located.file, *each.at).under(self.module.call, "in the module called")
        self.mention(self.taken(each.value, scope), collection, path + kind, span)
        named = block.body.attributes.get("iterator")
        iterator = next((str(s[0]) for s, _ in references(named.value)), kind) if named else kind
        entries = _entries(collection)
        if entries is None:
            self.undecided(kind, content, iterator, collection, result, path, scope)
            return
        for key, value in entries:
            self.nested(
                kind,
                replace_header(content, block),
                result,
                path,
                scope.bind(**{iterator: {"key": key, "value": value}}),
            )

    def undecided(
        self,
        kind: str,
        content: tree.Block,
        iterator: str,
        collection: Value,
        result: dict[str, Value],
        path: str,
        scope: Scope,
    ) -> None:
        """An unknown number of blocks: their references count, their values do not."""
        unknown = (
            collection if isinstance(collection, Unknown) else Unknown(f"the number of {kind} blocks is not known")
        )
        self.places[path + kind] = Span(self.located.file, *content.at).under(self.module.call, "in the module called")
        sample = self.attributes(
            content.body,
            f"{path}{kind}[*].",
            scope.bind(**{iterator: {"key": unknown.derived(), "value": unknown}}),
            frozenset(),
        )
        refs = tuple(dict.fromkeys(ref for u in unknowns_in([unknown, sample]) for ref in u.refs))
        result[kind] = Unknown(unknown.reason, unknown.origin or self.places[path + kind], None, refs)

    def taken(self, expression: tree.Expression, scope: Scope) -> tree.Expression:
        """Of a conditional the branch that is taken, where the condition is decided: the other refers to nothing."""
        while isinstance(expression, tree.Conditional):
            condition = evaluate_or_unknown(expression.condition, scope, lambda _error: None)
            if not isinstance(condition, bool):
                break
            expression = expression.then if condition else expression.otherwise
        return expression

    def mention(self, expression: tree.Expression, value: Value, path: str, span: Span) -> None:
        """Record what an attribute refers to: the objects its unknown values came from, and those its text names.

        ``x[each.key]`` in the text adds nothing where the value says which ``x`` it is.
        """
        found: dict[tuple[str, str], None] = {}
        for unknown in unknowns_in(value):
            for ref in unknown.refs:
                found[ref.address, ref.path] = None
        for steps, _ in references(expression):
            target = self.target(steps)
            if target is not None and not any(address.startswith(f"{target.address}[") for address, _ in found):
                found.setdefault((target.address, target.path), None)
        self.mentions.extend(Reference(path, address, attribute, span) for address, attribute in found)

    def target(self, steps: tuple[str | int | None, ...]) -> Ref | None:
        """The object that a traversal in this module names, without an instance key unless one is written."""
        if steps[0] in _NOT_RESOURCES or steps[0] in self.scope.names:
            return None
        head = 3 if steps[0] in ("data", "ephemeral") else 2
        if len(steps) < head or steps[0] == "module" or any(not isinstance(s, str) for s in steps[:head]):
            return None
        address = self.module.prefix + ".".join(str(step) for step in steps[:head])
        rest = list(steps[head:])
        if rest and isinstance(rest[0], int):
            address += f"[{rest.pop(0)}]"
        return Ref(address, ".".join(str(s) for s in rest if isinstance(s, str)))


def replace_header(content: tree.Block, dynamic: tree.Block) -> tree.Block:
    """A content block that stands at its dynamic block's header."""
    return tree.Block(content.type, (), content.body, dynamic.at)


def _entries(collection: Value) -> Iterable[tuple[Value, Value]] | None:
    if isinstance(collection, SetValue):
        return [(item, item) for item in collection]
    if isinstance(collection, list):
        return list(enumerate(collection))
    if isinstance(collection, dict):
        return sorted(collection.items())
    return [] if collection is None else None


def origin_of(expression: tree.Expression, module: ModuleInstance, depth: int = 8) -> Span | None:
    """Where the value of an expression was written, when the expression only passes a variable or local value on."""
    steps = next((steps for steps, _ in references(expression)), ())
    if depth == 0 or len(steps) < 2:
        return None
    name = str(steps[1])
    if steps[0] == "local":
        attribute = module.source.locals.get(name)
        if attribute is None:
            return None
        further = origin_of(attribute.attribute.value, module, depth - 1)
        return attribute.span.under(further or module.call, "value from" if further else "in the module called")
    if steps[0] != "var":
        return None
    argument = module.arguments.get(name)
    if argument is None:
        located = module.source.variables.get(name)
        return located.span.under(module.call, "in the module called") if located else None
    if argument.span is None or argument.expression is None or module.parent is None:
        return argument.span
    further = origin_of(argument.expression, module.parent, depth - 1)
    return argument.span.under(further or module.parent.call, "value from" if further else "in the module called")


def plain(value: Value) -> Value:
    """A value as the model holds it: sets are lists, handles are plain unknowns, nothing refers to the evaluation."""
    if isinstance(value, Unknown):
        return value if type(value) is Unknown else Unknown(value.reason, value.origin, value.ref, value.refs)
    if isinstance(value, (list, SetValue)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def declarations(module: ModuleInstance, root: str, id_prefix: str) -> Iterator[Declaration]:
    """Every managed and data resource of one module instance. ``id_prefix`` tells roots apart."""
    for key, located in module.source.resources.items():
        mode, kind, name = key
        address = f"{module.prefix}{'' if mode == 'managed' else mode + '.'}{kind}.{name}"
        expansion = module.expansion(("resource", *key), located, address)
        exists: Truth = True if expansion.undecided is None else expansion.undecided.derived()
        for instance in expansion.instances.values():
            yield _declaration(module, key, located, instance, exists, root, id_prefix)


def _declaration(
    module: ModuleInstance,
    key: ResourceKey,
    located: Located,
    instance: Instance,
    exists: Truth,
    root: str,
    id_prefix: str,
) -> Declaration:
    mode, kind, name = key
    body = located.block.body
    scope = module.instance_scope(located, instance)
    builder = _Builder(module, located, scope)
    attributes = builder.attributes(body, "", scope, _META_ARGUMENTS)
    lifecycle: dict[str, Value] = {}
    for block in body.blocks:
        if block.type == "lifecycle":
            for attribute in block.body.attributes.values():
                builder.places[f"lifecycle.{attribute.name}"] = Span(located.file, *attribute.at)
                if isinstance(attribute.value, tree.Literal):
                    lifecycle[attribute.name] = attribute.value.value
    for meta in ("count", "for_each"):
        if meta in body.attributes:
            builder.places[meta] = Span(located.file, *body.attributes[meta].at)
    provider = module.provider_of(located, kind)
    if id_prefix:
        attributes = under_root(attributes, id_prefix)
        provider = replace(provider, attributes=under_root(provider.attributes, id_prefix))
    return Declaration(
        id=id_prefix + instance.address,
        type=kind,
        name=name,
        platform="terraform",
        span=located.span.under(module.call, "in the module called"),
        attributes=attributes,
        places=builder.places,
        references=_under_root(builder.mentions, id_prefix),
        provider=provider,
        exists=exists,
        root=root,
        module=module.address,
        mode=mode,
        lifecycle=lifecycle,
        depends_on=tuple(_depends_on(builder, body, id_prefix)),
    )


def _depends_on(builder: _Builder, body: tree.Body, id_prefix: str) -> Iterator[str]:
    written = body.attributes.get("depends_on")
    if written is None:
        return
    for steps, _ in references(written.value):
        target = builder.target(steps)
        if target is not None:
            yield id_prefix + target.address


def backend(module: ModuleInstance, root: str, id_prefix: str) -> Iterator[Declaration]:
    """The state backend of a root module that is applied: one that configures a provider or a backend."""
    for settings in module.source.settings:
        for block in settings.block.body.blocks:
            if block.type not in ("backend", "cloud"):
                continue
            kind = block.labels[0] if block.labels else "cloud"
            located = Located(block, settings.file)
            builder = _Builder(module, located, module.scope(settings.file))
            attributes = builder.attributes(block.body, "", builder.scope, frozenset())
            yield _backend(kind, located.span, attributes, builder.places, root, id_prefix)
            return
    first = next(iter(module.source.providers.values()), None)
    if first is not None and any(mode == "managed" for mode, _, _ in module.source.resources):
        yield _backend("local", first.span, {}, {}, root, id_prefix)


def _backend(
    kind: str, span: Span, attributes: Mapping[str, Value], places: Mapping[str, Span], root: str, id_prefix: str
) -> Declaration:
    return Declaration(
        id=f"{id_prefix}terraform.backend.{kind}",
        type=f"terraform_backend_{kind}",
        name=kind,
        platform="terraform",
        span=span,
        attributes=attributes,
        places=places,
        provider=ProviderContext(kind, attributes=attributes, span=span, declared=True),
        root=root,
        mode="backend",
    )


def outputs(module: ModuleInstance, root: str, id_prefix: str) -> Iterator[Declaration]:
    """The outputs of a root module, which other roots read through its state."""
    for name, located in module.source.outputs.items():
        builder = _Builder(module, located, module.scope(located.file))
        attributes = builder.attributes(located.block.body, "", builder.scope, frozenset({"depends_on", "description"}))
        yield Declaration(
            id=f"{id_prefix}output.{name}",
            type="terraform_output",
            name=name,
            platform="terraform",
            span=located.span,
            attributes=under_root(attributes, id_prefix),
            places=builder.places,
            references=_under_root(builder.mentions, id_prefix),
            provider=ProviderContext("terraform"),
            root=root,
            mode="output",
        )


_LOCAL_SOURCES = ("./", "../", ".\\", "..\\")


def module_sources(module: ModuleInstance, root: str, id_prefix: str) -> Iterator[Declaration]:
    """The sources that a module's calls are fetched from; those in the same tree are none."""
    for name, located in module.source.calls.items():
        builder = _Builder(module, located, module.scope(located.file))
        attributes = {
            key: plain(module.value_of(attribute.value, located.file, builder.scope))
            for key, attribute in located.block.body.attributes.items()
            if key in ("source", "version")
        }
        source = attributes.get("source")
        if not isinstance(source, str) or source.startswith(_LOCAL_SOURCES):
            continue
        written = located.block.body.attributes["source"]
        yield Declaration(
            id=f"{id_prefix}{module.prefix}module.{name}",
            type="terraform_module",
            name=name,
            platform="terraform",
            span=located.span.under(module.call, "in the module called"),
            attributes=attributes,
            places={"source": builder.span(written)},
            provider=ProviderContext("terraform"),
            root=root,
            module=module.address,
            mode="module",
        )


def _under_root(references: Iterable[Reference], id_prefix: str) -> tuple[Reference, ...]:
    return tuple(Reference(r.path, id_prefix + r.target, r.target_path, r.span) for r in references)


def under_root(value: Value, id_prefix: str, instead_of: str = "") -> Value:
    """A value whose unknowns refer to one root's objects by the ids that tell roots apart.

    ``instead_of`` is the prefix that they have so far.
    """
    if isinstance(value, Unknown):
        return replace(
            value,
            ref=value.ref and Ref(id_prefix + value.ref.address.removeprefix(instead_of), value.ref.path),
            refs=tuple(Ref(id_prefix + ref.address.removeprefix(instead_of), ref.path) for ref in value.refs),
            parts=tuple(under_root(part, id_prefix, instead_of) for part in value.parts),
        )
    if isinstance(value, list):
        return [under_root(item, id_prefix, instead_of) for item in value]
    if isinstance(value, dict):
        return {key: under_root(item, id_prefix, instead_of) for key, item in value.items()}
    return value
