"""The planted faults, one module each.

A module has `NAME`, `fault(when)` (its line in `truth/faults.jsonl`) and
`apply(plan, context)`, which changes the orders of one customer and adds messages and
memberships. Found by listing this folder.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any


@cache
def overlay_modules() -> dict[str, Any]:
    """All overlays by their name."""
    found = {}
    for entry in sorted(files(__name__).iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".py") and entry.name not in ("__init__.py", "plan.py"):
            module = import_module(f"{__name__}.{entry.name.removesuffix('.py')}")
            found[module.NAME] = module
    return found
