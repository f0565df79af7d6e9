"""The stories that can be planted, one module each.

A module has `OVERLAY`, a `connectors.demo.plan.Overlay`, whose name is that of the
module. Found by listing this folder.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.resources import files

from connectors.demo.plan import Overlay


@cache
def known_overlays() -> dict[str, Overlay]:
    """All overlays by their name, in the order of the names."""
    found: dict[str, Overlay] = {}
    for entry in sorted(files(__name__).iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".py") and entry.name != "__init__.py":
            module = import_module(f"{__name__}.{entry.name.removesuffix('.py')}")
            found[module.OVERLAY.name] = module.OVERLAY
    return found
