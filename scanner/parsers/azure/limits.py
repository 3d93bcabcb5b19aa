"""How much of a template is looked at: Azure's own limits, where it has any.

https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#template-limits
"""

from __future__ import annotations

from typing import Final

MAX_COPIES: Final = 800
"""Iterations of one loop over resources, variables or properties; Azure allows no more."""
MAX_RANGE: Final = 10_000
"""Items that ``range()`` makes; Azure's limit."""
MAX_EXPRESSION: Final = 24_576
"""Characters of one template expression; Azure's limit."""
MAX_NESTING: Final = 100
"""How deep expressions and data nest in a file."""
MAX_DEPTH: Final = 120
"""How deep an evaluation goes, through variables, parameters and nested deployments."""
MAX_STEPS: Final = 1_000_000
"""Expressions evaluated in one root: functions such as ``map`` inside of each other could ask for any number."""
MAX_TEXT: Final = 1_048_576
"""Characters of a text that functions make."""
MAX_ITEMS: Final = 100_000
"""Values inside of one value, those that stand in several places counted each time: variables may repeat each other."""
MAX_DEPLOYMENT_DEPTH: Final = 32
"""How deep modules and nested deployments go."""
MAX_DEPLOYMENTS: Final = 5_000
"""Modules and nested deployments of one root."""
MAX_RESOURCES: Final = 50_000
"""Resources of one root."""
