"""Where reading of templates stops, and a problem is reported instead. A template may be made to grow without end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MAX_DEPTH: Final = 90
"""Evaluations inside of each other: nested functions, conditions that name conditions, outputs of nested stacks."""
MAX_FIELDS: Final = 2_000_000
"""Values that the templates of one scan may make; what loops, references and nested stacks repeat counts each time."""
MAX_TEXT: Final = 1 << 20
"""Characters of one text that functions put together."""
MAX_TEXTS: Final = 64 << 20
"""Characters of all such texts of one scan."""
MAX_STACKS: Final = 2_000
"""Stacks of one scan: each nested stack, and each place of a stack set."""
MAX_NESTING: Final = 12
"""Stacks inside of each other."""
MAX_INCLUDES: Final = 200
"""Files that ``AWS::Include`` brings in, those that are brought in again counted again."""
MAX_LOOP: Final = 5_000
"""Entries that one ``Fn::ForEach`` may make."""
MAX_CIDR: Final = 256
"""Blocks that ``Fn::Cidr`` gives, CloudFormation's own limit."""
MAX_CANDIDATES: Final = 100
"""Entries of a mapping that are compared where the key is not known."""
MAX_PLACES: Final = 200
"""Accounts times regions that one stack set is unfolded into."""
MAX_VARIABLES: Final = 40
"""Serverless Framework variables that lead to each other in a row."""


@dataclass(slots=True)
class Budget:
    """What has been used up of the limits that hold for a whole scan."""

    depth: int = 0
    fields: int = 0
    texts: int = 0
    stacks: int = 0
    includes: int = 0
    told: set[str] = field(default_factory=set)

    @property
    def has_room(self) -> bool:
        """Whether more values may be made."""
        return self.fields <= MAX_FIELDS

    def exceeded(self) -> str:
        """The limit that is reached, in words; empty when there is none."""
        if self.depth > MAX_DEPTH:
            return f"values depend on each other over more than {MAX_DEPTH} steps"
        if not self.has_room:
            return f"templates make more than {MAX_FIELDS} values"
        return ""

    def text_exceeded(self, length: int) -> str:
        """The same after one more text of a length has been put together."""
        self.texts += length
        if length > MAX_TEXT:
            return f"a text of more than {MAX_TEXT} characters"
        if self.texts > MAX_TEXTS:
            return f"templates put together texts of more than {MAX_TEXTS} characters"
        return ""
