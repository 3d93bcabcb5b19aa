"""A chart's copy made to hand over what each template renders to, word by word.

Helm sorts, cuts up and checks what templates write before it shows them. So each template of the copy is read from
beside a wrapper that stands in its place, a small manifest that holds the text encoded: what comes out is the very
text, of both renderers alike, and marks in it (:mod:`helm_marks`) need not be YAML.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import tarfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from scanner.parsers.kubernetes.helm_charts import Copied
from scanner.parsers.kubernetes.helm_marks import Line, Marks, Template, written_out
from scanner.parsers.kubernetes.helm_render import Rendered, Request

MAX_FAILED: Final = 20
"""Templates of one chart that may fail before the whole chart is given up."""

_LONGEST: Final = 400
"""Characters of what Helm says that a report shows."""
_CALLING: Final = "error calling include: "
_HIDDEN: Final = "_riskscan."
_WRAPPER: Final = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: riskscan-{index}
data:
  text: {{{{ include (print $.Template.BasePath "/{path}") . | b64enc | quote }}}}
"""
_WRAPPED: Final = re.compile(r'^  name: riskscan-(\d+)\ndata:\n  text: "([A-Za-z0-9+/=]*)"', re.MULTILINE)
_NO_VALUE: Final = "<no value>"
"""What Go writes for a value that is nothing. Helm takes it out of what a template renders to, which here is encoded:
https://github.com/helm/helm/blob/main/pkg/engine/engine.go."""
_FAILED: Final = re.compile(r"([^\s()\"]+?/templates/[^\s:()\"]+):(\d+)")

Texts = Mapping[str, tuple[int, str]]
"""What each template renders to and the number of its source, by Helm's name for it."""

Result = TypeVar("Result")
Asking = Generator[Request, Rendered, Result]
"""Something that asks for charts to be rendered on its way to a result."""


@dataclass(slots=True)
class Source:
    """A template of the copy, by its name in its chart.

    Its text is read from the file ``read_from``, which is another one where a wrapper stands in its place.
    """

    template: Template
    name: str
    read_from: str
    chart: Copied

    @property
    def paths(self) -> tuple[str, ...]:
        """The names of its text's file and of itself as Helm has them, from the top of the chart on."""
        inside = str(self.chart.path).partition("/")[2]
        folder = f"{inside}/{self.name}" if inside else self.name
        above = folder.rpartition("/")[0]
        return tuple(f"{above}/{name.rpartition('/')[2]}" for name in (self.read_from, self.name))


@dataclass(slots=True)
class Wrapped:
    """A chart's copy with wrappers. ``failed`` tells of templates that were left out what Helm said of them.

    ``files`` holds all of its files but the templates' texts, by their paths in the archive; ``numbers`` the templates
    by Helm's names for them.
    """

    request: Request
    files: dict[str, bytes] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)

    @property
    def templates(self) -> list[Template]:
        """All templates, by their numbers."""
        return [source.template for source in self.sources]

    def wrap(self, chart: Copied) -> None:
        """Put a wrapper in the place of each template of a chart; partials stay where they are."""
        self.files.update((f"{chart.path}/{name}", content) for name, content in chart.files.items())
        for name, content in chart.under("templates"):
            text = content.decode("utf-8-sig", "replace")
            folder, _, own = name.rpartition("/")
            partial = own.startswith("_")
            read_from = name if partial else f"{folder}/{_HIDDEN}{own}"
            if not partial:
                inner = read_from.partition("/")[2]
                wrapper = _WRAPPER.format(index=len(self.sources), path=inner)
                self.files[f"{chart.path}/{name}"] = wrapper.encode("utf-8")
            source = Source(Template(reported(chart, name), text, partial), name, read_from, chart)
            self.numbers.update(dict.fromkeys(source.paths, len(self.sources)))
            self.sources.append(source)

    def render(self) -> Asking[Texts | str]:
        """What each template renders to, or why nothing does. A template that fails is left out of the chart."""
        while True:
            self._write(self._plain())
            rendered = yield self.request
            if not rendered.error:
                return _unwrapped(rendered)
            index = self._culprit(rendered.error)
            if index is None or index in self.failed or len(self.failed) >= MAX_FAILED:
                return next(iter(self.failed.values()), rendered.error)
            self.failed[index] = (yield from self._alone(index)) or rendered.error
            if len(self.failed) == sum(not source.template.partial for source in self.sources):
                return next(iter(self.failed.values()))

    def lines(self, texts: Texts) -> Asking[dict[str, Sequence[Line]]]:
        """Where the lines of each template came from; nothing is known of those that marks would change."""
        found: dict[str, Sequence[Line]] = {}
        for names in (written_out(self.templates), frozenset[str]()):
            marks = Marks(self.templates)
            self._write(marks.marked(names, frozenset(number for number, text in texts.values() if text.strip())))
            rendered = yield self.request
            marked = {} if rendered.error else _unwrapped(rendered)
            for name in marked.keys() & texts.keys() - found.keys():
                lines = marks.read(marked[name][1], texts[name][1])
                if _known(lines, texts[name][1]):
                    found[name] = lines
            if len(found) == len(texts):
                break
        return {name: found.get(name, ()) for name in texts}

    def places(self, error: str) -> Iterator[tuple[int, int]]:
        """The templates and lines that an error names, the outermost first."""
        for place in _FAILED.finditer(error):
            index = self._index_of(place[1])
            if index is not None:
                yield index, int(place[2])

    def said(self, error: str, name: str) -> str:
        """Helm's words for the innermost cause, without the paths of the copy, in one line."""
        text = " ".join(error.replace(str(self.request.chart), name).replace(_HIDDEN, "").split())
        text = text.rpartition(_CALLING)[2]
        return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"

    def _write(self, texts: Sequence[str], unwrapped: Source | None = None) -> None:
        """Make the archive that is rendered, with these texts of the templates; one may stand without its wrapper."""
        files = dict(self.files)
        for index, (source, text) in enumerate(zip(self.sources, texts, strict=True)):
            name = source.name if source is unwrapped else source.read_from
            files[f"{source.chart.path}/{name}"] = b"" if index in self.failed else text.encode("utf-8")
        self.request.chart.unlink(missing_ok=True)  # ext4 waits for the disk where a file is written over
        self.request.chart.write_bytes(_packed(files))

    def _alone(self, index: int) -> Asking[str]:
        """What Helm says of a template that is not wrapped: of what it refuses itself it tells the outermost line."""
        self._write(self._plain(), self.sources[index])
        return (yield self.request).error

    def _plain(self) -> list[str]:
        return [source.template.text for source in self.sources]

    def _culprit(self, error: str) -> int | None:
        """The template whose rendering an error ended."""
        return next((index for index, _ in self.places(error) if not self.sources[index].template.partial), None)

    def _index_of(self, shown: str) -> int | None:
        """A template by Helm's name for it: from the chart's name on."""
        return self.numbers.get(shown.partition("/")[2])


def reported(chart: Copied, name: str) -> str:
    """A file of a chart as reports name it; empty for one that was unpacked."""
    if chart.origin is None:
        return ""
    return name if chart.origin.name == "." else f"{chart.origin.name}/{name}"


def _packed(files: Mapping[str, bytes]) -> bytes:
    """An archive. It is not compressed: it is read once, by a program on the same machine. It holds no time."""
    blocks: list[bytes] = []
    for name, content in files.items():
        blocks += (_header(name, len(content)), content, bytes(-len(content) % tarfile.BLOCKSIZE))
    blocks.append(bytes(2 * tarfile.BLOCKSIZE))
    return gzip.compress(b"".join(blocks), compresslevel=0, mtime=0)


def _header(name: str, size: int) -> bytes:
    """What stands before a file. tarfile takes ten times as long, and a repository of charts has thousands of files."""
    known = name.encode("utf-8", "surrogateescape")
    if len(known) > tarfile.LENGTH_NAME:
        return _plain_header(name, size)
    digits = b"%011o" % size
    check = _EMPTY_SUM + sum(known) + sum(digits)
    return b"".join((known.ljust(100, b"\0"), _EMPTY[100:124], digits, _EMPTY[135:148], b"%06o" % check, _EMPTY[154:]))


def _plain_header(name: str, size: int = 0) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT)


_EMPTY: Final = _plain_header("")
"""The header of a file without a name or content: name, mode and owners, size, time, sum of all bytes, the rest."""
_EMPTY_SUM: Final = int(_EMPTY[148:154], 8) - sum(b"0" * 11)


def _known(lines: Sequence[Line], text: str) -> bool:
    """Whether at least half of the lines that say something have a place."""
    told = [line.origin is not None for line, written in zip(lines, text.split("\n"), strict=True) if written.strip()]
    return sum(told) * 2 >= len(told)


def _unwrapped(rendered: Rendered) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for name, wrapper in rendered.texts.items():
        match = _WRAPPED.search(wrapper)
        if match is not None:
            try:
                text = base64.b64decode(match[2], validate=True).decode("utf-8", "replace")
                found[name] = int(match[1]), text.replace(_NO_VALUE, "")
            except (binascii.Error, ValueError):
                continue
    return found
