"""The rules of membership that the README of the example shop states, one for each fault.

A rule takes a world and a fault and gives from the facts alone when each customer was hit,
and who is at risk.
"""

from collections import defaultdict

from tests.world_reader import END


def _orders(world):
    return {one["subject"].removeprefix("order:"): one for one in world.of("order")}


def _in(fault, *attributes):
    merged = {name: value for one in attributes for name, value in one.items()}
    return all(merged.get(name) == value for name, value in fault["cause"].items())


def refused(world, fault, *, still=None):
    """A payment that failed and was never captured; at risk where an invoice is still open.

    `still` narrows who is at risk to a region.
    """
    orders, failed, paid, risk = _orders(world), {}, set(), set()
    until = fault["ended_at"] or END
    for fact in world.of("payment"):
        a = fact["attributes"]
        order = orders[a["order_id"]]
        if a["status"] != "failed":
            paid.add(a["order_id"])
        elif fault["started_at"] <= fact["at"] < until and _in(fault, order["attributes"], a):
            failed[a["order_id"]] = fact
    for fact in world.of("invoice"):
        a = fact["attributes"]
        if a["status"] != "open" or a["due_at"] <= END or "order_id" not in a:
            continue
        order = orders[a["order_id"]]
        region = order["attributes"]["region"]
        if _in(fault, order["attributes"], a) and not fault["ended_at"] and still in (None, region):
            risk.add(fact["customer_id"])
    return {f["customer_id"]: f["at"] for id_, f in failed.items() if id_ not in paid}, risk


def stuck(world, fault):
    """A parcel not delivered on the promised day; at risk where that day is still to come."""
    hit, risk = {}, set()
    for fact in world.of("delivery"):
        a = fact["attributes"]
        if not _in(fault, a) or a["promised_at"] < fault["started_at"] or "delivered_at" in a:
            continue
        if a["promised_at"] > END:
            risk.add(fact["customer_id"])
        else:
            hit[fact["customer_id"]] = a["promised_at"]
    return hit, risk


def given_back(world, fault, *, reason):
    """An order of the batch sent back for a reason; at risk where it was not sent back."""
    back = {one["attributes"]["order_id"]: one for one in world.of("return")}
    hit, risk = {}, set()
    for id_, order in _orders(world).items():
        if not _in(fault, order["attributes"]):
            continue
        fact = back.get(id_)
        if fact is None:
            risk.add(order["customer_id"])
        elif fact["attributes"]["reason"] == reason and fact["at"] >= fault["started_at"]:
            hit[order["customer_id"]] = fact["at"]
    return hit, risk


def unpaid(world, fault):
    """A return not paid back on the day it was due; at risk where that day is still to come."""
    hit, risk = {}, set()
    for fact in world.of("return"):
        a = fact["attributes"]
        if not _in(fault, a) or a["status"] != "open":
            continue
        if a["due_at"] > END:
            risk.add(fact["customer_id"])
        elif a["due_at"] >= fault["started_at"]:
            hit[fact["customer_id"]] = a["due_at"]
    return hit, risk


def lost(world, fault):
    """A hand-over at the seam without the order; nobody is at risk."""
    hit = {
        fact["customer_id"]: fact["at"]
        for fact in world.of("handoff")
        if _in(fault, fact["attributes"])
        and fact["at"] >= fault["started_at"]
        and "order_id" not in fact["attributes"]["fields_passed"].split(",")
    }
    return hit, set()


def failed_use(world, fault):
    """A use that failed within the episode; nobody is at risk."""
    until = fault["ended_at"] or END
    hit = defaultdict(str)
    for fact in world.of("usage"):
        a = fact["attributes"]
        within = fault["started_at"] <= fact["at"] < until
        if within and _in(fault, a) and a.get("status") == "failed":
            hit[fact["customer_id"]] = fact["at"]
    return hit, set()


def placed_again(world, fault):
    """An order called off and placed again for the same amount within half an hour."""
    orders = _orders(world)
    amounts = defaultdict(list)
    for order in orders.values():
        amounts[order["customer_id"], order["amount_minor"]].append(order["at"])
    hit = {}
    for fact in world.of("cancellation"):
        order = orders.get(fact["attributes"].get("order_id"))
        if order is not None and _in(fault, order["attributes"]):
            later = amounts[order["customer_id"], order["amount_minor"]]
            if any(order["at"] < at for at in later):
                hit[order["customer_id"]] = fact["at"]
    return hit, set()


def too_slow(world, fault):
    """A pick-up that took longer than the advertisement names, since it began."""
    [promise] = [one for one in world.of("promise") if one["attributes"]["source"] == "ad"]
    hit = {
        fact["customer_id"]: fact["at"]
        for fact in world.of("milestone")
        if _in(fault, fact["attributes"])
        and fact["at"] >= promise["attributes"]["valid_from"]
        and fact["attributes"]["count"] > promise["attributes"]["threshold"]
    }
    return hit, set()


RULES = {
    "carrier_strike": stuck,
    "duplicate_charges": lambda world, _: world.doubled(),
    "batch_defect": lambda world, fault: given_back(world, fault, reason="broken"),
    "safety_report": lambda world, fault: given_back(world, fault, reason="dangerous"),
    "quiet_checkout": refused,
    "confounded_deploy": refused,
    "handoff_loss": lost,
    "equal_reports_few": stuck,
    "equal_reports_many": unpaid,
    "late_events": stuck,
    "fix_holds": refused,
    "fix_except_region": lambda world, fault: refused(world, fault, still="West"),
    "five_minute_ad": too_slow,
    "quarterly_relapse_1": failed_use,
    "quarterly_relapse_2": failed_use,
    "quarterly_relapse_3": failed_use,
    "escalation": unpaid,
    "unowned_touchpoint": refused,
    "workaround_loop": placed_again,
    "hot_incident_delivery": stuck,
    "hot_incident_payment": refused,
}


def counted(world, fault_id):
    """Members of a fault as its rule gives them, each with one state."""
    hit, risk = RULES[fault_id](world, world.faults[fault_id])
    written = world.written(fault_id)
    states = dict.fromkeys(risk, "at_risk")
    for customer, at in hit.items():
        states[customer] = "affected" if written.get(customer, "") > at else "silent"
    return states
