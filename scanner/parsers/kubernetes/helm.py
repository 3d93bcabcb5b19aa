"""Charts as Helm renders them, each finding at the line of the template that it is about.

Helm itself renders, never an engine of ours. What cannot be rendered is a problem, and the files of that chart count
as unread.
"""

from __future__ import annotations

import re
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.parsers.kubernetes.helm_charts import CHART, Copied, Copying, Dependency, Folder, Known, Refused
from scanner.parsers.kubernetes.helm_lines import At, RenderedPlaces, Writing, apart
from scanner.parsers.kubernetes.helm_marks import Line, reads_of
from scanner.parsers.kubernetes.helm_render import Answer, Rendered, Renderer, Request, renderer
from scanner.parsers.kubernetes.helm_values import Values, enabled
from scanner.parsers.kubernetes.helm_wrap import Asking, Source, Texts, Wrapped, reported
from scanner.parsers.kubernetes.objects import KubernetesObject, objects
from scanner.parsers.kubernetes.reading import InputFile, Options, Reading
from scanner.parsers.kubernetes.remembered import Remembered
from scanner.parsers.positioned_yaml import Document, Places, read_yaml
from scanner.parsers.source_lines import source_lines

MAX_CHARTS: Final = 2_000
"""Charts of one scan that are rendered."""

NO_RENDERER: Final = "install helm, or riskscan with its extra: pip install 'riskscan[helm]'"
_LANES: Final = 2
"""Charts that are under way at once: one is rendered in the renderer's process, one is made ready or read in this."""
_LONGEST_NAME: Final = 53
_HOOK: Final = "helm.sh/hook"
_DEFINITIONS: Final = frozenset({".yaml", ".yml", ".json"})


class Chart(Struct, frozen=True):
    """A chart that was rendered: its folder in reports, and its objects."""

    name: str
    found: tuple[KubernetesObject, ...]


def read_charts(files: Sequence[InputFile], options: Options, reading: Reading) -> list[Chart]:
    """Render every chart that is no part of another one."""
    helm = [file for file in files if file.format == "helm"]
    if not any(file.path.name == CHART for file in helm):
        return []
    with tempfile.TemporaryDirectory(prefix="riskscan-") as place:
        home = Path(place, "home")
        home.mkdir()
        engine = renderer(home)
        try:
            if engine is not None and options.cache is None:
                engine.prepare()
            return _charts(_jobs(helm, options, reading), _remembered(engine, options), Path(place))
        finally:
            if engine is not None:
                engine.close()


def _remembered(engine: Renderer | None, options: Options) -> Renderer | None:
    if engine is None or options.cache is None:
        return engine
    return Remembered(engine, options.cache, options.scan_root)


def _jobs(helm: Sequence[InputFile], options: Options, reading: Reading) -> list[_Job]:
    folders = _folders(helm, reading)
    tops = [folder for folder in folders.values() if not _is_part(folder, folders) and _applied(folder)]
    values = _values(helm, folders, options, reading)
    known = Known(options.scan_root, folders)
    jobs = [_Job(folder, known, options, reading, values, helm) for folder in tops]
    for job in jobs[MAX_CHARTS:]:
        job.refuse(job.top, f"there are more than {MAX_CHARTS} charts", ProblemKind.LIMIT)
    return jobs[:MAX_CHARTS]


def _charts(jobs: Sequence[_Job], engine: Renderer | None, place: Path) -> list[Chart]:
    """What all jobs give. One chart is rendered while another one is read."""
    if engine is None:
        for job in jobs:
            job.refuse(job.top, NO_RENDERER)
        return []
    found: dict[int, Chart] = {}
    todo = iter(enumerate(jobs))

    def lane(archive: Path) -> Asking[None]:
        for index, job in todo:
            chart = yield from job.run(archive)
            if chart is not None:
                found[index] = chart

    _interleaved([lane(place / f"chart{number}.tgz") for number in range(_LANES)], engine)
    return [found[index] for index in sorted(found)]


def _interleaved(lanes: Sequence[Asking[None]], engine: Renderer) -> None:
    """Let lanes go on by turns, each with the answer to what it asked for. The order depends on no time."""
    going: deque[tuple[Asking[None], Rendered | None]] = deque((lane, None) for lane in lanes)
    asked: deque[tuple[Asking[None], Request]] = deque()
    rendering: tuple[Asking[None], Answer] | None = None
    while going or rendering:
        if going:
            lane, told = going.popleft()
            with suppress(StopIteration):
                asked.append((lane, lane.send(told) if told is not None else next(lane)))
        elif rendering:
            lane, answer = rendering
            going.append((lane, answer()))
            rendering = None
        if rendering is None and asked:
            lane, request = asked.popleft()
            rendering = lane, engine.start(request)


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
    known: Known
    options: Options
    reading: Reading
    values: Values
    files: Sequence[InputFile]

    @property
    def top(self) -> Span:
        """The line that names the chart."""
        return self.folder.places.get("name") or Span(f"{self.folder.name}/{CHART}", 1)

    def run(self, archive: Path) -> Asking[Chart | None]:
        """Copy the chart, have it rendered, and read what comes out; ``None`` where it cannot be rendered."""
        try:
            root = Copying(self.known).whole(self.folder)
        except Refused as refused:
            self.refuse(self.top, str(refused), ProblemKind.LIMIT)
            return None
        except OSError as error:
            self.refuse(self.top, f"it cannot be copied: {error.strerror}")
            return None
        wrapped = Wrapped(self._request(archive))
        for chart in root.walk():
            wrapped.wrap(chart)
        texts = yield from wrapped.render()
        missing = self._missing(root)
        if isinstance(texts, str) or (missing and not texts):
            self._not_rendered(wrapped, texts if isinstance(texts, str) else "", missing)
            return None
        for dependency in missing:
            message = f"dependency not rendered: {_named(dependency)} is not in charts/, and nothing is fetched"
            self._problem(dependency.span, message, ProblemKind.MODULE)
        for index, said in wrapped.failed.items():
            self._template_failed(wrapped, index, said)
        lines = yield from wrapped.lines(texts)
        return Chart(self.folder.name, tuple(self._objects(root, wrapped, texts, lines)))

    def _request(self, archive: Path) -> Request:
        release = self.options.helm_release or _release(self.folder.title)
        return Request(archive, self.options.helm_values, release, self.options.helm_namespace)

    def _missing(self, root: Copied) -> list[Dependency]:
        """Dependencies that are turned on and lie nowhere."""
        return [
            each
            for names, chart in root.reached()
            for each in chart.missing
            if enabled(each, self.values.of(root, names))
        ]

    # -- problems ----------------------------------------------------------------------------------

    def _problem(self, span: Span, message: str, kind: ProblemKind = ProblemKind.INVALID) -> None:
        self.reading.problems.append(Problem(span, kind, message))

    def refuse(self, span: Span, reason: str, kind: ProblemKind = ProblemKind.INVALID) -> None:
        """Note why the chart is not rendered; all of its files are unread."""
        prefix = "" if self.folder.name == "." else f"{self.folder.name}/"
        lost = {file.name for file in self.files if file.name.startswith(prefix)}
        told = f"; its {len(lost)} files are not read" if len(lost) > 1 else ""
        self._problem(span, f"chart not rendered: {reason}{told}", kind)
        self.reading.unread |= lost

    def _not_rendered(self, wrapped: Wrapped, error: str, missing: Sequence[Dependency]) -> None:
        for each in missing:
            self.refuse(each.span, f"it depends on {_named(each)}, which is not in charts/, and nothing is fetched")
        if not missing:
            self.refuse(self._place_of(wrapped, error) or self.top, wrapped.said(error, self.folder.name))

    def _template_failed(self, wrapped: Wrapped, index: int, error: str) -> None:
        source = wrapped.sources[index]
        if source.template.file:
            self.reading.unread.add(source.template.file)
        place = self._place_of(wrapped, error) or self._start_of(source)
        self._problem(place, f"template not rendered: {wrapped.said(error, self.folder.name)}")

    def _place_of(self, wrapped: Wrapped, error: str) -> Span | None:
        """The innermost place that an error names."""
        for index, line in reversed(list(wrapped.places(error))):
            if wrapped.sources[index].template.file:
                self._show(wrapped.sources[index])
                return Span(wrapped.sources[index].template.file, line)
        return None

    def _start_of(self, source: Source) -> Span:
        return Span(source.template.file, 1) if source.template.file else source.chart.place or self.top

    def _show(self, source: Source) -> None:
        if source.template.file:
            self.reading.sources.setdefault(source.template.file, source_lines(source.template.text))

    # -- reading -----------------------------------------------------------------------------------

    def _objects(
        self, root: Copied, wrapped: Wrapped, texts: Texts, lines: Mapping[str, Sequence[Line]]
    ) -> Iterator[KubernetesObject]:
        templates = wrapped.templates
        helpers = reads_of(templates)
        for source in wrapped.sources:
            self._show(source)
        for name in sorted(texts):
            source = wrapped.sources[texts[name][0]]
            otherwise = self._start_of(source)
            text, origins = apart(texts[name][1], lines[name])
            writing = Writing(root, _names(name), origins, templates, self.values, helpers, otherwise)
            yield from self._read(text, source, writing)
        for chart in root.walk():
            yield from self._definitions(chart)

    def _read(self, text: str, source: Source, writing: Writing) -> Iterator[KubernetesObject]:
        result = read_yaml(text.encode("utf-8"), source.template.file)
        for problem in result.problems:
            self._problem(writing.placed(problem.span), f"after rendering, {problem.message}", problem.kind)
        self._count(source.template.file, result.problems, bool(result.documents))
        for document in result.documents:
            assert isinstance(document.places, Places)
            places = RenderedPlaces(document.places, writing)
            for found in objects(Document(document.data, places, writing.placed(document.span))):
                if not is_test(found):
                    yield found

    def _definitions(self, chart: Copied) -> Iterator[KubernetesObject]:
        """What lies in ``crds`` is applied as it is."""
        for path, content in chart.under("crds"):
            if PurePosixPath(path).suffix not in _DEFINITIONS:
                continue
            name = reported(chart, path)
            result = read_yaml(content, name)
            if name:
                self.reading.sources[name] = source_lines(content)
                self.reading.problems.extend(result.problems)
            self._count(name, result.problems, bool(result.documents))
            for document in result.documents:
                place = chart.place or self.top
                yield from objects(document if name else replace(document, places=At(place), span=place))

    def _count(self, file: str, problems: Sequence[Problem], anything: bool) -> None:
        if file and any(problem.kind.incomplete for problem in problems):
            (self.reading.partly if anything else self.reading.unread).add(file)


def is_test(found: KubernetesObject) -> bool:
    """Whether an object is made for ``helm test`` alone."""
    metadata = found.data.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    hooks = annotations.get(_HOOK) if isinstance(annotations, dict) else None
    return isinstance(hooks, str) and all(hook.strip().startswith("test") for hook in hooks.split(","))


def _names(template: str) -> tuple[str, ...]:
    """The names of dependencies that lead to a template: ``top/charts/db/templates/x.yaml`` → ``db``."""
    parts = PurePosixPath(template).parts
    names = []
    position = 1
    while parts[position : position + 1] == ("charts",) and position + 1 < len(parts):
        names.append(parts[position + 1])
        position += 2
    return tuple(names)


def _named(dependency: Dependency) -> str:
    where = f" ({dependency.repository})" if dependency.repository else ""
    return f"{dependency.name} {dependency.version}".strip() + where


def _release(title: str) -> str:
    """A release's name made of the chart's, as Helm accepts it."""
    plain = re.sub(r"[^a-z0-9-]+", "-", title.lower()).strip("-")[:_LONGEST_NAME].strip("-")
    return plain or "release"
