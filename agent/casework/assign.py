"""The one owner of an issue, by the ownership map; nobody is guessed."""

from __future__ import annotations

from typing import NamedTuple

from domain.people import Owner, Owners, Taxonomy


class Assignment(NamedTuple):
    """Who owns it and by which rule; no owner is a gap with its reason."""

    owner: Owner | None
    rule: str


def assign(*, driver: str, taxonomy: Taxonomy, owners: Owners) -> Assignment:
    """Find the owner of an issue's driver or touchpoint."""
    known = taxonomy.find_driver(driver)
    touchpoint = known.touchpoint if known else None
    owner = owners.find_owner(driver=driver, touchpoint=touchpoint)
    if owner is not None:
        return Assignment(owner, owner.match)
    names = " or ".join(repr(name) for name in (driver, touchpoint) if name)
    return Assignment(None, f"No entry in owners.yaml matches {names}.")
