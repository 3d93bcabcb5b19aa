"""Charts and overlays are rendered once for the same content."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from scanner.cache.store import Cache
from scanner.parsers.kubernetes import kustomize_run
from scanner.parsers.kubernetes.helm_render import Answer, Rendered, Request
from scanner.parsers.kubernetes.kustomize_run import Copy, Tool
from scanner.parsers.kubernetes.remembered import Remembered, build


@dataclass
class Engine:
    """Renders the number of times that it was asked."""

    error: str = ""
    sure: bool = True
    asked: int = 0
    closed: list[bool] = field(default_factory=list)

    def prepare(self) -> None:
        pass

    def start(self, _request: Request) -> Answer:
        self.asked += 1
        found = Rendered({"a.yaml": str(self.asked)}, self.error, self.sure)
        return lambda: found

    def close(self) -> None:
        self.closed.append(True)


@pytest.fixture
def request_of(tmp_path: Path) -> Request:
    (tmp_path / "chart.tgz").write_bytes(b"chart")
    (tmp_path / "values.yaml").write_text("a: 1")
    return Request(tmp_path / "chart.tgz", (tmp_path / "values.yaml",), "release", "default")


def rendered(engine: Engine, request: Request, inside: Path) -> Rendered:
    found = Remembered(engine, Cache(inside / "cache"), inside)
    try:
        return found.start(request)()
    finally:
        found.close()


def test_the_same_chart_is_rendered_once(request_of: Request, tmp_path: Path) -> None:
    engine = Engine()
    assert rendered(engine, request_of, tmp_path) == rendered(engine, request_of, tmp_path)
    assert engine.asked == 1
    assert engine.closed == [True, True]


@pytest.mark.parametrize("name", ["chart.tgz", "values.yaml"])
def test_other_content_is_rendered_again(name: str, request_of: Request, tmp_path: Path) -> None:
    engine = Engine()
    rendered(engine, request_of, tmp_path)
    (tmp_path / name).write_bytes(b"other")
    rendered(engine, request_of, tmp_path)
    assert engine.asked == 2


@pytest.mark.parametrize("changed", [{"release": "other"}, {"namespace": "other"}, {"values": ()}])
def test_another_question_is_asked(changed: dict[str, object], request_of: Request, tmp_path: Path) -> None:
    engine = Engine()
    rendered(engine, request_of, tmp_path)
    rendered(engine, replace(request_of, **changed), tmp_path)
    assert engine.asked == 2


def test_want_of_time_or_memory_is_tried_again(request_of: Request, tmp_path: Path) -> None:
    engine = Engine(error="took longer than 30 s", sure=False)
    rendered(engine, request_of, tmp_path)
    rendered(engine, request_of, tmp_path)
    assert engine.asked == 2


def test_what_helm_refuses_is_known_and_told_of_the_chart_at_hand(request_of: Request, tmp_path: Path) -> None:
    engine = Engine(error=f"parse error at {request_of.chart}: templates/a.yaml:1")
    rendered(engine, request_of, tmp_path)
    other = replace(request_of, chart=request_of.chart.rename(tmp_path / "other.tgz"))
    assert rendered(engine, other, tmp_path).error == f"parse error at {tmp_path / 'other.tgz'}: templates/a.yaml:1"
    assert engine.asked == 1


def test_what_values_from_elsewhere_render_to_is_not_written(request_of: Request, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    engine = Engine()
    rendered(engine, request_of, inside)
    rendered(engine, request_of, inside)
    assert engine.asked == 2
    assert not (inside / "cache").exists()


def test_an_overlay_is_built_once_for_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Copy] = []

    def render(_tool: Tool, copy: Copy) -> kustomize_run.Rendered:
        built.append(copy)
        return kustomize_run.Rendered(b"out")

    monkeypatch.setattr(kustomize_run, "render", render)
    program, file = tmp_path / "kustomize", tmp_path / "base.yaml"
    program.write_text("one")
    file.write_text("a")
    tool = Tool(str(program), "build")
    copy = Copy(Path("o"), {Path("o/kustomization.yaml"): b"{}"}, {Path("b.yaml"): file}, {}, (Path("o"),))
    cache = Cache(tmp_path / "cache")
    assert build(tool, copy, cache) == build(tool, copy, Cache(tmp_path / "cache"))
    assert len(built) == 1
    file.write_text("b")
    build(tool, copy, Cache(tmp_path / "cache"))
    assert len(built) == 2
    os.utime(program, (1, 1))  # another version of the tool
    build(tool, copy, Cache(tmp_path / "cache"))
    assert len(built) == 3
    build(tool, copy, None)
    assert len(built) == 4
