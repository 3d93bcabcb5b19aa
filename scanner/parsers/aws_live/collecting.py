"""Asks an account what the tables name: listings, then what each of their items needs, all at once but bounded."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec import Struct

from scanner.model.problem import ProblemKind
from scanner.parsers.aws_live.access import SHARE, WORKERS, Access, AccessError, Account
from scanner.parsers.aws_live.answers import added, search
from scanner.parsers.aws_live.calls import Failure, Question, pages
from scanner.parsers.aws_live.crew import Crew
from scanner.parsers.aws_live.records import Complete, Done, Found, Tags, Trouble, Zones
from scanner.parsers.aws_live.specification import Call, Chosen, Listing, listings
from scanner.parsers.aws_live.store import Store

MAX_ITEMS: Final = 50_000
"""Items of one listing that are read."""

BATCH: Final = 100
"""Items that are handed on at once where each needs nothing more."""

Progress = Callable[[int, int, str], None]
"""Is told how many listings are done, of how many, and which was the last."""

Item = dict[str, Any]

_PLACE: Final = re.compile(r"<(.+)>")
_FIELD: Final = re.compile(r"\{(\w+)\}")
_KEYS: Final = re.compile(r"(\w+):")


class _Miss(Struct):
    """How often one call failed in one way."""

    reason: str
    count: int = 0
    listed: bool = False


@dataclass(slots=True)
class _Task:
    """One listing in one place, with all that follows from it."""

    account: Account
    region: str
    listing: Listing
    open: int = 0
    items: int = 0
    misses: dict[tuple[str, str], _Miss] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def called(self) -> str:
        """The listing's name in records."""
        return f"{self.region or 'global'}/{self.listing.key}"

    def client_region(self, listing: Listing) -> str:
        """Where a listing's calls go."""
        return listing.region or self.region or self.account.first_region

    def missed(self, failure: Failure, *, listed: bool) -> None:
        """Note a call that failed."""
        with self.lock:
            miss = self.misses.setdefault((failure.operation, failure.code), _Miss(failure.reason))
            miss.count += 1
            miss.listed = miss.listed or listed

    def opened(self) -> None:
        """One more job belongs to it."""
        with self.lock:
            self.open += 1

    def closed(self) -> bool:
        """Whether the job that ended was its last."""
        with self.lock:
            self.open -= 1
            return self.open == 0


@dataclass(slots=True)
class Collection:
    """The work of one run. ``waiting`` counts the tasks of each service: what belongs to it is freed after the last."""

    store: Store
    progress: Progress
    crew: Crew = field(default_factory=lambda: Crew(WORKERS, SHARE))
    total: int = 0
    ended: int = 0
    waiting: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    accounts: list[Account] = field(default_factory=list)

    def plan(self, tasks: Iterable[_Task]) -> None:
        """Take on the tasks that an earlier run has not done, service by service: each has a large model to load.

        Services that are asked much about each thing come first: what AWS slows down then delays nothing else.
        """
        tasks = list(tasks)
        asked: dict[str, int] = {}
        for task in tasks:
            asked[task.listing.service] = max(asked.get(task.listing.service, 0), len(task.listing.calls))
        for task in sorted(tasks, key=lambda task: (-asked[task.listing.service], task.listing.service)):
            if self.store.is_done(task.account.number, task.called):
                continue
            service = task.listing.service
            self.waiting[service] = self.waiting.get(service, 0) + 1
            self.total += 1
            self._add(task, lambda task=task: self._list(task, task.listing, {}), first=False)  # type: ignore[misc]

    def _add(self, task: _Task, job: Callable[[], None], *, first: bool = True) -> None:
        task.opened()

        def run() -> None:
            job()
            if task.closed():
                self._finish(task)

        self.crew.add((task.account.number, task.region, task.listing.service), run, first=first)

    # -- one listing -------------------------------------------------------------------------------

    def _list(self, task: _Task, listing: Listing, parent: Item) -> None:
        """Make a listing and hand on what it finds. ``parent`` is the item whose children are listed."""
        client = task.account.client(listing.service, task.client_region(listing))
        question = Question(
            listing.service,
            listing.operation,
            filled(listing.arguments, parent),
            listing.absent,
            listing.token,
            listing.last,
            listing.items,
        )
        inherited = {name: search(path, parent) for name, path in listing.inherits.items()}
        try:
            for page in pages(client, question):
                found = [self._item(listing, item, inherited) for item in search(listing.items, page) or []]
                if not self._has_room(task, len(found)):
                    task.missed(
                        Failure(listing.service, listing.operation, f"more than {MAX_ITEMS} items"), listed=True
                    )
                    return
                self._hand_on(task, listing, found)
        except Failure as failure:
            if not failure.absent:
                task.missed(failure, listed=True)

    def _has_room(self, task: _Task, number: int) -> bool:
        with task.lock:
            task.items += number
            return task.items <= MAX_ITEMS

    def _item(self, listing: Listing, item: Any, inherited: Mapping[str, Any]) -> Item:
        return {**inherited, **(item if isinstance(item, dict) else {listing.named: item})}

    def _hand_on(self, task: _Task, listing: Listing, items: list[Item]) -> None:
        if listing.record != "resource":
            self._known_facts(task, listing, items)
            return
        size = listing.describe.size if listing.describe else 1 if listing.calls or listing.children else BATCH
        for start in range(0, len(items), size):
            some = items[start : start + size]
            self._add(task, lambda some=some: self._resources(task, listing, some))  # type: ignore[misc]

    def _known_facts(self, task: _Task, listing: Listing, items: list[Item]) -> None:
        """What is no resource: the names of zones, and tags."""
        number, called = task.account.number, task.called
        if listing.record == "zones":
            zones = {each["ZoneId"]: each["ZoneName"] for each in items if each.get("ZoneId") and each.get("ZoneName")}
            self.store.add(Zones(number, called, task.region, zones))
            return
        for each in items:
            tags = {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}
            if tags:
                self.store.add(Tags(number, called, each["ResourceARN"], tags))

    # -- its items ---------------------------------------------------------------------------------

    def _resources(self, task: _Task, listing: Listing, items: list[Item]) -> None:
        unknown: dict[str, str] = {}
        if listing.describe is not None:
            items, unknown = self._described(task, listing, items)
        for item in items:
            known = self.store.known(task.account.number, task.called, _type(listing, item), _id(listing, item))
            found = known or self._found(task, listing, item, dict(unknown))
            if listing.only and not search(listing.only, found.attributes):
                continue
            if known is None:
                self.store.add(found)
            for child in listing.children:
                if _applies(child.when, found.attributes, task):
                    self._add(
                        task,
                        lambda child=child, found=found: self._list(task, child, found.attributes),  # type: ignore[misc]
                    )

    def _described(self, task: _Task, listing: Listing, items: list[Item]) -> tuple[list[Item], dict[str, str]]:
        """Several items with what one call tells of all of them, and what is unknown if it fails."""
        described = listing.describe
        assert described is not None
        names = [item[described.source] for item in items]
        arguments = {**filled(described.arguments, items[0]), described.batch: names}
        call = Call(described.operation, arguments, described.items)
        try:
            told = self._answer(task, listing, call, {})
        except Failure as failure:
            if not failure.absent:
                task.missed(failure, listed=False)
            return items, dict.fromkeys(self._given(task, listing, call) - items[0].keys(), failure.reason)
        by_name = {str(each[described.source]): each for each in told or [] if described.source in each}
        return [{**item, **by_name.get(str(item[described.source]), {})} for item in items], {}

    def _found(self, task: _Task, listing: Listing, item: Item, unknown: dict[str, str]) -> Found:
        """An item with the answers to all further questions about it."""
        for call in listing.calls:
            if not _applies(call.when, item, task):
                continue
            try:
                told = self._answer(task, listing, call, item)
            except Failure as failure:
                if not failure.absent:
                    task.missed(failure, listed=False)
                    unknown |= dict.fromkeys(self._given(task, listing, call) - item.keys(), failure.reason)
                continue
            if call.attribute and told is not None:
                item[call.attribute] = told
            elif isinstance(told, dict):
                item |= {name: value for name, value in told.items() if value is not None}
        arn = _arn(listing, item, task)
        region = _chosen(listing.lies_in, item) if listing.lies_in else task.region
        return Found(
            account=task.account.number,
            listing=task.called,
            region=region,
            type=_type(listing, item),
            id=_id(listing, item),
            arn=arn,
            attributes={**item, **added(listing, item)},
            unknown=unknown,
        )

    def _answer(self, task: _Task, listing: Listing, call: Call, item: Item) -> Any:
        """What a call tells, of all pages if there are several. Raises :class:`Failure`."""
        client = task.account.client(listing.service, task.client_region(listing))
        question = Question(listing.service, call.operation, filled(call.arguments, item), call.absent)
        told: Any = None
        for page in pages(client, question):
            part = search(call.take, page)
            told = told + part if isinstance(told, list) and isinstance(part, list) else part if told is None else told
        return told

    def _given(self, task: _Task, listing: Listing, call: Call) -> set[str]:
        """The attributes that a call would have given."""
        if call.attribute:
            return {call.attribute}
        if call.take.startswith("{"):
            return set(_KEYS.findall(call.take))
        client = task.account.client(listing.service, task.client_region(listing))
        shape = client.meta.service_model.operation_model(call.operation).output_shape
        for step in call.take.split(".") if call.take != "@" else ():
            shape = getattr(shape, "members", {}).get(step)
        shape = getattr(shape, "member", shape)
        return set(getattr(shape, "members", {})) - {"ResponseMetadata"}

    # -- the end -----------------------------------------------------------------------------------

    def _finish(self, task: _Task) -> None:
        number, listing = task.account.number, task.listing
        for (operation, _), miss in sorted(task.misses.items()):
            self.store.add(
                Trouble(number, task.called, task.region, ProblemKind.UNREADABLE, _told(task, operation, miss))
            )
        self.store.add(Done(number, task.called, not task.misses))
        with self.lock:
            self.ended += 1
            self.waiting[listing.service] -= 1
            if self.waiting[listing.service] == 0:
                for account in self.accounts:
                    account.forget(listing.service)
            self.progress(self.ended, self.total, f"{number} {task.region or 'global'} {listing.service}")


def collect(access: Access, store: Store, progress: Progress) -> None:
    """Ask everything of all accounts. Raises :class:`AccessError` when nothing can be asked."""
    accounts: dict[str, Account] = {}
    regions, tasks = set[str](), list[_Task]()
    for account in access.accounts():
        if isinstance(account, AccessError):
            store.add(Trouble("", "", "", ProblemKind.UNREADABLE, str(account)))
            continue
        if account.number in accounts:
            continue
        accounts[account.number] = account
        enabled, closed = access.regions(account)
        regions.update(enabled)
        if closed:
            message = f"regions that the account has not enabled are not read: {', '.join(closed)}"
            store.add(Trouble(account.number, "", "", ProblemKind.UNSUPPORTED, message))
        tasks.extend(_tasks(account, enabled, store))
    if not accounts:
        raise AccessError("no account can be read")
    collection = Collection(store, progress, accounts=list(accounts.values()))
    collection.plan(tasks)
    collection.crew.run()
    store.add(Complete(tuple(sorted(accounts)), tuple(sorted(regions))))


def _tasks(account: Account, regions: Sequence[str], store: Store) -> list[_Task]:
    """The listings of an account in its regions. Those of services that a region does not have are said, not made."""
    tasks: list[_Task] = []
    elsewhere: dict[str, list[str]] = {}
    for listing in listings():
        for region in regions if listing.scope == "regional" else ("",):
            if region and not account.offers(listing.service, region):
                elsewhere.setdefault(listing.service, []).append(region)
            else:
                tasks.append(_Task(account, region, listing))
    if elsewhere:
        named = "; ".join(f"{name} in {', '.join(sorted(set(where)))}" for name, where in sorted(elsewhere.items()))
        message = f"not asked, for the SDK knows these services in other regions only: {named}"
        store.add(Trouble(account.number, "", "", ProblemKind.UNSUPPORTED, message))
    return tasks


def _told(task: _Task, operation: str, miss: _Miss) -> str:
    where = f"{task.region or 'all regions'} of account {task.account.number}"
    lost = "what it lists is missing" if miss.listed else f"asked of {miss.count} of {task.listing.type}"
    return f"{task.listing.service} {operation} in {where}: {miss.reason}; {lost}"


# -- expressions -----------------------------------------------------------------------------------


def filled(arguments: Any, item: Mapping[str, Any]) -> Any:
    """Arguments with the item's values where they say ``<path>``."""
    if isinstance(arguments, str):
        found = _PLACE.fullmatch(arguments)
        return search(found[1], item) if found else arguments
    if isinstance(arguments, Mapping):
        return {name: filled(value, item) for name, value in arguments.items()}
    return [filled(value, item) for value in arguments] if isinstance(arguments, list) else arguments


def _applies(condition: str, item: Mapping[str, Any], task: _Task) -> bool:
    return not condition or bool(search(condition, {**item, "OwnAccount": task.account.number}))


def _type(listing: Listing, item: Mapping[str, Any]) -> str:
    if listing.types is None:
        return listing.type
    return listing.types.values.get(str(search(listing.types.path, item)), listing.type)


def _chosen(chosen: Chosen, item: Mapping[str, Any]) -> str:
    found = str(search(chosen.path, item) or "")
    return chosen.values.get(found, found)


def _id(listing: Listing, item: Mapping[str, Any]) -> str:
    return str(search(listing.id, item) or "") if listing.id else ""


def _arn(listing: Listing, item: Mapping[str, Any], task: _Task) -> str:
    if not listing.arn.startswith("arn:"):
        return str(search(listing.arn, item) or "") if listing.arn else ""
    about = {"partition": task.account.partition, "region": task.region, "account": task.account.number}
    values = {name: str(item.get(name, about.get(name, ""))) for name in _FIELD.findall(listing.arn)}
    return "" if "" in {values[n] for n in values if n not in about} else _with(listing.arn, values)


def _with(template: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: values[found[1]].removeprefix("/"), template)
