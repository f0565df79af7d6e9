"""What a fault is while it is planted: whom it hits, between which times, and its truth."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from connectors.demo.company import SIZES
from connectors.demo.operations import Fact, iso
from connectors.demo.plan import Context, Planned

Amount = TypeVar("Amount")


class Role(StrEnum):
    """What a fault does to a customer."""

    AFFECTED = "affected"
    SILENT = "silent"
    AT_RISK = "at_risk"


class Story(NamedTuple):
    """A fault while it is planted: whom it hits, between which times."""

    overlay: str
    fault_id: str
    driver: str
    since: datetime
    until: datetime
    planned: Planned


def by_size(tiny: Amount, demo: Amount, base: Amount, large: Amount) -> dict[str, Amount]:
    """An amount for each size of world."""
    return dict(zip(SIZES, (tiny, demo, base, large), strict=True))


def start_of(context: Context, name: str, *, days: float) -> datetime:
    """A full hour so many days before the end, sooner in a short world, shifted by seed."""
    draw = random.Random(f"start:{name}:{context.seed}")  # noqa: S311
    scaled = days * min(1.0, context.size.days / 28)
    at = context.when.end - timedelta(days=scaled, hours=draw.randrange(0, 8))
    return at.replace(minute=0, second=0, microsecond=0)


def operational(
    fault_id: str,
    *,
    driver: str,
    owner: str | None,
    started_at: datetime,
    cause: dict[str, Any],
    ended_at: datetime | None = None,
) -> Fact:
    """A line of `truth/faults.jsonl`."""
    return {
        "id": fault_id,
        "kind": "operational",
        "started_at": iso(started_at),
        "ended_at": iso(ended_at) if ended_at else None,
        "cause": cause,
        "driver": driver,
        "owner": owner,
    }


class LoneFault(NamedTuple):
    """The one fault of a story: who is hit and from when, and its line of the truth."""

    name: str
    driver: str
    owner: str | None
    cause: dict[str, Any]
    days: float
    """How long before the end it begins; see `start_of`."""
    planned: Mapping[str, Planned]
    """By size of the world."""

    def since(self, context: Context) -> datetime:
        """When it begins."""
        return start_of(context, self.name, days=self.days)

    def story(self, context: Context, *, until: datetime | None = None) -> Story:
        """Give it as it is planted, to the end of the world unless it ends before."""
        planned = self.planned[context.size.name]
        until = until or context.when.end
        return Story(self.name, self.name, self.driver, self.since(context), until, planned)

    def faults(self, context: Context, *, ended_at: datetime | None = None) -> list[Fact]:
        """Its line in `truth/faults.jsonl`."""
        return [
            operational(
                self.name,
                driver=self.driver,
                owner=self.owner,
                started_at=self.since(context),
                cause=dict(self.cause),
                ended_at=ended_at,
            )
        ]

    def messages(self, context: Context) -> int:
        """How many messages it brings."""
        return self.planned[context.size.name].wrote


def deploy_fact(name: str, at: datetime, *, service: str, version: str) -> Fact:
    """The deploy of a story."""
    attributes = {"service": service, "version": version}
    return {"id": f"deploy-{name}", "kind": "deploy", "at": iso(at), "attributes": attributes}
