"""Charts as Helm renders them, each finding at the line of the template that it is about.

Helm itself renders, never an engine of ours. What cannot be rendered is a problem, and the files of that chart count
as unread.
"""

from __future__ import annotations

import base64
import binascii
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.parsers.kubernetes.helm_charts import CHART, Copied, Copying, Dependency, Folder, Refused
from scanner.parsers.kubernetes.helm_lines import RenderedPlaces, Writing
from scanner.parsers.kubernetes.helm_marks import Line, Marks, Template, reads_of, written_out
from scanner.parsers.kubernetes.helm_render import Rendered, Renderer, Request, renderer
from scanner.parsers.kubernetes.helm_values import Values, enabled
from scanner.parsers.kubernetes.objects import KubernetesObject, objects
from scanner.parsers.positioned_yaml import Document, Places, Positions, read_yaml

if TYPE_CHECKING:
    from scanner.parsers.kubernetes.project import InputFile, Options, Reading

MAX_CHARTS: Final = 2_000
"""Charts of one scan that are rendered."""
MAX_FAILED: Final = 20
"""Templates of one chart that may fail before the whole chart is given up."""

NO_RENDERER: Final = "chart not rendered: install helm, or the extra riskscan[helm]"
_LONGEST_NAME: Final = 53
_HIDDEN: Final = "_riskscan."
_WRAPPER: Final = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: riskscan-{index}
data:
  text: {{{{ include (print $.Template.BasePath "/{path}") . | b64enc | quote }}}}
"""
"""What stands in the copy for each template. Helm sorts, cuts up and checks what templates write; this way it hands
over the very text, and where its lines came from can be told."""
_WRAPPED: Final = re.compile(r'^  name: riskscan-(\d+)\ndata:\n  text: "([A-Za-z0-9+/=]*)"', re.MULTILINE)
_FAILED: Final = re.compile(r"([^\s()\"]+?/templates/[^\s:()\"]+):(\d+)")
_HOOK: Final = "helm.sh/hook"


@dataclass(slots=True)
class _Source:
    """A template of the copy, with the file that Helm reads its text from."""

    template: Template
    path: Path
    chart: Copied


class Chart(Struct, frozen=True):
    """A chart that was rendered: its folder in reports, and its objects."""

    name: str
    found: tuple[KubernetesObject, ...]


def read_charts(files: Sequence[InputFile], options: Options, reading: Reading) -> list[Chart]:
    """Render every chart that is no part of another one."""
    helm = [file for file in files if file.format == "helm"]
    folders = _folders(helm, reading)
    tops = [folder for folder in folders.values() if not _is_part(folder, folders) and _applied(folder)]
    if not tops:
        return []
    values = _values(helm, folders, options, reading)
    found: list[Chart] = []
    with tempfile.TemporaryDirectory(prefix="riskscan-") as place:
        home = Path(place, "home")
        home.mkdir()
        engine = renderer(home)
        try:
            for index, folder in enumerate(tops):
                job = _Job(folder, folders, options, reading, values, helm, Path(place, str(index)))
                if index >= MAX_CHARTS:
                    job.refuse(job.top, f"more than {MAX_CHARTS} charts", ProblemKind.LIMIT)
                elif engine is None:
                    job.problem(job.top, NO_RENDERER)
                    job.give_up()
                else:
                    found += job.run(engine)
        finally:
            if engine is not None:
                engine.close()
    return found


def is_crd_of_chart(file: InputFile, charts: frozenset[Path]) -> bool:
    """Whether a manifest lies in the ``crds`` folder of a chart, with which it is applied."""
    return any(folder.name == "crds" and folder.parent in charts for folder in file.path.parents)


def chart_folders(files: Sequence[InputFile]) -> frozenset[Path]:
    """The folders of all charts."""
    return frozenset(file.path.parent for file in files if file.format == "helm" and file.path.name == CHART)


def _folders(files: Sequence[InputFile], reading: Reading) -> dict[Path, Folder]:
    found: dict[Path, Folder] = {}
    for file in files:
        if file.path.name != CHART:
            continue
        documents = reading.yaml(file).documents
        data = documents[0].data if documents else None
        if not isinstance(data, dict):
            continue
        folder = Folder(file.path.parent, str(PurePosixPath(file.name).parent), data, documents[0].places)
        found[folder.path] = folder
    return found


def _is_part(folder: Folder, folders: Mapping[Path, Folder]) -> bool:
    return folder.path.parent.name == "charts" and folder.path.parent.parent in folders


def _applied(folder: Folder) -> bool:
    return folder.data.get("type") != "library"


def _values(files: Sequence[InputFile], folders: Mapping[Path, Folder], options: Options, reading: Reading) -> Values:
    from scanner.parsers.kubernetes.project import InputFile

    own: dict[str, Document] = {}
    for file in files:
        folder = folders.get(file.path.parent)
        if folder is not None and file.path.name == "values.yaml":
            documents = reading.yaml(file).documents
            if documents and isinstance(documents[0].data, dict):
                own[folder.name] = documents[0]
    given: list[Document] = []
    for path in options.helm_values:
        documents = reading.yaml(InputFile(path, shown_name(path, options.base), "helm")).documents
        given.extend(documents[:1])
    return Values(tuple(given), own)


def shown_name(path: Path, base: Path) -> str:
    """A file as reports show it: from their base where it lies there."""
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


@dataclass(slots=True)
class _Job:
    """The rendering of one chart."""

    folder: Folder
    folders: Mapping[Path, Folder]
    options: Options
    reading: Reading
    values: Values
    files: Sequence[InputFile]
    target: Path
    sources: list[_Source] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)

    @property
    def top(self) -> Span:
        """The line that names the chart."""
        return self.folder.places.get("name") or Span(f"{self.folder.name}/{CHART}", 1)

    def run(self, engine: Renderer) -> list[Chart]:
        """Copy the chart, render it, and read what comes out. Empty where it cannot be rendered."""
        try:
            root = Copying(self.options.scan_root, self.folders).copy(self.folder, self.target)
        except Refused as refused:
            self.refuse(self.top, str(refused), ProblemKind.LIMIT)
            return []
        except OSError as error:
            self.refuse(self.top, f"it cannot be copied: {error.strerror}")
            return []
        missing = self._missing(root)
        self._wrap(root)
        texts = self._render(engine)
        if isinstance(texts, str) or (missing and not texts):
            self._not_rendered(texts if isinstance(texts, str) else "", missing)
            return []
        for dependency in missing:
            message = f"dependency not rendered: {_named(dependency)} is not in charts/, and nothing is fetched"
            self.reading.problems.append(Problem(dependency.span, ProblemKind.MODULE, message))
        for index, message in self.failed.items():
            self._template_failed(index, message)
        return [Chart(self.folder.name, tuple(self._objects(root, texts, engine)))]

    def _missing(self, root: Copied) -> list[Dependency]:
        """Dependencies that are turned on and lie nowhere."""
        return [
            each
            for names, chart in _named_charts(root)
            for each in chart.missing
            if enabled(each, self.values.of(root, names))
        ]

    # -- rendering ---------------------------------------------------------------------------------

    def _wrap(self, root: Copied) -> None:
        """Put a wrapper in the place of each template of the copy; partials stay where they are."""
        for chart in root.walk():
            folder = chart.path / "templates"
            origin = chart.origin
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                inside = path.relative_to(chart.path)
                name = (PurePosixPath(origin.name) / inside.as_posix()).as_posix() if origin is not None else ""
                text = path.read_bytes().decode("utf-8-sig", "replace")
                partial = path.name.startswith("_")
                template = Template(name, text, partial)
                if not partial:
                    hidden = path.with_name(_HIDDEN + path.name)
                    inner = hidden.relative_to(folder).as_posix()
                    path.write_text(_WRAPPER.format(index=len(self.sources), path=inner), encoding="utf-8")
                    path = hidden
                self.sources.append(_Source(template, path, chart))

    def _write(self, texts: Sequence[str]) -> None:
        for index, (source, text) in enumerate(zip(self.sources, texts, strict=True)):
            source.path.write_bytes(b"" if index in self.failed else text.encode("utf-8"))

    def _render(self, engine: Renderer) -> dict[str, tuple[int, str]] | str:
        """What each template renders to, or why nothing does. A template that fails is left out of the chart."""
        while True:
            self._write([source.template.text for source in self.sources])
            rendered = self._asked(engine)
            if not rendered.error:
                return _unwrapped(rendered)
            index = self._culprit(rendered.error)
            if index is None or index in self.failed or len(self.failed) >= MAX_FAILED:
                return next(iter(self.failed.values()), rendered.error)
            self.failed[index] = self._alone(index, engine) or rendered.error
            if len(self.failed) == sum(not source.template.partial for source in self.sources):
                return next(iter(self.failed.values()))

    def _alone(self, index: int, engine: Renderer) -> str:
        """What Helm says of a template that is not wrapped: of what it refuses itself it tells the outermost line."""
        source = self.sources[index]
        wrapper = source.path.with_name(source.path.name.removeprefix(_HIDDEN))
        kept = wrapper.read_bytes()
        wrapper.write_bytes(source.path.read_bytes())
        error = self._asked(engine).error
        wrapper.write_bytes(kept)
        return error

    def _asked(self, engine: Renderer) -> Rendered:
        return engine.render(
            Request(
                self.target,
                self.options.helm_values,
                self.options.helm_release or _release(self.folder.title),
                self.options.helm_namespace,
            )
        )

    def _culprit(self, error: str) -> int | None:
        """The template whose rendering an error ended."""
        for place in _FAILED.finditer(error):
            index = self._index_of(place[1])
            if index is not None and not self.sources[index].template.partial:
                return index
        return None

    def _index_of(self, shown: str) -> int | None:
        """A template by Helm's name for it: from the chart's name on."""
        inside = shown.partition("/")[2]
        for index, source in enumerate(self.sources):
            name = source.path.relative_to(self.target).as_posix()
            if inside in (name, name.replace(_HIDDEN, "")):
                return index
        return None

    # -- problems ----------------------------------------------------------------------------------

    def problem(self, span: Span, message: str, kind: ProblemKind = ProblemKind.INVALID) -> None:
        """Note a problem."""
        self.reading.problems.append(Problem(span, kind, message))

    def refuse(self, span: Span, reason: str, kind: ProblemKind = ProblemKind.INVALID) -> None:
        """Note why the chart is not rendered; all of its files are unread."""
        self.problem(span, f"chart not rendered: {reason}", kind)
        self.give_up()

    def give_up(self) -> None:
        """Count the chart's files as unread."""
        prefix = "" if self.folder.name == "." else f"{self.folder.name}/"
        self.reading.unread.update(file.name for file in self.files if file.name.startswith(prefix))

    def _not_rendered(self, error: str, missing: Sequence[Dependency]) -> None:
        if missing:
            named = ", ".join(_named(each) for each in missing)
            self.refuse(missing[0].span, f"it depends on {named}, which is not in charts/, and nothing is fetched")
            return
        self.refuse(self._place_of(error) or self.top, self._said(error))

    def _template_failed(self, index: int, error: str) -> None:
        file = self.sources[index].template.file
        if file:
            self.reading.unread.add(file)
        self.problem(self._place_of(error) or self._start_of(index), f"template not rendered: {self._said(error)}")

    def _place_of(self, error: str) -> Span | None:
        """The innermost place that an error names."""
        for place in reversed(list(_FAILED.finditer(error))):
            index = self._index_of(place[1])
            if index is not None and self.sources[index].template.file:
                self._show(index)
                return Span(self.sources[index].template.file, int(place[2]))
        return None

    def _start_of(self, index: int) -> Span:
        source = self.sources[index]
        return Span(source.template.file, 1) if source.template.file else source.chart.place or self.top

    def _said(self, error: str) -> str:
        """Helm's words without the paths of the copy, in one line."""
        text = " ".join(error.replace(str(self.target), self.folder.name).replace(_HIDDEN, "").split())
        return text if len(text) <= 400 else text[:400] + "…"

    # -- reading -----------------------------------------------------------------------------------

    def _objects(
        self, root: Copied, texts: Mapping[str, tuple[int, str]], engine: Renderer
    ) -> Iterator[KubernetesObject]:
        templates = [source.template for source in self.sources]
        written = self._lines(texts, templates, engine)
        helpers = reads_of(templates)
        for index in range(len(self.sources)):
            self._show(index)
        for name in sorted(texts):
            index, text = texts[name]
            source = self.sources[index]
            otherwise = self._start_of(index)
            writing = Writing(root, _names(name), written[name], templates, self.values, helpers, otherwise)
            yield from self._read(text, source, writing)
        for chart in root.walk():
            yield from self._definitions(chart)

    def _lines(
        self, texts: Mapping[str, tuple[int, str]], templates: Sequence[Template], engine: Renderer
    ) -> dict[str, list[Line]]:
        """Where the lines of each template came from; nothing is known of those that marks would change."""
        found: dict[str, list[Line]] = {}
        for names in (written_out(templates), frozenset[str]()):
            marks = Marks(templates)
            self._write(marks.marked(names))
            again = self._asked(engine)
            marked = {} if again.error else _unwrapped(again)
            for name, (_, text) in texts.items():
                if name not in found and name in marked:
                    lines = marks.read(marked[name][1], text)
                    if _known(lines, text):
                        found[name] = lines
            if len(found) == len(texts):
                break
        return {name: found.get(name, []) for name in texts}

    def _read(self, text: str, source: _Source, writing: Writing) -> Iterator[KubernetesObject]:
        result = read_yaml(text.encode("utf-8"), source.template.file)
        for problem in result.problems:
            span = self._placed(problem.span, writing)
            self.problem(span, f"after rendering, {problem.message}", problem.kind)
            if problem.kind.incomplete and source.template.file:
                self.reading.partly.add(source.template.file)
        for document in result.documents:
            assert isinstance(document.places, Places)
            places = RenderedPlaces(document.places, writing)
            span = self._placed(document.span, writing)
            for found in objects(Document(document.data, places, span)):
                if not is_test(found):
                    yield found

    @staticmethod
    def _placed(span: Span, writing: Writing) -> Span:
        for number in range(span.line, 0, -1):
            line = writing.line(number)
            if line is not None and line.origin is not None:
                return writing.span(line.origin, "")
        return writing.otherwise

    def _definitions(self, chart: Copied) -> Iterator[KubernetesObject]:
        """What lies in ``crds`` is applied as it is."""
        for path in sorted(p for p in (chart.path / "crds").rglob("*") if p.suffix in (".yaml", ".yml", ".json")):
            content = path.read_bytes()
            inside = path.relative_to(chart.path).as_posix()
            name = (PurePosixPath(chart.origin.name) / inside).as_posix() if chart.origin is not None else ""
            result = read_yaml(content, name)
            if name:
                self.reading.sources[name] = tuple(content.decode("utf-8-sig", "replace").splitlines())
                self.reading.problems.extend(result.problems)
                if any(problem.kind.incomplete for problem in result.problems):
                    (self.reading.partly if result.documents else self.reading.unread).add(name)
            for document in result.documents:
                place = chart.place or self.top
                yield from objects(document if name else replace(document, places=At(place), span=place))

    def _show(self, index: int) -> None:
        template = self.sources[index].template
        if template.file:
            self.reading.sources.setdefault(template.file, tuple(template.text.splitlines()))


class At(Positions):
    """All fields at one place: that of an archive's dependency, since archives have no lines to show."""

    def __init__(self, place: Span) -> None:
        self._place = place

    def __getitem__(self, path: str) -> Span:
        if path not in ("", "kind"):
            raise KeyError(path)
        return self._place

    def __iter__(self) -> Iterator[str]:
        return iter(("kind",))

    def __len__(self) -> int:
        return 1

    def below(self, prefix: str) -> At:  # noqa: ARG002 — one place for all
        """The same place."""
        return self


def is_test(found: KubernetesObject) -> bool:
    """Whether an object is made for ``helm test`` alone."""
    metadata = found.data.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    hooks = annotations.get(_HOOK) if isinstance(annotations, dict) else None
    return isinstance(hooks, str) and all(hook.strip().startswith("test") for hook in hooks.split(","))


def _known(lines: Sequence[Line], text: str) -> bool:
    """Whether more than half of the lines that say something have a place."""
    told = [line.origin is not None for line, written in zip(lines, text.split("\n"), strict=True) if written.strip()]
    return sum(told) * 2 >= len(told)


def _unwrapped(rendered: Rendered) -> dict[str, tuple[int, str]]:
    """The very text of each template with the number of its source, by Helm's name for it."""
    found: dict[str, tuple[int, str]] = {}
    for name, wrapper in rendered.texts.items():
        match = _WRAPPED.search(wrapper)
        if match is not None:
            try:
                found[name] = int(match[1]), base64.b64decode(match[2], validate=True).decode("utf-8", "replace")
            except (binascii.Error, ValueError):
                continue
    return found


def _names(template: str) -> tuple[str, ...]:
    """The names of dependencies that lead to a template: ``top/charts/db/templates/x.yaml`` → ``db``."""
    parts = PurePosixPath(template).parts
    names = []
    position = 1
    while parts[position : position + 1] == ("charts",) and position + 1 < len(parts):
        names.append(parts[position + 1])
        position += 2
    return tuple(names)


def _named_charts(root: Copied) -> Iterator[tuple[tuple[str, ...], Copied]]:
    stack: list[tuple[tuple[str, ...], Copied]] = [((), root)]
    while stack:
        names, chart = stack.pop()
        yield names, chart
        stack.extend(((*names, name), chart.below[name]) for name in sorted(chart.below, reverse=True))


def _named(dependency: Dependency) -> str:
    where = f" ({dependency.repository})" if dependency.repository else ""
    return f"{dependency.name} {dependency.version}".strip() + where


def _release(title: str) -> str:
    """A release's name made of the chart's, as Helm accepts it."""
    plain = re.sub(r"[^a-z0-9-]+", "-", title.lower()).strip("-")[:_LONGEST_NAME].strip("-")
    return plain or "release"
