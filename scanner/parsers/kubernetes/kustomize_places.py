"""Where the fields of a rendered object are set: in the file that it is from, in a patch, in a kustomization's line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scanner.model.span import Span
from scanner.model.value import ABSENT, Value
from scanner.parsers.kubernetes.kustomization import Store
from scanner.parsers.kubernetes.kustomize_layers import Layer, Start
from scanner.parsers.kubernetes.kustomize_patches import Patch, Set, follow, names_item, patches
from scanner.parsers.kubernetes.kustomize_transforms import generated, transformed
from scanner.parsers.kubernetes.paths import Steps, all_paths, steps_of, value_at, written
from scanner.parsers.positioned_yaml import Positions


@dataclass(slots=True, eq=False)
class Tracing:
    """Finds who set the fields of one rendered object. ``known`` are the patches of each layer, shared by objects."""

    data: Mapping[str, Value]
    start: Start
    store: Store
    known: dict[int, tuple[Patch, ...]]
    _patches: list[tuple[Layer, list[Patch]]] | None = None
    _found: dict[Steps, Span] = field(default_factory=dict)

    def span(self, steps: Steps) -> Span:
        """The line that sets a field, or what encloses it."""
        if steps not in self._found:
            found = self._setter(steps)
            if found is not None:
                self._found[steps] = found.span
            else:
                self._found[steps] = self.span(steps[:-1]) if steps else self._whole()
        return self._found[steps]

    def line_of(self, steps: Steps, word: str, nth: int) -> Span | None:
        """The line of a text of several lines that says a word, in the file or patch that sets the text."""
        found = self._setter(steps)
        return None if found is None or found.line_of is None else found.line_of(word, nth)

    def _setter(self, steps: Steps) -> Set | None:
        """Who gave the field its value: the last who wrote just that, the origin, the last who wrote it at all.

        References to names change after all else, so that the value alone does not decide.
        """
        value = value_at(self.data, steps)
        origin = self._origin(steps)
        if origin is not None and origin.value == value and names_item(steps):
            return origin  # patches repeat it to say which item they mean
        loose: Set | None = None
        for layer, found in self._layers() if steps else ():
            if not isinstance(value, dict | list):
                changed = transformed(layer, steps, self.data, self.start)
                if changed is not None:
                    return Set(changed, value)
            for patch in found:
                made = self._patched(patch, steps)
                if made is not None and made.value == value:
                    return made
                loose = loose or made
        if origin is not None and (origin.value == value or isinstance(value, dict | list)):
            return origin
        return loose or origin

    def _patched(self, patch: Patch, steps: Steps) -> Set | None:
        start = self.start.found.data if self.start.found is not None else ABSENT
        return patch.sets(steps, self.data, start)

    def _layers(self) -> list[tuple[Layer, list[Patch]]]:
        """The layers from the last to the first, each with its patches for this object in that order."""
        if self._patches is None:
            self._patches = []
            for layer in reversed(self.start.layers):
                if id(layer) not in self.known:
                    self.known[id(layer)] = tuple(patches(layer, self.store))
                found = [patch for patch in reversed(self.known[id(layer)]) if patch.applies(self.start, self.data)]
                self._patches.append((layer, found))
        return self._patches

    def _origin(self, steps: Steps) -> Set | None:
        """The field in the file or generator that the object is from."""
        start = self.start
        if start.found is None:
            return self._generated(steps)
        path = follow(start.found.data, steps, self.data, exact=False)
        if path is None:
            return None
        document, inner = start.found.document, written(path)
        places = document.places.below(start.found.prefix) if start.found.prefix else document.places
        span = places.get(inner) if inner else document.places.get(start.found.prefix)

        def line_of(word: str, nth: int) -> Span | None:
            found = places.line_of(inner, word, nth)
            return None if found is None else found.under(start.parent, start.via)

        return Set((span or document.span).under(start.parent, start.via), value_at(start.found.data, path), line_of)

    def _generated(self, steps: Steps) -> Set | None:
        prefix = self.start.generator
        if prefix is None or len(steps) != 2 or steps[0] == "metadata":
            return None
        entry = value_at(self.start.layer.kustomization.data, prefix)
        found = next(generated(entry, prefix, str(steps[1])))
        return Set(self.start.layer.span(*found), value_at(self.data, steps))

    def _whole(self) -> Span:
        start = self.start
        if start.generator is not None:
            return start.layer.span(*start.generator)
        assert start.found is not None
        return start.found.span.under(start.parent, start.via)


@dataclass(frozen=True, slots=True, eq=False)
class RenderedPlaces(Positions):
    """Where the fields of a rendered object are set, by path."""

    tracing: Tracing
    prefix: Steps = ()

    def __getitem__(self, path: str) -> Span:
        steps = steps_of(value_at(self.tracing.data, self.prefix), path)
        if not steps:
            raise KeyError(path)
        return self.tracing.span((*self.prefix, *steps))

    def line_of(self, path: str, word: str, nth: int) -> Span | None:
        """The line of a text at a path in which a word stands for the ``nth`` time, where it takes several lines."""
        steps = steps_of(value_at(self.tracing.data, self.prefix), path)
        return self.tracing.line_of((*self.prefix, *steps), word, nth) if steps else None

    def __iter__(self) -> Iterator[str]:
        """The paths of all fields, outermost first."""
        return all_paths(value_at(self.tracing.data, self.prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True

    def below(self, prefix: str) -> RenderedPlaces:
        """The places of an object inside this one, its paths counted from there."""
        steps = steps_of(value_at(self.tracing.data, self.prefix), prefix)
        return RenderedPlaces(self.tracing, (*self.prefix, *(steps if steps is not None else (prefix,))))


@dataclass(frozen=True, slots=True, eq=False)
class OnePlace(Positions):
    """One place for all fields: of an object of which nobody can tell where it is from."""

    span: Span
    data: Value

    def __getitem__(self, path: str) -> Span:
        if not steps_of(self.data, path):
            raise KeyError(path)
        return self.span

    def __iter__(self) -> Iterator[str]:
        return all_paths(self.data)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True

    def below(self, prefix: str) -> OnePlace:
        """The same place for what is inside."""
        return OnePlace(self.span, value_at(self.data, steps_of(self.data, prefix) or (prefix,)))
