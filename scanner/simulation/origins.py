"""The origins of a delivery network: which there are, which are asked, and which stand in for each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.model.resource import Resource


def origin_ids(cdn: Resource) -> Mapping[str, str]:
    """``origin[1]`` → the id of that origin."""
    origins = cdn.declaration.attributes.get("origin")
    found: dict[str, str] = {}
    for index, origin in enumerate(origins if isinstance(origins, list) else [origins]):
        if isinstance(origin, dict) and isinstance(origin.get("origin_id"), str):
            found[f"origin[{index}]"] = origin["origin_id"]
            if index == 0:
                found["origin"] = origin["origin_id"]
    return found


def used_origins(cdn: Resource) -> frozenset[str] | None:
    """The origins and groups that some behaviour asks; ``None`` when the files do not tell."""
    found: set[str] = set()
    for name in ("default_cache_behavior", "ordered_cache_behavior"):
        blocks = cdn.declaration.attributes.get(name)
        for block in blocks if isinstance(blocks, list) else [] if blocks is None else [blocks]:
            target = block.get("target_origin_id") if isinstance(block, dict) else None
            if not isinstance(target, str):
                return None
            found.add(target)
    return frozenset(found) or None


def origin_groups(cdn: Resource) -> Iterator[tuple[str, ...]]:
    """The ids of origins that stand in for each other."""
    groups = cdn.declaration.attributes.get("origin_group")
    for group in groups if isinstance(groups, list) else [groups]:
        members = group.get("member") if isinstance(group, dict) else None
        found = [m.get("origin_id") for m in members if isinstance(m, dict)] if isinstance(members, list) else []
        if len(found) > 1 and all(isinstance(name, str) for name in found):
            yield tuple(map(str, found))
