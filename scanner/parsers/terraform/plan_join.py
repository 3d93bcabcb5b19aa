"""Plans and states joined to the configuration that they belong to.

A plan gives the values and says which instances there are, the configuration's files give the lines. Of a state, which
may be older than the files, only what these leave undecided is taken.

Which root a file belongs to is told by the addresses that both have. Where the file lies in a root's folder or below,
the nearest of these roots that shares at least half of the addresses of either is meant. Else it is the one with the
largest share of common addresses; several that share equally many, such as environments that are copies of each other,
cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Declaration, Reference
from scanner.model.span import Span
from scanner.model.value import Unknown, Value
from scanner.parsers.terraform.declare import under_root
from scanner.parsers.terraform.plan import Told
from scanner.parsers.terraform.plan_references import unkeyed

LEAST_SHARE: Final = 0.5
"""The part of the addresses of the plan or of the root, whichever has fewer, that both must have."""

_JOINED: Final = frozenset({"managed", "data"})
_PROVIDED: Final = frozenset(
    {"id", "arn", "self_link", "dns_name", "fqdn", "endpoint", "address", "hosted_zone_id", "availability_zone"}
)
"""Attributes that a state tells although nobody wrote them. Others may be what the files no longer say."""


class Root(Struct, frozen=True):
    """A root of the configuration: its folder from the base of the scan, the prefix of its ids, what it declares."""

    name: str
    folder: str
    prefix: str
    declarations: tuple[Declaration, ...]

    def address_of(self, declaration: Declaration) -> str:
        """The address of a declaration within its root."""
        return declaration.id.removeprefix(self.prefix)

    @property
    def bases(self) -> frozenset[str]:
        """The addresses of its resources without keys, and of the modules that they are in."""
        found = {unkeyed(self.address_of(d)) for d in self.declarations if d.mode in _JOINED or d.mode == "module"}
        return frozenset(with_modules(found))

    @property
    def calls(self) -> dict[str, Declaration]:
        """The calls of modules that are fetched, by the address of the module without keys."""
        return {unkeyed(self.address_of(d)): d for d in self.declarations if d.mode == "module"}


class Belonging(Struct, frozen=True):
    """The root that a file belongs to, if any, or the roots that it could belong to."""

    root: Root | None
    alike: tuple[str, ...] = ()


def with_modules(addresses: Iterable[str]) -> Iterator[str]:
    """Addresses without keys, and those of the modules on the way to each."""
    for address in addresses:
        yield address
        steps, length = address.split("."), 2
        while len(steps) >= length and steps[length - 2] == "module":
            yield ".".join(steps[:length])
            length += 2


def belonging(told: Told, roots: Sequence[Root], bases: Mapping[str, frozenset[str]]) -> Belonging:
    """Which root a plan or state is of. ``bases`` are the addresses of each root, by its prefix."""
    own = frozenset(with_modules(told.addresses))
    shares = {root.prefix: _share(own, bases[root.prefix]) for root in roots}
    able = [root for root in roots if common(own, bases[root.prefix]) >= LEAST_SHARE]
    near = [root for root in able if _is_below(told.name, root.folder)]
    if near:
        return Belonging(max(near, key=lambda root: len(PurePosixPath(root.folder).parts)))
    best = max((shares[root.prefix] for root in able), default=0.0)
    found = [root for root in able if shares[root.prefix] == best]
    if len(found) == 1:
        return Belonging(found[0])
    return Belonging(None, tuple(root.name for root in found))


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


def common(one: frozenset[str], other: frozenset[str]) -> float:
    """The part that two sets of addresses share of the smaller one."""
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0


def _is_below(file: str, folder: str) -> bool:
    parent = PurePosixPath(file).parent
    return parent == PurePosixPath(folder) or PurePosixPath(folder) in parent.parents


def moved(root: Root, prefix: str, name: str) -> Root:
    """The same root with other ids, for one of several plans of it."""
    return Root(name, root.folder, prefix, tuple(_moved(d, root.prefix, prefix, name) for d in root.declarations))


def _moved(declaration: Declaration, old: str, new: str, root: str) -> Declaration:
    provider = declaration.provider
    return replace(
        declaration,
        id=new + declaration.id.removeprefix(old),
        root=root,
        attributes=under_root(dict(declaration.attributes), new, old),
        references=tuple(replace(r, target=new + r.target.removeprefix(old)) for r in declaration.references),
        provider=replace(provider, attributes=under_root(dict(provider.attributes), new, old)),
        depends_on=tuple(new + each.removeprefix(old) for each in declaration.depends_on),
    )


class Join(Struct, frozen=True):
    """Lays one plan or state over the root that it belongs to."""

    told: Told
    root: Root

    def declarations(self) -> Iterator[Declaration]:
        """The root's resources, as they are planned or stand."""
        written: dict[str, list[Declaration]] = {}
        for declaration in self.root.declarations:
            if declaration.mode in _JOINED:
                written.setdefault(unkeyed(self.root.address_of(declaration)), []).append(declaration)
        told = self.told.declarations(self.root.prefix, self.root.name)
        return self._planned(written, told) if self.told.is_plan else self._stated(written, told)

    def _planned(self, written: Mapping[str, list[Declaration]], told: Iterator[Declaration]) -> Iterator[Declaration]:
        """What is planned, on the lines of the files, and what was written since: for all else the plan counts."""
        met: set[str] = set()
        calls = self.root.calls
        for planned in told:
            base = unkeyed(self.root.address_of(planned))
            met.add(base)
            if base in written:
                yield _over(planned, _lines_of(written[base], planned.id))
            else:
                yield _called(planned, unkeyed(planned.module), calls)
        for base, declarations in written.items():
            if base not in met and not (self.told.is_whole and base in self.told.addresses):
                yield from declarations

    def _stated(self, written: Mapping[str, list[Declaration]], told: Iterator[Declaration]) -> Iterator[Declaration]:
        """What is written, completed; what stands for an unknown number becomes the instances that there are.

        What only the state has belongs to a module that is not on this machine, or is still to be destroyed.
        """
        standing: dict[str, dict[str, Declaration]] = {}
        for each in told:
            standing.setdefault(unkeyed(self.root.address_of(each)), {})[each.id] = each
        for base, declarations in written.items():
            known = standing.pop(base, {})
            for declaration in declarations:
                if "[*]" in declaration.id and known:
                    yield from (_filled(declaration, each) for each in known.values())
                    break
                yield _filled(declaration, known[declaration.id]) if declaration.id in known else declaration
        for rest in standing.values():
            yield from rest.values()

    def problems(self) -> Iterator[Problem]:
        """What was written after the plan was made."""
        for base, declaration in {
            unkeyed(self.root.address_of(d)): d
            for d in (self.root.declarations if self.told.is_plan else ())
            if d.mode == "managed"
        }.items():
            if base not in self.told.addresses:
                message = f"{self.told.name} does not know {base}: the plan is older than this, or made of other files"
                yield Problem(declaration.span, ProblemKind.UNRESOLVED, message)


def _lines_of(written: Sequence[Declaration], wanted: str) -> Declaration:
    """Of the instances that are written the one with an id, else any: they stand on the same lines."""
    return next((each for each in written if each.id == wanted), written[0])


def _called(planned: Declaration, module: str, calls: Mapping[str, Declaration]) -> Declaration:
    """A resource of a module that is not on this machine: it stands where the module is called."""
    steps = module.split(".")
    for length in range(len(steps), 1, -2):
        call = calls.get(".".join(steps[:length]))
        if call is not None:
            references = tuple(replace(reference, span=call.span) for reference in planned.references)
            return replace(planned, span=call.span, places={}, references=references)
    return planned


def _over(planned: Declaration, lines: Declaration) -> Declaration:
    """The planned values on the lines of the files."""
    attributes = {
        name: _merged(value, lines.attributes.get(name), lines.span_of(name))
        for name, value in planned.attributes.items()
    }
    own = {name: value for name, value in planned.provider.attributes.items() if not isinstance(value, Unknown)}
    provider = planned.provider
    if lines.provider.declared:
        provider = replace(lines.provider, attributes={**lines.provider.attributes, **own})
    return replace(
        planned,
        span=lines.span,
        attributes=attributes,
        places=lines.places,
        references=tuple(_references(planned, lines)),
        provider=provider,
        lifecycle=lines.lifecycle,
        depends_on=planned.depends_on or lines.depends_on,
    )


def _references(planned: Declaration, lines: Declaration) -> Iterator[Reference]:
    """The plan's references, and those of the files that it does not have: of dynamic blocks and local values."""
    bases = set()
    for each in planned.references:
        bases.add((unkeyed(each.path), unkeyed(each.target)))
        yield replace(each, span=lines.span_of(each.path))
    for each in lines.references:
        if (unkeyed(each.path), unkeyed(each.target)) not in bases:
            yield each


def _merged(planned: Value, written: Value, place: Span) -> Value:
    """A planned value; an unknown one with what the files know of it: what it refers to, what a text begins with."""
    if isinstance(planned, Unknown):
        if not isinstance(written, Unknown):
            return replace(planned, origin=place)
        refs = tuple(dict.fromkeys((*written.refs, *planned.refs)))
        return replace(written, reason=planned.reason, origin=written.origin or place, refs=refs)
    if isinstance(planned, dict) and isinstance(written, dict):
        return {name: _merged(value, written.get(name), place) for name, value in planned.items()}
    if isinstance(planned, list) and isinstance(written, list) and len(planned) == len(written):
        return [_merged(one, other, place) for one, other in zip(planned, written, strict=True)]
    return planned


def _filled(lines: Declaration, standing: Declaration) -> Declaration:
    """What is written, with what a state tells of its undecided values and of what the provider made of it."""
    told = standing.attributes
    attributes = {name: value for name, value in told.items() if name in _PROVIDED}
    attributes.update({name: _known(value, told.get(name)) for name, value in lines.attributes.items()})
    own = standing.provider.attributes
    provider = replace(
        lines.provider,
        attributes={**own, **{n: _known(v, own.get(n)) for n, v in lines.provider.attributes.items()}},
    )
    named = {unkeyed(reference.path) for reference in lines.references}
    further = [
        r for r in standing.references if unkeyed(r.path) not in named and r.path.partition("[")[0] in lines.attributes
    ]
    return replace(
        lines,
        id=standing.id,
        root=standing.root,
        attributes=attributes,
        provider=provider,
        exists=True,
        references=(*lines.references, *(replace(r, span=lines.span_of(r.path)) for r in further)),
    )


def _known(written: Value, standing: Value) -> Value:
    if isinstance(written, Unknown):
        return written if standing is None else standing
    if isinstance(written, dict) and isinstance(standing, dict):
        return {name: _known(value, standing.get(name)) for name, value in written.items()}
    if isinstance(written, list) and isinstance(standing, list) and len(written) == len(standing):
        return [_known(one, other) for one, other in zip(written, standing, strict=True)]
    return written
