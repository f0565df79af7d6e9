"""What a home cannot do with what it holds, said after work is done."""

from __future__ import annotations

from domain.ports import Store


def limits_of(store: Store) -> list[str]:
    """Say what is missing for alarms, causes and messages; nothing where nothing is stored."""
    with store.read() as unit:
        counts = unit.feedback.counts()
        has_facts = next(iter(unit.facts.kinds()), None) is not None
    if not counts["items"]:
        return []
    limits = []
    if not counts["timed"]:
        limits.append("No item has a time, so no alarm is raised and nothing is drafted.")
    if not counts["with_customer"]:
        limits.append("No item names a customer, so nobody's records can be looked up.")
    if not has_facts:
        limits.append(
            "No facts are stored (orders, deliveries, payments ...), so no cause is proved "
            "and nobody is found who is hit and silent. Bring them with: undertone ingest"
        )
    return limits
