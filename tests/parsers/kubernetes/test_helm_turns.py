"""One chart is rendered while another one is read, in an order that no time decides."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

from scanner.parsers.kubernetes.helm import _interleaved
from scanner.parsers.kubernetes.helm_render import Answer, Rendered, Request


@dataclass
class Engine:
    """Notes when a rendering begins and when somebody waits for it; never two at a time."""

    told: list[str] = field(default_factory=list)
    busy: bool = False

    def prepare(self) -> None:
        pass

    def start(self, request: Request) -> Answer:
        assert not self.busy
        self.busy = True
        self.told.append(f"begin {request.release}")
        return lambda: self.answer(request)

    def answer(self, request: Request) -> Rendered:
        self.busy = False
        self.told.append(f"wait {request.release}")
        return Rendered({"text": request.release})

    def close(self) -> None:
        pass


def lane(name: str, times: int, told: list[str]) -> Generator[Request, Rendered, None]:
    for number in range(1, times + 1):
        told.append(f"make {name}{number}")
        rendered = yield Request(Path(name), (), f"{name}{number}", "default")
        assert rendered.texts == {"text": f"{name}{number}"}
        told.append(f"read {name}{number}")


def order(**lanes: int) -> list[str]:
    engine = Engine()
    _interleaved([lane(name, times, engine.told) for name, times in lanes.items()], engine)
    return engine.told


def test_one_is_read_and_made_ready_while_the_other_is_rendered() -> None:
    # Worked out by hand: whatever stands between "begin x" and "wait x" is done while x is rendered.
    assert order(a=2, b=1) == [
        "make a1", "begin a1", "make b1", "wait a1", "begin b1", "read a1", "make a2", "wait b1", "begin a2", "read b1",
        "wait a2", "read a2",
    ]  # fmt: skip


def test_one_lane_goes_on_alone_where_the_other_has_nothing_to_ask() -> None:
    assert order(a=1, b=0) == ["make a1", "begin a1", "wait a1", "read a1"]
    assert order(a=0, b=0) == []
    assert order() == []
