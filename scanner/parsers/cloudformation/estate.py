"""The stacks of a scan: what they nest, and what they hand to each other."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from scanner.model.problem import ProblemKind
from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.cloudformation import inline, sam
from scanner.parsers.cloudformation.declared import declarations
from scanner.parsers.cloudformation.evaluation import Deployment, Evaluation
from scanner.parsers.cloudformation.fields import Field
from scanner.parsers.cloudformation.limits import MAX_INCLUDES, MAX_NESTING, MAX_STACKS
from scanner.parsers.cloudformation.nested import STACK, STACK_SET, local_path, places
from scanner.parsers.cloudformation.reading import Reading, Template, root_of
from scanner.parsers.cloudformation.syntax import Scope


@dataclass(slots=True)
class Estate:
    """All stacks of a scan."""

    reading: Reading
    templates: dict[str, Template | None] = field(default_factory=dict)
    stacks: list[Evaluation] = field(default_factory=list)
    roots: list[Evaluation] = field(default_factory=list)
    targets: dict[str, None] = field(default_factory=dict)
    _children: dict[tuple[int, str], list[Evaluation]] = field(default_factory=dict)
    _opening: set[tuple[int, str]] = field(default_factory=set)
    _exports: dict[str, list[tuple[Evaluation, str]]] | None = None

    # -- stacks ------------------------------------------------------------------------------------

    def stack(self, template: Template, deployment: Deployment) -> Evaluation:
        """A template as it is deployed somewhere."""
        made = Evaluation(template, deployment, self.reading, self, self.targets)
        if sam.is_sam(template):
            made = Evaluation(sam.translated(made), deployment, self.reading, self, self.targets)
        return made

    def nested_path(self, stack: Evaluation, name: str) -> str | None:
        """The template that a nested stack or a stack set is made of."""
        url = stack.part(name, "Properties")
        location = url.get("TemplateURL") if url is not None else None
        metadata = stack.part(name, "Metadata")
        asset = metadata.text("aws:asset:path") if metadata is not None else ""
        folder = posixpath.dirname(stack.template.path)
        value = location.value if location is not None else None
        return local_path(value, folder, asset, self.templates, self.reading.options.scan_root.as_posix())

    def child(self, stack: Evaluation, name: str) -> Evaluation | None:
        """The stack that a resource nests; ``None``, with a problem, when its template is not there."""
        found = self._nested(stack, name)
        return found[0] if found else None

    def _nested(self, stack: Evaluation, name: str) -> list[Evaluation]:
        key = (id(stack), name)
        if key not in self._children:
            if key in self._opening or stack.is_open(name, "Properties"):
                span = stack.section("Resources")[name].span
                self.reading.report(
                    span, ProblemKind.INVALID, f"the parameters of the stack {name} wait for its outputs"
                )
                return []
            self._opening.add(key)
            self._children[key] = list(self._made(stack, name))
            self._opening.discard(key)
        return self._children[key]

    def _made(self, stack: Evaluation, name: str) -> Iterator[Evaluation]:
        entry, properties = stack.section("Resources")[name], stack.part(name, "Properties")
        kind = stack.part(name, "Type")
        span = entry.span
        template = self._template(stack, name, span)
        if template is None or properties is None or self._too_many(template, stack, span):
            return
        given = properties.get("Parameters")
        deployment = replace(
            stack.deployment,
            prefix=f"{stack.id_of(name)}.",
            name=None,
            given=_given(given),
            chain=(*stack.deployment.chain, stack.template.path),
            call=span.under(stack.deployment.call, stack.deployment.via),
            via="in the stack nested",
        )
        if kind is not None and kind.value == STACK_SET:
            keys: set[str] = set()
            for number, (account, region) in enumerate(places(properties, self.reading)):
                key = "/".join(part for part in (account, region) if isinstance(part, str))
                key = f"{key}#{number}" if key in keys or not key else key  # places that are not known are several
                keys.add(key)
                prefix = f'{stack.id_of(name)}["{key}"].'
                yield self.stack(template, replace(deployment, prefix=prefix, account=account, region=region))
        else:
            yield self.stack(template, deployment)

    def _template(self, stack: Evaluation, name: str, span: Span) -> Template | None:
        path = self.nested_path(stack, name)
        if path is not None:
            return self.templates.get(path) or self.reading.template(path, span)
        properties = stack.part(name, "Properties")
        body = properties.get("TemplateBody") if properties is not None else None
        found = inline.template(body, f"{stack.template.path}#{name}", self.reading) if body is not None else None
        if found is None:
            what = "is not decided, or no template" if body is not None else "is not among the files"
            self.reading.report(span, ProblemKind.MODULE, f"the template of the stack {name} {what}")
        return found

    def _too_many(self, template: Template, stack: Evaluation, span: Span) -> bool:
        chain = (*stack.deployment.chain, stack.template.path)
        if template.path in chain:
            names = (self.reading.name_of(path) for path in (*chain[chain.index(template.path) :], template.path))
            self.reading.report(span, ProblemKind.INVALID, f"stacks nest each other in a circle: {' -> '.join(names)}")
            return True
        self.reading.budget.stacks += 1
        if len(chain) >= MAX_NESTING:
            self.reading.limit(span, f"more than {MAX_NESTING} stacks are nested in each other")
        elif self.reading.budget.stacks > MAX_STACKS:
            self.reading.limit(span, f"more than {MAX_STACKS} nested stacks")
        else:
            return False
        return True

    def declared(self, stack: Evaluation) -> Iterator[Declaration]:
        """What a stack declares, and what the stacks in it do."""
        found = list(declarations(stack, ""))
        yield from found
        for each in found:
            if each.type in (STACK, STACK_SET):
                for child in self._nested(stack, each.name):
                    yield from self.declared(child)

    # -- what stacks ask ---------------------------------------------------------------------------

    def exported(self, stack: Evaluation, name: str) -> Field | None:
        """What exactly one other stack of the same place exports under a name."""
        found = [
            (other, output)
            for other, output in self._exported_names().get(name, ())
            if other is not stack and _same_place(stack.deployment, other.deployment)
        ]
        return found[0][0].output(found[0][1]) if len(found) == 1 else None

    def _exported_names(self) -> Mapping[str, list[tuple[Evaluation, str]]]:
        if self._exports is None:
            self._exports = {}  # a name that is imported itself finds nothing
            found: dict[str, list[tuple[Evaluation, str]]] = {}
            for stack in self.roots:
                for output in stack.section("Outputs"):
                    export = stack.output(output, "Export")
                    name = export.get("Name") if export is not None else None
                    if name is not None and isinstance(name.value, str):
                        found.setdefault(name.value, []).append((stack, output))
            self._exports = found
        return self._exports

    def included(self, stack: Evaluation, location: Value, span: Span) -> tuple[Any, Scope] | None:
        """The mapping in a file that ``AWS::Include`` names; ``None``, with a problem, for one that is not here."""
        folder = posixpath.dirname(stack.template.path)
        path = local_path(location, folder, "", (), "")
        if path is None or not isinstance(location, str) or "://" in location:
            self.reading.report(span, ProblemKind.MODULE, "what AWS::Include brings in is not among the files")
            self.reading.partly.add(span.file)
            return None
        self.reading.budget.includes += 1
        if self.reading.budget.includes > MAX_INCLUDES:
            self.reading.limit(span, f"more than {MAX_INCLUDES} files are included")
            return None
        template = self.reading.template(path, span)
        document = self.reading.document(path, span)
        if template is None or document is None:
            return None
        origin = replace(template.scope.origin, parent=span, via="included")
        return root_of(document), Scope(origin)


def _same_place(one: Deployment, other: Deployment) -> bool:
    """Whether two stacks may be deployed to one region of one account."""
    pairs = ((one.region, other.region), (one.account, other.account))
    return all(a == b or not (isinstance(a, str) and isinstance(b, str)) for a, b in pairs)


def _given(parameters: Field | None) -> Mapping[str, Field]:
    """What a stack is given: a mapping, or the list of keys and values that stack sets take."""
    if parameters is None:
        return {}
    pairs = ((item.text("ParameterKey"), item.get("ParameterValue")) for item in parameters.items())
    return {**parameters.mapping(), **{key: value for key, value in pairs if key and value is not None}}
