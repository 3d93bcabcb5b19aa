"""Concentration of third parties, as DORA asks for it: tables that a supervisor can use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from scanner.compliance.dora.dependencies import Estate
from scanner.compliance.dora.register import register
from scanner.compliance.dora.tables import chain, functions, insolvency, multi_vendor, places, precedents, shared
from scanner.model.assessment import Framework, Section
from scanner.model.report import Report

TABLES: Final[Mapping[str, Callable[[Estate], Section]]] = {
    "functions": functions,
    "places": places,
    "owners": shared,
    "insolvency": insolvency,
    "precedents": precedents,
    "chain": chain,
}
"""Every table by the id of its section, in the order in which they are shown."""

RELEVANT: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "dora": {
        "functions": ("Art. 8(5)", "Art. 28(3)", "Art. 29(1)(a)"),
        "places": ("Art. 29(2)", "Art. 30(2)(b)"),
        "owners": ("Art. 29(1)(b)",),
        "insolvency": ("Art. 11(4)", "Art. 28(8)"),
        "precedents": ("Art. 28(8)",),
        "chain": ("Art. 29(2)",),
    },
    "dora-rts-risk": {
        "functions": ("Art. 4(2)(b)",),
        "insolvency": ("Art. 26(2)(b)", "Art. 26(4)"),
        "precedents": ("Art. 26(2)(b)",),
    },
    "dora-rts-services": {
        "functions": ("Art. 1(i)",),
        "owners": ("Art. 1(h)",),
        "insolvency": ("Art. 10",),
        "chain": ("Art. 6(1)(c)", "Art. 6(1)(d)"),
    },
    "uk-pra": {
        "functions": ("SS2/21 4",),
        "places": ("SS2/21 7",),
        "owners": ("SS2/21 5",),
        "insolvency": ("SS2/21 10.1",),
        "chain": ("SS2/21 9",),
    },
    "mas-trm": {"functions": ("3.4",), "owners": ("3.4",), "insolvency": ("3.4",)},
}
"""The tables that each framework asks for, and the controls that they are evidence for. The choice is ours."""

REGISTER: Final = "dora"
"""The framework that asks for a register of information."""


def sections(report: Report, framework: Framework) -> tuple[Section, ...]:
    """The tables of a framework, for a report that knows its outages; none for one that asks for no tables."""
    asked = RELEVANT.get(framework.id, {})
    return tuple(_sections(Estate(report), framework, asked)) if asked else ()


def _sections(estate: Estate, framework: Framework, asked: Mapping[str, tuple[str, ...]]) -> Iterator[Section]:
    for name, make in TABLES.items():
        if name in asked:
            section = make(estate)
            controls = ", ".join(asked[name])
            found = "" if section.rows else " The scan found nothing that belongs in it."
            text = f"{section.text}{found} It is evidence relevant to {framework.name}: {controls}."
            more = name == "functions" and framework.id.startswith("dora")
            note = f"{multi_vendor(estate)} {section.note}" if more else section.note
            yield replace(section, text=text, note=note)
    if framework.id == REGISTER:
        yield from register(estate)
