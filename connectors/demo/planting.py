"""How a fault is planted customer by customer, for the overlays to share."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

from connectors.demo.company import CARRIERS, Times
from connectors.demo.conversations import complaint, lines
from connectors.demo.operations import Fact, Order, customer_fact, iso, ordinary
from connectors.demo.plan import Context, Membership, Plan, Planned, after
from connectors.demo.stories import Role, Story, start_of

ALL = (0, 1, 2, 3)
# Four rounds make a permutation that cannot be told from chance (Luby and Rackoff 1988).
_ROUNDS = 4
PROVIDERS = ("EuroPay", "NordPay", "SudPay", "OstPay")
PRODUCTS = ("kettle", "lamp", "chair", "toaster", "towel")
# In each region the one carrier that some story stops there.
_STOPPED = {"North": CARRIERS[0], "South": CARRIERS[1], "East": CARRIERS[2], "West": CARRIERS[2]}


def own_draw(plan: Plan, context: Context, name: str) -> random.Random:
    """The customer's source of chance for one story, so that no other story moves it."""
    return random.Random(f"{name}:{context.seed}:{plan.customer.number}")  # noqa: S311


def place_for(
    plan: Plan, context: Context, name: str, *, classes: tuple[int, ...] = ALL
) -> int | None:
    """A place as `place_of` gives, but shuffled for each story on its own.

    So who is hit by one story is hit by another no more often than luck has it.
    """
    group, residue = divmod(plan.customer.number, 4)
    if residue not in classes:
        return None
    number = group * len(classes) + classes.index(residue)
    count = context.size.customers // 4 * len(classes)
    return _shuffled(number, count, key=f"{name}:{context.seed}")


def _shuffled(number: int, count: int, *, key: str) -> int:
    """Where a number below `count` comes to stand; every place is taken once.

    Rounds of a Feistel network, gone through again until the place is below `count`, so
    that no table of all customers is held.
    """
    width = (count.bit_length() + 1) // 2
    mask = (1 << width) - 1
    while True:
        left, right = number >> width, number & mask
        for turn in range(_ROUNDS):
            mixed = blake2b(f"{key}:{turn}:{right}".encode(), digest_size=4).digest()
            left, right = right, left ^ (int.from_bytes(mixed, "big") & mask)
        number = left << width | right
        if number < count:
            return number


def role_at(place: int | None, planned: Planned) -> Role | None:
    """The role of the customer at a place; the first ones wrote."""
    if place is None or place >= planned.hit + planned.at_risk:
        return None
    if place >= planned.hit:
        return Role.AT_RISK
    return Role.AFFECTED if place < planned.wrote else Role.SILENT


def share_of(key: str) -> float:
    """A number from 0 to 1 that belongs to a key and nothing else.

    A checksum such as CRC would not do: of keys that differ in a prefix it differs by a
    constant, so that what one decides would go along with what another decides.
    """
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest()) / 2**64


def moment_of(draw: random.Random, story: Story, role: Role) -> datetime:
    """When a customer is hit; who writes was hit early enough to do so."""
    share = draw.random() * (0.6 if role is Role.AFFECTED else 0.9)
    return story.since + (story.until - story.since) * share + timedelta(minutes=10)


def quiet_order(
    plan: Plan, draw: random.Random, context: Context, *, at: datetime, overlay: str
) -> Order:
    """An order that no story but its own touches; it ships only where its story says so."""
    order = ordinary(plan.customer, draw, context.when, len(plan.orders), at)
    return order._replace(
        planted=overlay,
        method="card" if order.method == "wallet" else order.method,
        carrier=_driving(order),
        ships=False,
        returnable=False,
        delivered_at=None,
    )


def join(plan: Plan, story: Story, role: Role) -> None:
    """Make the customer a member of the fault."""
    plan.members.append(Membership(story.fault_id, plan.customer.id, role.value))


def report(
    plan: Plan,
    context: Context,
    draw: random.Random,
    story: Story,
    *,
    hit_at: datetime,
    order: Order | None = None,
    wordings: Sequence[str] = (),
) -> None:
    """Let the customer write about the fault some hours after the hit."""
    span = context.when.end - story.since
    values = {}
    if order is not None:
        values = {"order": order.id, "amount": f"{order.amount_minor / 100:.2f} EUR"}
    plan.messages.append(
        complaint(
            plan.customer,
            draw,
            id_=plan.next_id(),
            at=after(draw, hit_at, mean_hours=span / timedelta(hours=8), before=context.when.end),
            names=(story.driver,),
            part=context.part,
            values=values,
            fault_id=story.fault_id,
            wordings=wordings or lines(story.driver, context.part, wide=True),
        )
    )


def plant_refused(
    plan: Plan,
    context: Context,
    story: Story,
    role: Role | None,
    *,
    change: Callable[[Order], Order],
) -> None:
    """Plant an order whose payment is refused, or at risk one whose invoice is due later.

    `change` gives the order the attributes of the cause.
    """
    if role is None:
        return
    draw = own_draw(plan, context, story.fault_id)
    at = moment_of(draw, story, role)
    order = change(quiet_order(plan, draw, context, at=at, overlay=story.overlay))
    if role is Role.AT_RISK:
        due = context.when.end + timedelta(hours=draw.uniform(2, 240))
        order = order._replace(invoice_due_at=due.replace(second=0, microsecond=0))
    else:
        order = order._replace(fails=True)
    plan.orders.append(order)
    join(plan, story, role)
    if role is Role.AFFECTED:
        report(plan, context, draw, story, hit_at=order.at + timedelta(minutes=2), order=order)


def plant_stuck(
    plan: Plan, context: Context, story: Story, role: Role | None, *, carrier: str
) -> None:
    """Plant a parcel that does not arrive on the promised day."""
    if role is None:
        return
    draw = own_draw(plan, context, story.fault_id)
    promised = moment_of(draw, story, role)
    if role is Role.AT_RISK:
        promised = context.when.end + timedelta(hours=draw.uniform(1, 58))
    order = quiet_order(plan, draw, context, at=promised - timedelta(days=3), overlay=story.overlay)
    promised = promised.replace(second=0, microsecond=0)
    order = order._replace(carrier=carrier, ships=True, promised_at=promised)
    plan.orders.append(order)
    join(plan, story, role)
    if role is Role.AFFECTED:
        report(plan, context, draw, story, hit_at=promised, order=order)


def plant_unpaid_return(
    plan: Plan, context: Context, story: Story, role: Role | None, *, warehouse: str
) -> None:
    """Plant a return whose money does not come on the day it is due."""
    if role is None:
        return
    draw = own_draw(plan, context, story.fault_id)
    due = moment_of(draw, story, role)
    if role is Role.AT_RISK:
        due = context.when.end + timedelta(hours=draw.uniform(2, 100))
    due = due.replace(second=0, microsecond=0)
    order = returned(plan, context, draw, due=due, warehouse=warehouse, overlay=story.overlay)
    join(plan, story, role)
    if role is Role.AFFECTED:
        report(plan, context, draw, story, hit_at=due, order=order)


def plant_defect(
    plan: Plan,
    context: Context,
    story: Story,
    role: Role | None,
    *,
    days: int,
    product: str,
    batch: str,
    reason: str,
) -> None:
    """Plant a product of a batch, bought so many days before; who is hit sends it back."""
    if role is None:
        return
    draw = own_draw(plan, context, story.fault_id)
    hit_at = moment_of(draw, story, role)
    at = hit_at - timedelta(days=days)
    order = quiet_order(plan, draw, context, at=at, overlay=story.overlay)
    order = order._replace(
        ships=True,
        delivered_at=order.at + timedelta(days=2),
        promised_at=order.at + timedelta(days=3),
        extra={"product": product, "batch": batch},
    )
    plan.orders.append(order)
    join(plan, story, role)
    if role is Role.AT_RISK:
        return
    attributes = {"order_id": order.id, "reason": reason, "batch": batch}
    id_ = f"return-{order.id}-1"
    plan.facts.append(customer_fact(plan.customer, id_, "return", hit_at, attributes))
    if role is Role.AFFECTED:
        report(plan, context, draw, story, hit_at=hit_at, order=order)


def returned(
    plan: Plan,
    context: Context,
    draw: random.Random,
    *,
    due: datetime,
    warehouse: str,
    overlay: str,
    paid: bool = False,
) -> Order:
    """Add an order that came, went back to a warehouse, and is or is not paid back in time."""
    order = quiet_order(plan, draw, context, at=due - timedelta(days=12), overlay=overlay)
    order = order._replace(ships=True, delivered_at=order.at + timedelta(days=2))
    plan.orders.append(order)
    at = due - timedelta(days=7)
    attributes: Fact = {
        "order_id": order.id,
        "reason": draw.choice(("does not fit", "other")),
        "batch": f"B-{draw.randrange(10, 40)}",
        "warehouse": warehouse,
        "due_at": iso(due),
        "status": "open",
    }
    id_ = f"return-{order.id}-1"
    plan.facts.append(_return(plan, id_, at, attributes, order))
    if paid:
        back = due - timedelta(hours=draw.randrange(3, 60))
        settled = {**attributes, "status": "refunded"}
        plan.facts.append(_return(plan, id_, at, settled, order, recorded=back))
    return order


def _return(
    plan: Plan,
    id_: str,
    at: datetime,
    attributes: Fact,
    order: Order,
    *,
    recorded: datetime | None = None,
) -> Fact:
    return customer_fact(
        plan.customer, id_, "return", at, attributes, amount=order.amount_minor, recorded=recorded
    )


def healthy_return(
    plan: Plan, context: Context, *, overlay: str, warehouses: Sequence[str], share: float
) -> None:
    """Now and then a return to another warehouse that is paid back before it is due."""
    draw = own_draw(plan, context, f"{overlay}:healthy")
    if draw.random() >= share:
        return
    due = start_of(context, overlay, days=9) + timedelta(hours=draw.uniform(0, 24))
    due += (context.when.end - due) * (draw.random() * 0.9)
    returned(
        plan, context, draw, due=due.replace(second=0, microsecond=0),
        warehouse=draw.choice(warehouses), overlay=overlay, paid=True,
    )  # fmt: skip


def elsewhere(order: Order, *, carrier: str, region: str, since: datetime) -> Order:
    """Give a parcel that a stopped carrier would hold to one that drives."""
    held = is_held(order, carrier=carrier, region=region, since=since)
    return order._replace(carrier=_driving(order)) if held else order


def is_held(order: Order, *, carrier: str, region: str, since: datetime) -> bool:
    """Whether a carrier that is stopped in a region since a time would hold a parcel."""
    is_open = order.delivered_at is None or order.delivered_at >= since
    return order.carrier == carrier and order.customer.region == region and is_open


def _driving(order: Order) -> str:
    """A carrier that no story stops in the region of an order."""
    driving = [name for name in CARRIERS if name != _STOPPED[order.customer.region]]
    return driving[int(share_of(f"carrier:{order.id}") * len(driving))]


def with_provider(order: Order, *, faulty: str, since: datetime, until: datetime) -> Order:
    """Name who takes the money, and keep the faulty one off while it fails."""
    # What another story planted must fail by that story's cause alone.
    drawn = PROVIDERS[0] if order.planted else PROVIDERS[int(share_of(order.id) * len(PROVIDERS))]
    provider = order.money.get("provider", drawn)
    # An open invoice is paid after the end, whenever it was made.
    caught = order.invoice_due_at is not None or since <= order.at < until
    if provider == faulty and caught:
        provider = PROVIDERS[0]
    return order._replace(money={**order.money, "provider": provider})


def with_batch(order: Order) -> Order:
    """Name what was bought and from which batch; the batches of faults are never drawn."""
    if "batch" in order.extra:
        return order
    product = PRODUCTS[int(share_of(f"product:{order.id}") * len(PRODUCTS))]
    number = 10 + 3 * PRODUCTS.index(product) + int(share_of(f"batch:{order.id}") * 3)
    return order._replace(extra={**order.extra, "product": product, "batch": f"B-{number}"})


def settled_before(when: Times) -> datetime:
    """The last moment at which an order surely has its money before the world ends."""
    return when.end - timedelta(hours=1)
