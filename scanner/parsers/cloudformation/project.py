"""CloudFormation in files: which templates are deployed by themselves, and what each declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.problem import ProblemKind
from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.parsers.cloudformation import cdk, parameter_files, sam, serverless
from scanner.parsers.cloudformation.estate import Estate
from scanner.parsers.cloudformation.evaluation import Deployment, Evaluation
from scanner.parsers.cloudformation.nested import APPLICATION, STACK, STACK_SET
from scanner.parsers.cloudformation.reading import InputFile, Options, Reading, Template
from scanner.parsers.cloudformation.twins import readable, says, twins
from scanner.parsers.parsed import Parsed
from scanner.parsers.source_lines import source_lines

Templates = dict[str, Template | None]
"""Templates by their paths; of those that say what the one beside it does only the path."""

_NESTING: Final = frozenset({STACK, STACK_SET, APPLICATION})


class Planned(Struct, frozen=True):
    """A template that is deployed by itself, and how. ``label`` names it where its template is deployed again."""

    template: Template
    deployment: Deployment
    label: str = ""
    named: bool = False


def read(files: Sequence[InputFile], options: Options) -> Parsed:
    """Read templates, the CDK's output and Serverless Framework files. A template that another nests is no root."""
    reading = Reading(options)
    planned, templates = _planned(files, reading)
    estate = Estate(reading, templates)
    kept = list(_once(_roots(planned, estate), templates, reading))
    several = len(kept) > 1 or not options.alone
    for plan in kept:
        root = f"{plan.deployment.root}@{plan.label}" if plan.label else plan.deployment.root
        prefix = f"{root}#" if several else ""
        deployment = replace(plan.deployment, root=root, home=prefix, prefix=prefix)
        estate.roots.append(estate.stack(plan.template, deployment))
    found = [declaration for stack in estate.roots for declaration in _declared(stack, estate)]
    for stack in estate.roots:
        if not stack.section("Resources"):
            reading.report(stack.template.span, ProblemKind.UNRESOLVED, "the template declares no resources")
    return Parsed(
        tuple(found),
        tuple(stack.deployment.root for stack in estate.roots),
        tuple(sorted(set(reading.problems))),
        frozenset(reading.unread),
        frozenset(reading.partly),
        reading.sources,
        frozenset(reading.secrets),
    )


def _declared(stack: Evaluation, estate: Estate) -> list[Declaration]:
    try:
        return list(estate.declared(stack))
    except RecursionError:  # the limits should have held; if not, one template is lost and not the scan
        estate.reading.limit(stack.template.span, "values depend on each other over too many steps")
        return []


def _planned(files: Sequence[InputFile], reading: Reading) -> tuple[list[Planned], Templates]:
    """What is deployed by itself, unless it turns out to be nested; and every template by its path."""
    manifests: list[cdk.CdkStack] = []
    found: list[Planned] = []
    templates: Templates = {}
    paths = {file.path.as_posix(): file for file in files}
    others = {path: other for path in paths if (other := readable(path, paths)) is not None}
    for path, file in sorted(paths.items(), key=lambda item: item[0] in others):
        beside = templates.get(others.get(path, ""))
        if beside is not None and _says(path, beside, Span(file.name, 1), reading):
            templates[path] = None
            continue
        document = reading.document(path, Span(file.name, 1))
        if document is None:
            continue
        if cdk.is_manifest(document.data):
            manifests.extend(cdk.stacks(document, path, reading))
        elif serverless.is_service(file.path.name, document.data):
            found.extend(_service(path, reading))
        elif (template := reading.template(path, Span(file.name, 1))) is not None:
            templates[path] = template
            if sam.is_sam(template):
                sam.prepare()
    templates = {path: templates[path] for path in paths if path in templates}
    return [*_of_manifests(manifests, templates, reading), *found, *_alone(manifests, templates, reading)], templates


def _says(path: str, template: Template, asked: Span, reading: Reading) -> bool:
    """Whether a file of JSON says what a template does. Such a file is read without its places."""
    content = reading.content(path, asked)
    if content is None or not says(content, template):
        return False
    reading.sources[asked.file] = source_lines(content)
    return True


def _of_manifests(manifests: Sequence[cdk.CdkStack], templates: Templates, reading: Reading) -> Iterator[Planned]:
    paths = [stack.path for stack in manifests]
    for stack in manifests:
        template = templates.get(stack.path) or reading.template(stack.path, stack.span)
        if template is None:
            continue
        templates[stack.path] = template
        region = stack.region or reading.options.region
        deployment = Deployment(
            reading.root_name(stack.path),
            region=region,
            account=stack.account,
            name=stack.name,
            given=stack.parameters,
        )
        yield Planned(template, deployment, stack.artifact if paths.count(stack.path) > 1 else "", True)


def _service(path: str, reading: Reading) -> Iterator[Planned]:
    document = reading.document(path, Span(reading.name_of(path), 1))
    template = serverless.template(document, path, reading) if document is not None else None
    if document is None or template is None:
        return
    name = reading.name_of(path)
    variables = serverless.Variables(document.data, name)
    region = serverless.region(variables, document, reading.options.region)
    yield Planned(template, Deployment(reading.root_name(path), region=region, fill=variables.filled), "", True)


def _alone(manifests: Sequence[cdk.CdkStack], templates: Templates, reading: Reading) -> Iterator[Planned]:
    """The templates that no manifest names, less those that say what another does."""
    known = {stack.path for stack in manifests}
    for path, template in templates.items():
        if path not in known and template is not None:
            given = parameter_files.given(path, reading)
            deployment = Deployment(reading.root_name(path), region=reading.options.region, given=given)
            yield Planned(template, deployment)


def _roots(planned: Sequence[Planned], estate: Estate) -> list[Planned]:
    """Those that are deployed by themselves: named by a manifest, or nested by no other. Of a circle, the first.

    Of two that say the same the one that is nested is read after all.
    """
    nests = {plan.template.path: _nests(plan, estate) for plan in planned}
    inner = {path for path, used in nests.items() for path in used}
    for path in sorted(inner & estate.templates.keys()):
        if estate.templates[path] is None:
            estate.templates[path] = estate.reading.template(path, Span(estate.reading.name_of(path), 1))
    kept = [plan for plan in planned if plan.named or plan.template.path not in inner]
    reached: set[str] = set()
    _reach([plan.template.path for plan in kept], nests, reached)
    for plan in planned:
        if plan.template.path not in reached:
            kept.append(plan)
            _reach([plan.template.path], nests, reached)
    return sorted(kept, key=lambda plan: (plan.deployment.root, plan.label))


def _once(kept: Sequence[Planned], templates: Templates, reading: Reading) -> Iterator[Planned]:
    """The roots less those that say what another template says, which is nested or a root itself."""
    read = [template for template in templates.values() if template is not None]
    first = {each.path: known for each, known in twins(read)}
    roots = {plan.template.path for plan in kept}
    nested = {first.get(each.path, each).path: each for each in read if each.path not in roots}

    def judged(template: Template) -> Template:
        known = first.get(template.path, template)
        return nested.get(known.path, known)

    for plan in kept:
        other = judged(plan.template)
        if plan.named or other.path == plan.template.path:
            yield plan
        else:
            _told(plan.template.name, other, reading)
    for path, template in templates.items():
        beside = templates.get(readable(path, templates) or "") if template is None else None
        if beside is not None:
            _told(reading.name_of(path), judged(beside), reading)


def _told(name: str, judged: Template, reading: Reading) -> None:
    message = f"the same template as {judged.name}, which is judged; here it is not judged once more"
    reading.report(Span(name, 1), ProblemKind.TWICE, message)


def _reach(paths: list[str], nests: Mapping[str, Sequence[str]], reached: set[str]) -> None:
    while paths:
        path = paths.pop()
        if path not in reached:
            reached.add(path)
            paths.extend(nests.get(path, ()))


def _nests(plan: Planned, estate: Estate) -> list[str]:
    """The templates that a template nests."""
    node = plan.template.node("Resources")
    if node is None or not any(_may_nest(value) for _, value in node.value):
        return []
    stack = estate.stack(plan.template, plan.deployment)
    found = []
    for name in stack.section("Resources"):
        kind = stack.part(name, "Type")
        if kind is not None and kind.value in (STACK, STACK_SET):
            path = estate.nested_path(stack, name)
            if path is not None and path != plan.template.path:
                found.append(path)
    return found


def _may_nest(node: Any) -> bool:
    """Whether a resource may be a stack, or a loop may make some."""
    if node.id != "mapping":
        return bool(node.id == "sequence")
    for key, value in node.value:
        if key.value == "Type":
            return bool(value.id != "scalar" or value.value in _NESTING)
    return False
