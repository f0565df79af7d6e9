"""The table of questions over facts: SQL on both databases answers as memory does."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.facts import Fact
from domain.predicates import (
    Compare,
    CompareFields,
    Either,
    Every,
    FactQuery,
    Field,
    Not,
    OneOf,
    Present,
    Related,
    Repeats,
)
from storage.memory_facts import MemoryFactTable

START = datetime(2026, 3, 1, tzinfo=UTC)
KINDS = ("order", "payment", "invoice", "delivery", "customer", "account")
NAMES = ("status", "count", "due_at", "flag", "order_id", "invoice_id", "größe", 'a"b%')
OPERATORS = ("eq", "ne", "lt", "le", "gt", "ge")

hours = st.integers(0, 12)
times = hours.map(lambda hour: START + timedelta(hours=hour))
keys = st.sampled_from(["1", "2", "3"])
scalars = st.one_of(
    st.sampled_from(["captured", "Ärger", "zoë", "1", "", "2026-03-01T02:00:00.000000Z"]),
    st.sampled_from([0, 1, 2, 1.0, 2.5, -3]),
    st.booleans(),
)
values = st.one_of(
    scalars,
    st.sampled_from(["2026-03-01T02:00:00Z", "2026-03-01T04:00:00+02:00", "2026-03-01", [1], None]),
)


@st.composite
def entities(draw):
    """A fact in one of the shapes in which companies write them."""
    kind, key = draw(st.sampled_from(KINDS)), draw(keys)
    attributes = draw(st.dictionaries(st.sampled_from(NAMES), values, max_size=3))
    for name in ("order_id", "invoice_id"):
        if name in attributes:
            attributes[name] = draw(st.sampled_from([key, "1", 2, f"{name[:-3]}:3"]))
    return Fact(
        id=draw(st.sampled_from([f"{kind}:{key}", f"{kind}-{key}"])),
        kind=kind,
        at=draw(times),
        recorded_at=draw(st.none() | times),
        subject=draw(st.none() | st.sampled_from([f"{kind}:{key}", "order:1", "note", "9:30"])),
        customer_id=draw(st.none() | st.sampled_from(["1", "2", "customer:1"])),
        account_id=draw(st.none() | keys),
        amount_minor=draw(st.none() | st.integers(0, 2)),
        attributes=attributes,
    )


fields = st.builds(
    Field,
    kind=st.sampled_from(KINDS),
    name=st.sampled_from(
        (*NAMES, "id", "at", "recorded_at", "subject", "customer_id", "amount_minor")
    ),
)
leaves = st.one_of(
    st.builds(Compare, field=fields, op=st.sampled_from(OPERATORS), value=scalars),
    st.builds(CompareFields, left=fields, op=st.sampled_from(OPERATORS), right=fields),
    st.builds(OneOf, field=fields, values=st.lists(scalars, max_size=3).map(tuple)),
    st.builds(Present, field=fields),
)


def _deeper(inner):
    some = st.lists(inner, max_size=2).map(tuple)
    return st.one_of(
        st.builds(Every, terms=some),
        st.builds(Either, terms=some),
        st.builds(Not, term=inner),
        st.builds(
            Repeats,
            same=st.lists(fields, max_size=2).map(tuple),
            where=st.none() | inner,
            within_hours=st.none() | st.sampled_from([0.5, 3.0]),
        ),
        st.builds(
            Related,
            kind=st.sampled_from(KINDS),
            link=st.sampled_from(KINDS),
            where=st.none() | inner,
        ),
    )


predicates = st.recursive(leaves, _deeper, max_leaves=4)
queries = st.builds(
    FactQuery, kind=st.sampled_from(KINDS), where=predicates, as_of=st.none() | times
)


class _RolledBack(Exception):
    pass


@contextmanager
def _holding(store, facts, *, batch=7):
    """The store's table over these facts, which are gone afterwards."""
    try:
        with store.write() as unit:
            for start in range(0, len(facts), batch):
                unit.facts.add(facts[start : start + batch])
            yield unit.facts
            raise _RolledBack
    except _RolledBack:
        pass


def _without_doubles(facts):
    """The same content stored twice is stored once."""
    return list({fact.model_dump_json(): fact for fact in reversed(facts)}.values())[::-1]


compared = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@compared
@given(
    facts=st.lists(entities(), max_size=14).map(_without_doubles),
    query=queries,
    hit=predicates,
    by=st.lists(fields, max_size=2),
)
def test_sql_answers_as_memory_does(store, facts, query, hit, by):
    memory = MemoryFactTable(facts)

    with _holding(store, facts) as table:
        assert table.count(query) == memory.count(query)
        assert table.members(query) == memory.members(query)
        assert list(table.values(query, by)) == list(memory.values(query, by))
        assert table.rows(query, limit=3, offset=1) == memory.rows(query, limit=3, offset=1)
        assert table.tally(query, by=by, hit=hit) == memory.tally(query, by=by, hit=hit)
        width = timedelta(hours=5)
        assert table.timeline(query, hit=hit, width=width) == memory.timeline(
            query, hit=hit, width=width
        )


@compared
@given(facts=st.lists(entities(), max_size=14).map(_without_doubles), as_of=st.none() | times)
def test_sql_knows_customers_and_kinds_as_memory_does(store, facts, as_of):
    memory = MemoryFactTable(facts)

    with _holding(store, facts) as table:
        assert table.kinds() == memory.kinds()
        assert table.world_time() == memory.world_time()
        ids = [fact.id for fact in facts]
        assert table.facts(ids) == memory.facts(ids)
        for customer in ("1", "2", "3"):
            ours = memory.facts_of(customer, as_of=as_of)
            assert table.facts_of(customer, as_of=as_of) == ours
            assert table.facts_of(customer, kinds=["order"], as_of=as_of) == [
                fact for fact in ours if fact.kind == "order"
            ]
