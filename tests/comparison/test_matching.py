"""Which resources of two estates are which: every kind of evidence, what it does not decide, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from scanner.comparison.matching import Matching, match
from scanner.comparison.subjects import by_address, moved
from scanner.graph.graph import Graph, build_graph
from scanner.graph.index import build_index
from scanner.model.comparison import Basis
from scanner.model.resource import Declaration, Edge, EdgeKind, Placement, Resource, Scope
from scanner.model.span import Span
from scanner.model.value import Unknown, Value

SPAN = Span("main.tf", 1)
REGION = "eu-west-1"


def resource(
    name: str,
    kind: str = "aws_instance",
    /,
    *,
    platform: str = "terraform",
    zones: tuple[str, ...] = (),
    region: str | None = REGION,
    root: str = ".",
    tags: Mapping[str, Value] | None = None,
    **attributes: Value,
) -> Resource:
    last = name.rpartition(".")[2]
    declaration = Declaration(name, kind, last, platform, SPAN, {**attributes, "tags": tags or {}}, root=root)
    scope = Scope.ZONAL if kind == "aws_instance" else Scope.REGIONAL
    return Resource(declaration, "compute", {}, {}, Placement("aws", None, region, zones, scope), tags or {})


def graph(resources: Iterable[Resource], edges: Iterable[tuple[str, str]] = ()) -> Graph:
    found = list(resources)
    index = build_index([r.declaration for r in found], {})
    return build_graph(found, [Edge(s, t, EdgeKind.RUNTIME, "x", SPAN) for s, t in edges], index)


def pairs(found: Matching) -> dict[str, tuple[str, Basis]]:
    return {pair.base: (pair.head, pair.basis) for pair in found.pairs}


def test_the_same_address_is_the_same_resource() -> None:
    found = match(graph([resource("aws_instance.a")]), graph([resource("aws_instance.a")]), {})
    assert pairs(found) == {"aws_instance.a": ("aws_instance.a", Basis.ADDRESS)}


def test_an_address_of_another_type_is_another_resource() -> None:
    found = match(graph([resource("x.a", "aws_lb")]), graph([resource("x.a", "aws_vpc")]), {})
    assert (found.only_base, found.only_head) == (("x.a",), ("x.a",))


def test_an_address_is_found_again_when_a_second_root_gives_ids_a_prefix() -> None:
    head = graph([resource(f"{root}#aws_instance.a", root=root) for root in ("dev", "prod")])
    found = match(graph([resource("aws_instance.a", root="prod")]), head, {})
    assert pairs(found) == {"aws_instance.a": ("prod#aws_instance.a", Basis.ADDRESS)}
    assert found.only_head == ("dev#aws_instance.a",)


def test_a_moved_block_follows_a_resource_into_a_module_that_moved_as_well() -> None:
    moves = {".#aws_instance.a": ".#module.x.aws_instance.b", ".#module.x": ".#module.y[0]"}
    found = match(graph([resource("aws_instance.a")]), graph([resource("module.y[0].aws_instance.b")]), moves)
    assert pairs(found) == {"aws_instance.a": ("module.y[0].aws_instance.b", Basis.MOVED)}


def test_a_moved_resource_takes_its_keys_along() -> None:
    base = graph([resource(f"aws_instance.a[{number}]") for number in range(3)])
    head = graph([resource(f"aws_instance.b[{number}]") for number in range(3)])
    found = match(base, head, {".#aws_instance.a": ".#aws_instance.b"})
    assert {pair.base: pair.head for pair in found.pairs} == {
        f"aws_instance.a[{n}]": f"aws_instance.b[{n}]" for n in range(3)
    }


def test_moves_in_a_circle_end() -> None:
    assert moved("a.x", ".", {".#a.x": ".#a.y", ".#a.y": ".#a.x"}) in ("a.x", "a.y")


def test_a_move_that_two_roots_tell_differently_holds_in_its_root_alone() -> None:
    moves = by_address({"dev#a.x": "dev#a.y", "prod#a.x": "prod#a.z"})
    assert [moved("a.x", root, moves) for root in ("dev", "prod", "state.json")] == ["a.y", "a.z", "a.x"]


def test_a_dot_in_a_key_is_no_step() -> None:
    assert moved('a.x["b.c"]', ".", {'.#a.x["b': ".#wrong"}) == 'a.x["b.c"]'


def test_an_identifier_wins_over_a_tag() -> None:
    base = graph([resource("aws_instance.a", id="i-1", tags={"Name": "two"})])
    head = graph([resource("arn:1", id="i-1", tags={"Name": "one"}), resource("arn:2", id="i-2", tags={"Name": "two"})])
    assert pairs(match(base, head, {})) == {"aws_instance.a": ("arn:1", Basis.IDENTIFIER)}


def test_a_native_name_is_found_wherever_it_stands() -> None:
    base = graph([resource("aws_db_instance.a", "aws_db_instance", identifier="orders")])
    head = graph([resource("arn:1", "aws_db_instance", identifier="orders", region="us-east-1")])
    assert pairs(match(base, head, {})) == {"aws_db_instance.a": ("arn:1", Basis.NAME)}


def test_of_one_name_in_two_regions_the_own_region_counts() -> None:
    regions = ("eu-west-1", "us-east-1")
    base = graph([resource(f"aws_sqs_queue.{r}", "aws_sqs_queue", name="jobs", region=r) for r in regions])
    head = graph([resource(f"arn:{r}", "aws_sqs_queue", name="jobs", region=r) for r in regions])
    assert {pair.base: pair.head for pair in match(base, head, {}).pairs} == {
        f"aws_sqs_queue.{r}": f"arn:{r}" for r in regions
    }


def test_a_name_in_two_regions_is_ambiguous_where_the_code_does_not_tell_its_own() -> None:
    base = graph([resource("aws_sqs_queue.a", "aws_sqs_queue", name="jobs", region=None)])
    head = graph([resource(f"arn:{r}", "aws_sqs_queue", name="jobs", region=r) for r in ("eu-west-1", "us-east-1")])
    found = match(base, head, {})
    (group,) = found.groups
    assert (found.pairs, group.base, group.head) == ((), ("aws_sqs_queue.a",), ("arn:eu-west-1", "arn:us-east-1"))
    assert (group.basis, group.evidence, found.only_base, found.only_head) == (Basis.NAME, "jobs", (), ())


@pytest.mark.parametrize(
    "attributes",
    [
        {"name_prefix": "jobs-"},
        {"name": Unknown("known after it is made", parts=("jobs-", Unknown("a random text")))},
    ],
)
def test_the_beginning_of_a_name(attributes: Mapping[str, Value]) -> None:
    base = graph([resource("aws_sqs_queue.a", "aws_sqs_queue", **attributes)])
    head = graph(
        [resource("arn:1", "aws_sqs_queue", name="jobs-2024"), resource("arn:2", "aws_sqs_queue", name="mail-1")]
    )
    assert pairs(match(base, head, {})) == {"aws_sqs_queue.a": ("arn:1", Basis.PREFIX)}


def test_a_beginning_that_two_names_have_decides_nothing() -> None:
    base = graph([resource("aws_sqs_queue.a", "aws_sqs_queue", name_prefix="jobs-")])
    head = graph([resource(f"arn:{n}", "aws_sqs_queue", name=f"jobs-{n}") for n in range(2)])
    assert match(base, head, {}).pairs == ()


def test_the_stack_tells_the_logical_id() -> None:
    base = graph(
        [
            resource("template.yaml#Nested.Server", platform="cloudformation"),
            resource("template.yaml#Other", platform="cloudformation"),
        ]
    )
    head = graph(
        [resource("arn:1", tags={"aws:cloudformation:logical-id": "Server", "aws:cloudformation:stack-name": "x"})]
    )
    assert pairs(match(base, head, {})) == {"template.yaml#Nested.Server": ("arn:1", Basis.LOGICAL_ID)}


def test_names_that_differ_make_two_resources_of_one_tag() -> None:
    base = graph([resource("aws_lb.a", "aws_lb", name="old", tags={"Name": "web"})])
    head = graph([resource("arn:1", "aws_lb", name="new", tags={"Name": "web"})])
    found = match(base, head, {})
    assert (found.pairs, found.groups, found.only_base, found.only_head) == ((), (), ("aws_lb.a",), ("arn:1",))


def test_instances_of_one_tag_are_told_apart_by_their_zones() -> None:
    zones = ("eu-west-1a", "eu-west-1b")
    base = graph(
        [resource(f"aws_instance.web[{n}]", zones=(zone,), tags={"Name": "web"}) for n, zone in enumerate(zones)]
    )
    head = graph([resource(f"arn:{zone}", zones=(zone,), tags={"Name": "web"}) for zone in reversed(zones)])
    assert {p.base: p.head for p in match(base, head, {}).pairs} == {
        f"aws_instance.web[{n}]": f"arn:{z}" for n, z in enumerate(zones)
    }


def test_what_the_zones_leave_over_is_one_resource_that_stands_elsewhere() -> None:
    base = graph(
        [resource(f"aws_instance.web[{n}]", zones=(z,), tags={"Name": "web"}) for n, z in enumerate(("a", "b"))]
    )
    head = graph([resource(f"arn:{z}", zones=(z,), tags={"Name": "web"}) for z in ("a", "c")])
    assert {p.base: p.head for p in match(base, head, {}).pairs} == {
        "aws_instance.web[0]": "arn:a",
        "aws_instance.web[1]": "arn:c",
    }


def test_counts_that_differ_are_ambiguous_where_nothing_tells_instances_apart() -> None:
    base = graph([resource(f"aws_instance.web[{n}]", tags={"Name": "web"}) for n in range(3)])
    head = graph([resource(f"arn:{n}", tags={"Name": "web"}) for n in range(2)])
    (group,) = match(base, head, {}).groups
    assert (len(group.base), len(group.head), group.basis, group.evidence) == (3, 2, Basis.TAG, "web")


STRAYS = (("s", "subnet"), ("l", "lb"), ("z", "subnet"), ("y", "lb"))


def test_neighbours_of_what_is_known_are_known_in_turn() -> None:
    base = graph(
        [resource("aws_vpc.v", "aws_vpc", id="vpc-1"), resource("s.a", "aws_subnet"), resource("l.b", "aws_lb")],
        [("s.a", "aws_vpc.v"), ("l.b", "s.a")],
    )
    head = graph(
        [resource("arn:v", "aws_vpc", id="vpc-1"), *(resource(f"arn:{n}", f"aws_{k}") for n, k in STRAYS)],
        [("arn:s", "arn:v"), ("arn:l", "arn:s"), ("arn:y", "arn:z")],
    )
    found = match(base, head, {})
    assert pairs(found)["s.a"] == ("arn:s", Basis.RELATION)
    assert pairs(found)["l.b"] == ("arn:l", Basis.RELATION)
    assert found.only_head == ("arn:y", "arn:z")


def test_subnets_of_one_network_are_told_apart_by_their_addresses() -> None:
    ranges = ("10.0.0.0/24", "10.0.1.0/24")
    base = graph(
        [resource("v", "aws_vpc", id="vpc-1"), *(resource(f"s.{r}", "aws_subnet", cidr_block=r) for r in ranges)],
        [(f"s.{r}", "v") for r in ranges],
    )
    head = graph(
        [resource("w", "aws_vpc", id="vpc-1"), *(resource(f"t.{r}", "aws_subnet", cidr_block=r) for r in ranges)],
        [(f"t.{r}", "w") for r in ranges],
    )
    assert pairs(match(base, head, {}))["s.10.0.1.0/24"] == ("t.10.0.1.0/24", Basis.RELATION)


def test_the_only_nameless_one_of_its_type_is_the_only_one_there() -> None:
    found = match(graph([resource("aws_vpc.v", "aws_vpc")]), graph([resource("arn:1", "aws_vpc", id="vpc-1")]), {})
    assert pairs(found) == {"aws_vpc.v": ("arn:1", Basis.ALONE)}


def test_two_nameless_ones_of_a_type_are_ambiguous() -> None:
    base = graph([resource(f"aws_vpc.{n}", "aws_vpc") for n in "ab"])
    (group,) = match(base, graph([resource("arn:1", "aws_vpc")]), {}).groups
    assert (group.base, group.head, group.basis) == (("aws_vpc.a", "aws_vpc.b"), ("arn:1",), Basis.ALONE)


def test_nothing_is_matched_twice_and_nothing_is_lost() -> None:
    base = graph([resource(f"b{n}", tags={"Name": str(n % 7)}, id=f"i-{n % 5}") for n in range(60)])
    head = graph([resource(f"h{n}", tags={"Name": str(n % 4)}, id=f"i-{n % 9}") for n in range(50)])
    found = match(base, head, {})
    for side, lone in (("base", found.only_base), ("head", found.only_head)):
        ids = [getattr(p, side) for p in found.pairs] + [i for g in found.groups for i in getattr(g, side)] + list(lone)
        assert sorted(ids) == sorted((base if side == "base" else head).resources)


def crowd(number: int, prefix: str) -> Graph:
    """A hub that all use, half of them with a name, half with one tag that all share."""
    hub = resource(f"{prefix}hub", "aws_vpc", id="vpc-1")
    named = [resource(f"{prefix}n{n}", "aws_sqs_queue", name=f"q-{n}") for n in range(number // 2)]
    alike = [resource(f"{prefix}t{n}", tags={"Name": "web"}) for n in range(number // 2)]
    return graph([hub, *named, *alike], [(r.id, hub.id) for r in (*named, *alike)])


def test_the_work_grows_with_the_number_of_resources_alone() -> None:
    steps = {number: match(crowd(number, "b"), crowd(number, "h"), {}).steps for number in (1_000, 10_000)}
    assert steps[10_000] <= 10.5 * steps[1_000]
    assert len(match(crowd(10_000, "b"), crowd(10_000, "h"), {}).pairs) == 5_001


def test_records_of_one_name_are_told_apart_by_what_their_routing_calls_them() -> None:
    base = graph([resource(f"r.{n}", "aws_route53_record", name="x.example", set_identifier=n) for n in "ab"])
    head = graph([resource(f"s.{n}", "aws_route53_record", name="x.example", set_identifier=n) for n in "ba"])
    assert {p.base: p.head for p in match(base, head, {}).pairs} == {"r.a": "s.a", "r.b": "s.b"}


def test_the_only_one_of_its_type_with_another_tag_is_another_one() -> None:
    base, head = (graph([resource(name, "aws_vpc", tags={"Name": name})]) for name in ("old", "new"))
    found = match(base, head, {})
    assert (found.pairs, found.only_base, found.only_head) == ((), ("old",), ("new",))
