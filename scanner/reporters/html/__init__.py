"""The HTML report: one file that asks the network for nothing and tells everything without its script, too."""

from __future__ import annotations

from scanner.model.report import Report
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.redact import redacted


def render(report: Report, options: Options = DEFAULT) -> str:
    """The report as a page. Its map and outages need ``report.outages``; without, the page says so."""
    from scanner.reporters import trend_svg
    from scanner.reporters.html import changed, findings, front, page, payload, places, sections
    from scanner.reporters.html.estate import estate, runs

    known = estate(redacted(report))
    report = known.report
    single, quiet = sections.single(known)
    listing = findings.listing(report, options)
    return page.filled(
        {
            "version": report.tool_version,
            "front": front.front(known, options),
            "since": changed.changed(report, options),
            "trend": page.trusted(trend_svg.plot(report.history))
            if report.history and report.history.entries
            else None,
            "map": places.drawn(known) if report.outages is not None else None,
            "single": single,
            "quiet": quiet,
            "incidents": sections.incidents(known),
            "services": sections.told(report),
            "findings": listing,
            "unknowns": sections.undecided(report, options),
            "problems": sections.problems(report),
            "coverage": sorted(report.coverage.items()),
            "uncatalogued": sorted(report.uncatalogued.items(), key=lambda item: (-item[1], item[0])),
            "runs": runs,
            "positions": known.positions,
            "data": page.trusted(payload.payload(known, listing.excerpts)),
        },
        options,
    )
