"""Plan and state files → what they declare, joined to the configuration that was read beside them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.change import Change
from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.parsers.parsed import Parsed
from scanner.parsers.positioned_json import read_json
from scanner.parsers.terraform.plan import Told, told
from scanner.parsers.terraform.plan_join import LEAST_SHARE, Join, Root, belonging, common, moved


class InputFile(Struct, frozen=True):
    """One file to read: its absolute path, and its name in reports."""

    path: Path
    name: str


@dataclass(slots=True)
class _Reading:
    """Reads the files, and gathers what comes of them."""

    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    partly: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    declarations: dict[str, Declaration] = field(default_factory=dict)

    def read(self, files: Sequence[InputFile]) -> list[Told]:
        """The plans and states among the files."""
        found: list[Told] = []
        for file in files:
            one = self._one(file)
            if isinstance(one, Problem):
                self.problems.append(one)
                self.unread.add(file.name)
            else:
                found.append(one)
                self.problems.extend(one.problems)
                self.secrets |= one.secrets
                self.partly.update([file.name] if any(p.kind.incomplete for p in one.problems) else [])
        return found

    def _one(self, file: InputFile) -> Told | Problem:
        try:
            content = file.path.read_bytes()
        except OSError as error:
            return Problem(Span(file.name, 1), ProblemKind.UNREADABLE, f"file not read: {error.strerror}")
        if content.startswith(b"PK\x03\x04"):
            message = "a plan as Terraform keeps it; write it as JSON: terraform show -json FILE"
            return Problem(Span(file.name, 1), ProblemKind.INVALID, message)
        document = read_json(content, file.name)
        return document if isinstance(document, Problem) else told(file.name, document)

    def keep(self, declarations: Sequence[Declaration]) -> None:
        """Add declarations. Of equal ids the first counts."""
        for each in declarations:
            self.declarations.setdefault(each.id, each)

    def placed(self, change: Change) -> Change:
        """A change with the place of its resource, where that stands after the apply."""
        declared = self.declarations.get(change.id)
        return change if declared is None else replace(change, span=declared.span)

    def join(self, root: Root, files: Sequence[Told]) -> None:
        """Lay the files of one root over it. Several make several estates, each with ids of its own."""
        plans = [each for each in files if each.is_plan]
        used = plans or files
        self.leave_out([each for each in files if each not in used], plans)
        self.keep([each for each in root.declarations if each.mode not in ("managed", "data")])
        for each in used:
            own = root if len(used) == 1 else moved(root, f"{each.name}#", each.name)
            join = Join(each, own)
            self.keep(list(join.declarations()))
            self.problems.extend(join.problems())
            self.changes.extend(each.changed(own.prefix))

    def leave_out(self, states: Sequence[Told], plans: Sequence[Told]) -> None:
        """Say of states that plans of the same root tell what they would."""
        for state in states:
            message = f"left out, since {plans[0].name} is a plan of the same root"
            self.problems.append(Problem(Span(state.name, 1), ProblemKind.UNSUPPORTED, message))

    def stand_alone(self, files: Sequence[Told], alone: bool) -> list[str]:
        """Read files that belong to no root in the scan; the names of the roots that they are."""
        plans = [each for each in files if each.is_plan]
        kept = []
        for each in files:
            same = [plan for plan in plans if not each.is_plan and _are_of_one_root(each, plan)]
            self.leave_out([each] if same else [], same)
            kept.extend([] if same else [each])
        for each in kept:
            prefix = "" if alone and len(kept) == 1 else f"{each.name}#"
            self.keep(list(each.declarations(prefix, each.name)))
            self.changes.extend(each.changed(prefix))
        return [each.name for each in kept]


def _are_of_one_root(state: Told, plan: Told) -> bool:
    beside = PurePosixPath(state.name).parent == PurePosixPath(plan.name).parent
    return beside and common(state.addresses, plan.addresses) >= LEAST_SHARE


def read(files: Sequence[InputFile], written: Parsed, folders: Mapping[str, Path], base: Path) -> Parsed:
    """Read plans and states over the configuration in ``written``. ``folders`` are those of its roots, by name."""
    reading = _Reading()
    found = reading.read(files)
    roots = _roots(written, folders, base)
    bases = {root.prefix: root.bases for root in roots}
    own: dict[str, list[Told]] = {}
    alone: list[Told] = []
    for each in found:
        belongs = belonging(each, roots, bases)
        if belongs.root is None:
            alone.append(each)
        else:
            own.setdefault(belongs.root.prefix, []).append(each)
        if belongs.alike:
            message = (
                f"belongs as well to one as to the other of {', '.join(belongs.alike)}; put it into its own's folder"
            )
            reading.problems.append(Problem(Span(each.name, 1), ProblemKind.UNRESOLVED, message))
    for root in roots:
        if root.prefix in own:
            reading.join(root, own[root.prefix])
        else:
            reading.keep(root.declarations)
    names = reading.stand_alone(alone, alone=not roots)
    return _together(written, reading, names)


def _together(written: Parsed, reading: _Reading, names: Sequence[str]) -> Parsed:
    return replace(
        written,
        declarations=tuple(reading.declarations[name] for name in sorted(reading.declarations)),
        roots=(*written.roots, *names),
        problems=(*written.problems, *sorted(set(reading.problems), key=_order)),
        unread=written.unread | reading.unread,
        partly=written.partly | reading.partly,
        secrets=written.secrets | reading.secrets,
        changes=tuple(sorted(map(reading.placed, reading.changes), key=lambda change: change.id)),
    )


def _order(problem: Problem) -> tuple[str, int, int, str, str]:
    span = problem.span
    return span.file, span.line, span.column, problem.kind, problem.message


def _roots(written: Parsed, folders: Mapping[str, Path], base: Path) -> list[Root]:
    by_root: dict[str, list[Declaration]] = {}
    for declaration in written.declarations:
        by_root.setdefault(declaration.root, []).append(declaration)
    return [
        Root(
            name,
            os.path.relpath(folders[name], base).replace(os.sep, "/"),
            f"{name}#" if len(folders) > 1 else "",
            tuple(declarations),
        )
        for name, declarations in sorted(by_root.items())
    ]
