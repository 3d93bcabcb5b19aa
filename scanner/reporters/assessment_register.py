"""The register of information as one CSV file: a line a cell, so that it pastes into any tool for registers.

It takes the sections of an assessment whose ids begin with ``register-``: their columns of a template are named
``c0050 Name``, what else they have describes the row. Columns that stay empty are listed with the reason.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from scanner.model.assessment import ComplianceReport, Section
from scanner.reporters.assessment_csv import neutral
from scanner.reporters.options import DEFAULT, Options

HEADER: Final = ("template", "row", "about", "column", "name", "value", "remark", "where")

_COLUMN: Final = re.compile(r"(c\d{4}) (.+)")
_TEMPLATE: Final = re.compile(r"register-b-(\d\d)-(\d\d)")
_EMPTY: Final = "register-empty"


def render(report: ComplianceReport, _options: Options = DEFAULT) -> str:
    """Every cell of every template that the scan fills, and every column that it cannot."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for assessment in report.assessments:
        for section in assessment.sections:
            writer.writerows(tuple(map(neutral, row)) for row in _lines(section))
    return out.getvalue()


def _lines(section: Section) -> Iterator[tuple[str, ...]]:
    template = _TEMPLATE.fullmatch(section.id)
    if template is not None:
        yield from _filled(f"B_{template[1]}.{template[2]}", section)
    elif section.id == _EMPTY:
        yield from ((code, "", "", column, name, "", why, "") for code, column, name, why in section.rows)


def _filled(code: str, section: Section) -> Iterator[tuple[str, ...]]:
    """The cells of a template's rows; of one that is empty, that the files do not tell it."""
    columns = [_COLUMN.fullmatch(column) for column in section.columns]
    for number, row in enumerate(section.rows, 1):
        for column, value in zip(columns, row, strict=True):
            if column is not None:
                remark = "from the files; to be confirmed" if value else "not told by the files"
                yield code, str(number), row[0], column[1], column[2], value, remark, row[-1]
