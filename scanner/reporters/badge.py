"""A badge of one summary: as SVG, and as what shields.io draws one from. What is not known for sure is never green."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from scanner.model.history import Summary
from scanner.reporters import trend
from scanner.reporters.inert import inert, json_text
from scanner.reporters.xml_elements import element, text

About = Literal["stage", "score"]
LABEL: Final = "centralization risk"

COLORS: Final = {
    "brightgreen": "#2a7a2a",
    "green": "#4d7300",
    "yellow": "#806600",
    "orange": "#b34700",
    "red": "#c22f2f",
    "lightgrey": "#636363",
}
"""Names that shields.io knows, and what we draw for them: white text on each has a contrast of 4.5 to 1 or more."""
_GRADES: Final = {"A": "brightgreen", "B": "green", "C": "yellow", "D": "orange", "F": "red"}
_GREEN: Final = ("brightgreen", "green")

_HEIGHT: Final = 20
_MARGIN: Final = 6
_ROUND: Final = 3
_LONGEST: Final = 80


class Badge(Struct, frozen=True):
    """The two halves and the colour, by its name at shields.io."""

    label: str
    message: str
    color: str


def badge_of(summary: Summary | None, about: About = "stage", label: str = LABEL) -> Badge:
    """The badge of a summary; ``None`` is no summary at all."""
    shown = inert(label)[:_LONGEST]
    if summary is None or not summary.grade:
        return Badge(shown, "unknown", "lightgrey")
    if not summary.complete:
        return Badge(shown, f"{_message(summary, about)}, incomplete", "lightgrey")
    return Badge(shown, _message(summary, about), _color(summary))


def _message(summary: Summary, about: About) -> str:
    if about == "stage" and summary.stage is not None:
        return f"{trend.stage_text(summary)} · grade {summary.grade}"
    return f"{trend.score_text(summary)} of 100"


def _color(summary: Summary) -> str:
    """That of the grade; where unknowns may move stage or score, no green."""
    color = _GRADES.get(summary.grade, "lightgrey")
    unsure = summary.score.low != summary.score.high or summary.stage_high not in (None, summary.stage)
    return "yellow" if unsure and color in _GREEN else color


def as_json(badge: Badge) -> str:
    """What the endpoint badge of shields.io reads: https://shields.io/badges/endpoint-badge."""
    document = {"schemaVersion": 1, "label": badge.label, "message": badge.message, "color": badge.color}
    return json_text(document, indent=2)


def as_svg(badge: Badge) -> str:
    """The badge as a picture without fonts or scripts of its own."""
    left = _half(badge.label)
    right = _half(badge.message)
    width = left + right
    words = f"{badge.label}: {badge.message}"
    texts = _text(badge.label, 0, left) + _text(badge.message, left, right)
    body = (
        element("title", text(words))
        + element("rect", width=width, height=_HEIGHT, rx=_ROUND, fill=COLORS[badge.color])
        + (element("path", d=_left(left), fill="#444") if left else "")
        + element("g", texts, fill="#fff", text_anchor="middle", font_family=_FAMILY, font_size=11)
    )
    return f"{_svg(body, width, words)}\n"


def _left(width: int) -> str:
    """The label's half, round on its outer side. No clipping: its id would be another badge's on the same page."""
    corner = f"{_ROUND},{_ROUND} 0 0 1"
    low = _HEIGHT - _ROUND
    return f"M{_ROUND},0H{width}V{_HEIGHT}H{_ROUND}A{corner} 0,{low}V{_ROUND}A{corner} {_ROUND},0Z"


def _svg(body: str, width: int, words: str) -> str:
    return element(
        "svg",
        body,
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=_HEIGHT,
        viewBox=f"0 0 {width} {_HEIGHT}",
        role="img",
        aria_label=words,
    )


def _half(words: str) -> int:
    """The width of a half: whole pixels, so that both meet sharply."""
    return round(width_of(words)) + 2 * _MARGIN if words else 0


def _text(words: str, left: int, width: int) -> str:
    """Text in the middle of a half. Its length is given, so that it fits in whatever font the reader has."""
    if not words:
        return ""
    return element("text", text(words), x=left + width / 2, y=14, textLength=width - 2 * _MARGIN)


_FAMILY: Final = "Verdana,'DejaVu Sans',Geneva,sans-serif"
_UNITS: Final = 2048
_OTHER: Final = 2048
"""A character that is not in the table: as wide as it is high, as those of East Asia are."""

# fmt: off
_ADVANCES: Final = (
    *(720, 806, 940, 1676, 1302, 2204, 1488, 550, 930, 930, 1302, 1676, 745, 930, 745, 930),              # ' ' to '/'
    *(1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 930, 930, 1676, 1676, 1676, 1117),      # '0' to '?'
    *(2048, 1400, 1404, 1430, 1578, 1295, 1177, 1588, 1539, 862, 931, 1419, 1140, 1726, 1532, 1612),      # '@' to 'O'
    *(1235, 1612, 1424, 1400, 1262, 1499, 1400, 2025, 1403, 1260, 1403, 930, 930, 930, 1676, 1302),       # 'P' to '_'
    *(1302, 1230, 1276, 1067, 1276, 1220, 720, 1276, 1296, 562, 705, 1212, 562, 1992, 1296, 1243),        # '`' to 'o'
    *(1276, 1276, 874, 1067, 807, 1296, 1212, 1676, 1212, 1212, 1076, 1300, 930, 1300, 1676),             # 'p' to '~'
)
# fmt: on
"""Verdana's advance widths of ASCII's characters from the blank on, in units of its em square."""
_FURTHER: Final = {"·": 745}


def width_of(words: str, size: float = 11) -> float:
    """The width of a text in Verdana, in pixels."""
    units = 0
    for character in words:
        code = ord(character) - 32
        units += _ADVANCES[code] if 0 <= code < len(_ADVANCES) else _FURTHER.get(character, _OTHER)
    return units * size / _UNITS
