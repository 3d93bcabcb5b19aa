"""What GitHub refuses or quietly drops, though it is valid SARIF.

The JSON Schema and sarif-multitool pass all of this. Limits as of
https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit and
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

MAX_GZIP_BYTES: Final = 10_000_000
MAX_RESULTS: Final = 5_000
MAX_RULES: Final = 25_000
MAX_LOCATIONS: Final = 100
MAX_TAGS: Final = 10
MAX_TEXT: Final = 1_024
MAX_NAME: Final = 255

_LINE_HASH = re.compile(r"[0-9a-f]{1,16}:[1-9][0-9]*")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|/|(.*/)?\.\.(/|$)")

Json = Mapping[str, Any]


def check(sarif: Json) -> list[str]:
    """Everything about a SARIF log that GitHub would refuse, drop or misread; empty when it is fine."""
    runs = sarif.get("runs", [])
    wrong = [] if sarif.get("version") == "2.1.0" else ["version is not 2.1.0"]
    if len(runs) != 1:
        wrong.append(f"{len(runs)} runs instead of 1")
    if len(gzip.compress(json.dumps(sarif).encode(), mtime=0)) > MAX_GZIP_BYTES:
        wrong.append("larger than 10 MB when compressed")
    return wrong + [problem for run in runs for problem in _run(run)]


def _run(run: Json) -> Iterator[str]:
    category = run.get("automationDetails", {}).get("id", "")
    if not category.endswith("/"):
        yield f"automationDetails.id {category!r} has no slash at its end: GitHub cuts it off"
    if not isinstance(run.get("results"), list):
        yield "results is missing; without findings it is an empty list"
    if "invocations" in run and any("executionSuccessful" not in invocation for invocation in run["invocations"]):
        yield "an invocation does not say executionSuccessful"
    rules, results = run["tool"]["driver"].get("rules", []), run.get("results") or []
    if len(rules) > MAX_RULES or len(results) > MAX_RESULTS:
        yield f"{len(rules)} rules and {len(results)} results are too many"
    yield from _duplicates("rule", (rule.get("id") for rule in rules))
    yield from _duplicates("result", map(_identity, results))
    for rule in rules:
        yield from (f"rule {rule.get('id')}: {problem}" for problem in _rule(rule))
    for number, result in enumerate(results):
        yield from (f"result {number}: {problem}" for problem in _result(result, rules))


def _duplicates(what: str, keys: Iterator[Any]) -> Iterator[str]:
    yield from (f"{number} times the same {what}: {key}" for key, number in Counter(keys).items() if number > 1)


def _identity(result: Json) -> tuple[str, str]:
    """What makes two results one alert: the rule and the first line."""
    place = (result.get("locations") or [{}])[0].get("physicalLocation", {})
    line = place.get("region", {}).get("startLine")
    return result.get("ruleId", ""), f"{place.get('artifactLocation', {}).get('uri')}:{line}"


def _rule(rule: Json) -> Iterator[str]:
    for name in ("shortDescription", "fullDescription", "help"):
        text = rule.get(name, {}).get("text", "")
        if not text:
            yield f"{name}.text is empty"
        if name != "help" and len(text) > MAX_TEXT:
            yield f"{name}.text is longer than {MAX_TEXT}"
    if not rule.get("help", {}).get("markdown"):
        yield "help.markdown is empty"
    if len(rule.get("name", "")) > MAX_NAME:
        yield f"name is longer than {MAX_NAME}"
    yield from _rule_properties(rule.get("properties", {}))


def _rule_properties(properties: Json) -> Iterator[str]:
    severity, tags = properties.get("security-severity"), properties.get("tags", [])
    if not isinstance(severity, str):
        yield "security-severity is not a string"
    elif not 0.0 < float(severity) <= 10.0:
        yield f"security-severity {severity} is outside of 0.1 to 10.0"
    if "security" not in tags:
        yield "security-severity without the tag `security`"
    if len(tags) > MAX_TAGS:
        yield f"{len(tags)} tags; GitHub keeps {MAX_TAGS}"
    if properties.get("precision") not in ("very-high", "high", "medium", "low"):
        yield f"precision {properties.get('precision')!r} is none of GitHub's"


def _result(result: Json, rules: list[Json]) -> Iterator[str]:
    index = result.get("ruleIndex", -1)
    if not 0 <= index < len(rules) or rules[index].get("id") != result.get("ruleId"):
        yield "ruleIndex and ruleId disagree"
    if not result.get("message", {}).get("text"):
        yield "message.text is empty"
    if result.get("level") not in ("error", "warning", "note"):
        yield f"level {result.get('level')!r}"
    if "suppressions" in result or "baselineState" in result:
        yield "GitHub ignores suppressions and baselineState: it would open an alert"
    locations, related = result.get("locations", []), result.get("relatedLocations", [])
    if len(locations) != 1 or len(related) > MAX_LOCATIONS:
        yield f"{len(locations)} locations and {len(related)} related ones"
    for place in (*locations, *related):
        yield from _place(place.get("physicalLocation", {}))
    for location in locations:
        region = location.get("physicalLocation", {}).get("region", {})
        if region.get("endLine", region.get("startLine")) != region.get("startLine"):
            yield "the region has several lines: a pull request shows it only when all of them changed"
    yield from _identities(result.get("partialFingerprints", {}))


def _place(physical: Json) -> Iterator[str]:
    uri, region = physical.get("artifactLocation", {}).get("uri", ""), physical.get("region", {})
    if not uri or _ABSOLUTE.match(uri) or re.search(r"[\\\s]", uri):
        yield f"{uri!r} is no relative URI inside the repository"
    if not isinstance(region.get("startLine"), int) or region["startLine"] < 1:
        yield "the region has no startLine"
    if "endColumn" in region and region["endColumn"] <= region.get("startColumn", 1):
        yield "the region's endColumn, which is exclusive, is not after startColumn"


def _identities(fingerprints: Json) -> Iterator[str]:
    if "riskscan/v1" not in fingerprints:
        yield "no fingerprint riskscan/v1"
    line_hash = fingerprints.get("primaryLocationLineHash")
    if line_hash is None:
        yield "no primaryLocationLineHash"
    elif not _LINE_HASH.fullmatch(line_hash):
        yield f"primaryLocationLineHash {line_hash!r} is not as GitHub writes it"
