"""Write a world as plain files: words, rows, cases, config, and apart from them the truth."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from connectors.demo.accounts import account, account_draw, dealings, invoiced_order
from connectors.demo.company import SIZES, customer, times
from connectors.demo.conversations import own_entry, phrases
from connectors.demo.folder import WorldFolder
from connectors.demo.operations import Fact, Order, habits, order_facts, orders, profile, shop_facts
from connectors.demo.overlays import known_overlays
from connectors.demo.plan import Context, Overlay, Plan
from connectors.demo.talk import talk
from domain.errors import Misuse
from domain.ports import Progress

END = datetime(2026, 3, 6, 12, tzinfo=UTC)
DEFAULT_OVERLAYS = ("carrier_strike", "duplicate_charges", "cosmetic_complaint")


class WorldReport(NamedTuple):
    """What was written."""

    folder: Path
    messages: int
    facts: int
    cases: int
    faults: int


def build_world(
    out: Path,
    *,
    size: str = "demo",
    seed: int = 7,
    overlays: Sequence[str] = DEFAULT_OVERLAYS,
    part: str = "tuning",
    end: datetime = END,
    progress: Progress | None = None,
) -> WorldReport:
    """Write a world into a folder; the same arguments give the same bytes.

    Raises:
        Misuse: A size, overlay or part that does not exist.
    """
    known = known_overlays()
    unknown = [name for name in overlays if name not in known]
    if unknown or size not in SIZES or part not in ("tuning", "gate", "both"):
        raise Misuse(
            f"No such world. Sizes: {', '.join(SIZES)}; overlays: {', '.join(known)}; "
            "parts: tuning, gate, both."
        )
    chosen = [known[name] for name in dict.fromkeys(overlays)]
    context = Context(SIZES[size], times(SIZES[size], seed=seed, end=end), part, seed)
    out.mkdir(parents=True, exist_ok=True)
    _write_config(out / "config", chosen)
    with WorldFolder(out) as opened:
        for fact in shop_facts(context.when):
            opened.fact(fact)
        for overlay in chosen:
            _write_story(opened, overlay, context)
        cases = _cases(opened)
        for plan in _plans(context, chosen):
            _write(opened, plan, context, chosen)
            if progress is not None and plan.customer.number % 50 == 0:
                progress(plan.customer.number, context.size.customers)
        return WorldReport(out, opened.messages, opened.facts, cases, opened.faults)


def _plans(context: Context, overlays: Sequence[Overlay]) -> Iterator[Plan]:
    """One customer's plan after the other; nothing is held."""
    planted = sum(overlay.messages(context) for overlay in overlays)
    # However many stories are planted, half of the usual talk stays around them.
    background = max(context.size.messages - planted, context.size.messages // 2)
    driver = {id_: name for overlay in overlays for id_, name in overlay.drivers.items()}
    count = context.size.customers
    for index in range(count):
        one = customer(index, seed=context.seed, begin=context.when.begin)
        draw = random.Random(f"plan:{context.seed}:{index}")  # noqa: S311
        plan = Plan(one, draw, orders(one, draw, context.when))
        for overlay in overlays:
            overlay.apply(plan, context)
        plan.orders[:] = [_settled(order, context, overlays) for order in plan.orders]
        plan.taken = frozenset(driver[member.fault_id] for member in plan.members)
        for overlay in overlays:
            overlay.afterwards(plan, context)
        talk(plan, context, background * (index + 1) // count - background * index // count)
        yield plan


def _settled(order: Order, context: Context, overlays: Sequence[Overlay]) -> Order:
    """Let each story see the orders that are not its own."""
    for overlay in overlays:
        if order.planted != overlay.name:
            order = overlay.settle(order, context)
    return order


def _write_story(opened: WorldFolder, overlay: Overlay, context: Context) -> None:
    for fact in overlay.shop_facts(context):
        opened.fact(fact)
    for fault in overlay.faults(context):
        opened.fault(fault)
    for row in overlay.expected(context):
        opened.expected(row)


def _write(opened: WorldFolder, plan: Plan, context: Context, overlays: Sequence[Overlay]) -> None:
    for fact in _facts_of(plan, context, overlays):
        opened.fact(fact)
    for message in plan.messages:
        opened.message(message)
    for member in plan.members:
        opened.member([*member, context.when.end.strftime("%Y-%m-%dT%H:%M:%SZ")])
    for row in plan.expected:
        opened.expected(row)


def _facts_of(plan: Plan, context: Context, overlays: Sequence[Overlay]) -> Iterator[Fact]:
    """All facts of a customer, in the order in which chance is drawn for them."""
    one, when = plan.customer, context.when
    draw = account_draw(one, context.seed)
    yield from profile(one)
    yield account(one, draw, when)
    for order in plan.orders:
        yield from order_facts(order, plan.draw, when)
    yield from habits(one, plan.draw, when)
    yield from dealings(one, draw, when)
    invoiced = invoiced_order(one, draw, when)
    if invoiced is not None:
        yield from order_facts(_settled(invoiced, context, overlays), draw, when)
    yield from plan.facts


def _cases(opened: WorldFolder) -> int:
    text = (files("connectors.demo") / "cases.yaml").read_text(encoding="utf-8")
    rows = yaml.safe_load(text)
    for row in rows:
        opened.case(row)
    return len(rows)


def _write_config(folder: Path, overlays: Sequence[Overlay]) -> None:
    """Copy the shop's configuration and add the drivers that only an overlay knows."""
    with as_file(files("connectors.demo") / "config") as source:
        shutil.copytree(source, folder, dirs_exist_ok=True)
    for name in (name for overlay in overlays for name in overlay.own_drivers):
        _append(folder / "taxonomy.yaml", own_entry(name))
        if "owner" in phrases(name):
            _append(folder / "owners.yaml", phrases(name)["owner"])


def _append(path: Path, entry: Mapping[str, Any]) -> None:
    """Add an entry to the list with which a file ends."""
    rows = yaml.safe_dump([dict(entry)], sort_keys=False, allow_unicode=True, width=200)
    with path.open("a", encoding="utf-8") as handle:
        handle.write("".join(f"  {line}\n" for line in rows.splitlines()))
