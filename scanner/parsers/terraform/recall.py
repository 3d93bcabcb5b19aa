"""What a root module was read to be before, as long as all that it was read from is the same.

An evaluation notes what it looks at: folders of modules, files that functions read, names that they list, and what was
not there. A later run asks the same questions, and takes the result where it gets the same answers. As what is read
follows from what was read before, equal answers leave nothing that could differ.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from scanner.cache.codec import packed_declaration
from scanner.cache.keys import digest, of_content, origin
from scanner.cache.store import Cache
from scanner.model.problem import Problem
from scanner.model.resource import Declaration
from scanner.parsers.terraform.disk import Disk
from scanner.parsers.terraform.folders import Folder, Reader
from scanner.parsers.terraform.options import TerraformOptions

KEPT: Final = 4
"""Results of one root with other modules or files, such as those of branches in turn."""


class Outcome(Struct, frozen=True):
    """What one root module declares. ``reads`` are the questions and answers that it follows from.

    ``inputs`` is the hash of all that was read.
    """

    declarations: tuple[Declaration, ...]
    moves: tuple[tuple[str, str], ...]
    secrets: tuple[str, ...]
    problems: tuple[Problem, ...]
    reads: tuple[tuple[str, str, str], ...] = ()
    inputs: str = ""


class RootInfo(Protocol):
    """What is known of a root module before it is evaluated."""

    @property
    def name(self) -> str:
        """Its path from the scanned folder."""

    @property
    def library(self) -> bool:
        """Whether nothing shows that it is ever applied by itself."""


class Evaluated(Protocol):
    """An evaluation that has not begun."""

    folders: Mapping[Path, Folder]
    folder: Folder
    root: Path
    base: Path
    options: TerraformOptions
    reader: Reader
    reads_states: bool
    disk: Disk

    @property
    def root_info(self) -> RootInfo:
        """The root module."""

    def outcome(self, id_prefix: str) -> Outcome:
        """Evaluate it."""


def recall(evaluation: Evaluated, id_prefix: str, cache: Cache) -> Outcome:
    """The result of an evaluation: of an earlier one if it would be the same."""
    key, given = _key(evaluation, id_prefix), _given(evaluation)
    known = cache.get(key, tuple[Outcome, ...]) or ()
    for outcome in known:
        if _holds(evaluation, outcome):
            for installed in _installed(evaluation, outcome):
                evaluation.reader.take_installed(evaluation.reader.installed(installed))
            return outcome
    outcome = evaluation.outcome(id_prefix)
    reads = tuple(sorted((*question, answer) for question, answer in evaluation.disk.seen.items()))
    outcome = replace(outcome, reads=reads, inputs=digest(evaluation.folder.digest, *_flat(reads)))
    outcomes = (outcome, *known)[:KEPT]
    cache.put(key, outcomes, lambda: tuple(map(stored, outcomes)), private=bool(given) or _reads_elsewhere(evaluation))
    return outcome


def state_of(evaluation: Evaluated, outcome: Outcome, id_prefix: str) -> str:
    """The hash of all that an outcome follows from; empty where values from outside of files decide."""
    private = _given(evaluation) or _reads_elsewhere(evaluation)
    return "" if private else digest(_key(evaluation, id_prefix), *_flat(outcome.reads))


def stored(outcome: Outcome) -> Outcome:
    """The outcome as it is encoded."""
    return replace(outcome, declarations=tuple(map(packed_declaration, outcome.declarations)))


def _holds(evaluation: Evaluated, outcome: Outcome) -> bool:
    return all(_answer(evaluation, question, name) == answer for question, name, answer in outcome.reads)


def _answer(evaluation: Evaluated, question: str, name: str) -> str:
    """What a question is answered now; asked once in a run."""
    answers = evaluation.reader.answers
    if (question, name) not in answers:
        answers[question, name] = _asked(evaluation, question, name)
    return answers[question, name]


def _asked(evaluation: Evaluated, question: str, name: str) -> str:
    path = Path(evaluation.disk.path_of(name))
    if question == "folder":
        folder = evaluation.folders.get(path)
        return folder.digest if folder else "none"
    if question == "installed":
        return evaluation.reader.installed(path).digest if evaluation.disk.is_within(path) else ""
    return evaluation.disk.answer(question, name)


def _installed(evaluation: Evaluated, outcome: Outcome) -> Iterator[Path]:
    for question, name, _ in outcome.reads:
        if question == "installed":
            yield Path(evaluation.disk.path_of(name))


def _key(evaluation: Evaluated, id_prefix: str) -> str:
    """The hash of what decides a result before anything else is looked at."""
    options, info = evaluation.options, evaluation.root_info
    place = os.path.relpath(evaluation.root, evaluation.base)
    limits = (options.max_instances, options.max_module_depth, options.max_modules, options.max_resources)
    return digest(
        "terraform root",
        origin(),
        *(evaluation.folder.digest, info.name, id_prefix, place),
        *(str(info.library), str(evaluation.reads_states), repr(options.workspace)),
        *map(str, (*limits, options.max_file_bytes)),
        *(part for path in options.var_files for part in (path.name, _state(path))),
        "given",
        *_flat(_given(evaluation)),
    )


def _given(evaluation: Evaluated) -> list[tuple[str, str, str]]:
    """Values for variables of the root from outside of files. They may be secrets: what they decide is not written."""
    options, declared = evaluation.options, frozenset(evaluation.folder.summary().variables)
    sources = (("environment", options.environment), ("variable", options.variables))
    return [(source, name, value) for source, values in sources for name, value in values.items() if name in declared]


def _reads_elsewhere(evaluation: Evaluated) -> bool:
    """Whether a file of variables lies outside of the scanned folder, as one with secrets may."""
    return not all(evaluation.disk.is_within(path) for path in evaluation.options.var_files)


def _state(path: Path) -> str:
    try:
        return of_content(path.read_bytes())
    except OSError as error:
        return f"error {error.strerror}"


def _flat(items: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for item in items:
        yield from item
