"""Write a world as plain files: words, rows, cases, config, and apart from them the truth."""

from __future__ import annotations

import csv
import json
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import IO, Any, NamedTuple

import yaml

from connectors.demo.accounts import account, account_draw, dealings, invoiced_order
from connectors.demo.company import SIZES, Customer, Times, customer, times
from connectors.demo.conversations import Message, answer, complaint, drivers, noise
from connectors.demo.operations import habits, order_facts, orders, profile, shop_facts
from connectors.demo.overlays import overlay_modules
from connectors.demo.overlays.plan import Context, Plan
from domain.errors import Misuse
from domain.ports import Progress

END = datetime(2026, 3, 6, 12, tzinfo=UTC)
DEFAULT_OVERLAYS = ("carrier_strike", "duplicate_charges", "cosmetic_complaint")

# How often each driver is complained about where nothing is wrong; others count 10.
_USUAL = {"late_delivery": 5, "charged_twice": 1, "look_and_feel": 3, "product_safety": 1}
_COMPLAINT_SHARE = 0.5
_ANSWERED_SHARE = 0.2
_TWO_DRIVERS_SHARE = 0.08


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
    known = overlay_modules()
    unknown = [name for name in overlays if name not in known]
    if unknown or size not in SIZES or part not in ("tuning", "gate", "both"):
        raise Misuse(
            f"No such world. Sizes: {', '.join(SIZES)}; overlays: {', '.join(known)}; "
            "parts: tuning, gate, both."
        )
    chosen = SIZES[size]
    context = Context(chosen, times(chosen, seed=seed, end=end), part, seed)
    modules = [known[name] for name in dict.fromkeys(overlays)]
    out.mkdir(parents=True, exist_ok=True)
    _copy_config(out / "config")
    with _Files(out) as opened:
        for fact in shop_facts(context.when):
            opened.fact(fact)
        for module in modules:
            opened.fault(module.fault(context.when))
        cases = _cases(opened)
        for plan in _plans(context, modules):
            _write(opened, plan, context)
            if progress is not None and plan.customer.number % 50 == 0:
                progress(plan.customer.number, chosen.customers)
        return WorldReport(out, opened.messages, opened.facts, cases, len(modules))


def _plans(context: Context, modules: Sequence[Any]) -> Iterator[Plan]:
    """One customer's plan after the other; nothing is held."""
    background = context.size.messages - _planted(context, modules)
    for index in range(context.size.customers):
        one = customer(index, seed=context.seed, begin=context.when.begin)
        draw = random.Random(f"plan:{context.seed}:{index}")  # noqa: S311
        plan = Plan(one, draw, orders(one, draw, context.when))
        for module in modules:
            module.apply(plan, context)
        count = context.size.customers
        _talk(plan, context, background * (index + 1) // count - background * index // count)
        yield plan


def _planted(context: Context, modules: Sequence[Any]) -> int:
    """How many messages the overlays bring."""
    counts = {
        "carrier_strike": context.size.strike.wrote,
        "duplicate_charges": context.size.duplicates.wrote,
        "cosmetic_complaint": context.size.cosmetic,
    }
    return sum(counts[module.NAME] for module in modules)


def _talk(plan: Plan, context: Context, rows: int) -> None:
    """Add what the customer says on ordinary days; an agent's answer counts as a row."""
    while rows > 0:
        at = _moment(plan.draw, context.when)
        if plan.draw.random() >= _COMPLAINT_SHARE:
            plan.messages.append(noise(plan.customer, plan.draw, id_=plan.next_id(), at=at))
            rows -= 1
            continue
        message = _ordinary_complaint(plan, context, at)
        plan.messages.append(message)
        rows -= 1
        if rows > 0 and plan.draw.random() < _ANSWERED_SHARE:
            reply = answer(plan.customer, plan.draw, message, id_=plan.next_id())
            if reply.row["at"] < context.when.end.isoformat():
                plan.messages.append(reply)
                rows -= 1


def _moment(draw: random.Random, when: Times) -> datetime:
    """A time of the world; people write by day."""
    at = when.begin + (when.end - when.begin) * draw.random()
    if at.hour < 6 and draw.random() < 0.8:
        at += timedelta(hours=8)
    return min(at, when.end - timedelta(minutes=1)).replace(microsecond=0)


def _ordinary_complaint(plan: Plan, context: Context, at: datetime) -> Message:
    names = drivers()
    weights = [_USUAL.get(name, 10) for name in names]
    drawn = dict.fromkeys(plan.draw.choices(names, weights, k=3))
    # Who is hit by a fault writes about it only where the overlay says so.
    hit = {overlay_modules()[member.fault_id].DRIVER for member in plan.members}
    chosen = [name for name in drawn if name not in hit] or ["slow_support"]
    count = 2 if plan.draw.random() < _TWO_DRIVERS_SHARE else 1
    values = {"order": plan.orders[0].id} if plan.orders else {}
    return complaint(
        plan.customer,
        plan.draw,
        id_=plan.next_id(),
        at=at,
        names=tuple(chosen)[:count],
        part=context.part,
        values=values,
    )


def _write(opened: _Files, plan: Plan, context: Context) -> None:
    one: Customer = plan.customer
    for fact in profile(one):
        opened.fact(fact)
    draw = account_draw(one, context.seed)
    opened.fact(account(one, draw, context.when))
    for order in plan.orders:
        for fact in order_facts(order, plan.draw, context.when):
            opened.fact(fact)
    for fact in habits(one, plan.draw, context.when):
        opened.fact(fact)
    for fact in dealings(one, draw, context.when):
        opened.fact(fact)
    for fact in invoiced_order(one, draw, context.when):
        opened.fact(fact)
    for message in plan.messages:
        opened.message(message)
    for member in plan.members:
        opened.member([*member, context.when.end.strftime("%Y-%m-%dT%H:%M:%SZ")])


class _Files:
    """The open files of a world, written line by line."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._stack = ExitStack()
        self.messages = 0
        self.facts = 0

    def __enter__(self) -> _Files:
        truth = self._out / "truth"
        truth.mkdir(exist_ok=True)
        self._feedback = self._open(self._out / "feedback.jsonl")
        self._facts = self._open(self._out / "facts.jsonl")
        self._cases = self._open(self._out / "cases.jsonl")
        self._faults = self._open(truth / "faults.jsonl")
        self._members = csv.writer(self._open(truth / "members.csv"), lineterminator="\n")
        self._members.writerow(["fault_id", "customer_id", "state", "as_of"])
        self._labels = csv.writer(self._open(truth / "labels.csv"), lineterminator="\n")
        self._labels.writerow(["feedback_id", "fault_id", "sentiment", "drivers"])
        self._spans = csv.writer(self._open(truth / "spans.csv"), lineterminator="\n")
        self._spans.writerow(["feedback_id", "driver", "start", "end"])
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open(self, path: Path) -> IO[str]:
        return self._stack.enter_context(path.open("w", encoding="utf-8", newline=""))

    def _line(self, handle: IO[str], row: dict[str, Any]) -> None:
        handle.write(json.dumps(row, ensure_ascii=False) + "\n")

    def fact(self, row: dict[str, Any]) -> None:
        """Write a fact."""
        self._line(self._facts, row)
        self.facts += 1

    def case(self, row: dict[str, Any]) -> None:
        """Write a case."""
        self._line(self._cases, row)

    def fault(self, row: dict[str, Any]) -> None:
        """Write a fault of the truth."""
        self._line(self._faults, row)

    def member(self, row: list[str]) -> None:
        """Write a membership of the truth."""
        self._members.writerow(row)

    def message(self, message: Message) -> None:
        """Write a message, and its label unless an agent wrote it."""
        self._line(self._feedback, message.row)
        self.messages += 1
        if message.row["author"] == "customer":
            drivers_ = ";".join(message.drivers)
            self._labels.writerow(
                [message.row["id"], message.fault_id, message.sentiment, drivers_]
            )
        for name, (start, end) in zip(message.drivers, message.spans, strict=True):
            self._spans.writerow([message.row["id"], name, start, end])


def _cases(opened: _Files) -> int:
    text = (files("connectors.demo") / "cases.yaml").read_text(encoding="utf-8")
    rows = yaml.safe_load(text)
    for row in rows:
        opened.case(row)
    return len(rows)


def _copy_config(folder: Path) -> None:
    with as_file(files("connectors.demo") / "config") as source:
        shutil.copytree(source, folder, dirs_exist_ok=True)
