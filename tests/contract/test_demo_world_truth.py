"""The truth of the example shop, counted again from its files by the rules of its README."""

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime

import pytest
from stdnum import iban, luhn

from connectors.demo.conversations import drivers, lines
from connectors.demo.overlays import known_overlays
from connectors.demo.world import DEFAULT_OVERLAYS, build_world
from domain.errors import Misuse
from tests.world_reader import END, World
from tests.world_rules import counted, stuck

# What each kind must have, and what it may have besides.
ATTRIBUTES = {
    "customer": ("name locale time_zone", "email consent suppressed"),
    "account": ("name region segment plan rep since value_minor", "renewal_at"),
    "order": ("items region version", "promotion"),
    "delivery": ("order_id carrier region promised_at shipped_at status", "delivered_at"),
    "return": ("order_id reason batch", ""),
    "invoice": ("due_at method status", "order_id invoice_id period"),
    "payment": ("order_id method status", ""),
    "usage": ("feature count", ""),
    "milestone": ("feature count", ""),
    "deploy": ("service version", ""),
    "incident": ("service ended_at", ""),
    "handoff": ("from_department to_department waited_s fields_passed", ""),
    "promise": ("source text owner", ""),
    "renewal": ("period outcome plan", ""),
    "deal": ("reason outcome", ""),
    "contact": ("reason channel outcome", ""),
    "cancellation": ("reason outcome", ""),
}


@pytest.fixture(scope="module", params=[1, 2, 3])
def tiny(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"truth{request.param}")
    build_world(folder, size="tiny", seed=request.param)
    return World(folder)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    build_world(folder, size="demo", seed=7, part="gate")
    return World(folder)


@pytest.mark.parametrize("fault", ["carrier_strike", "duplicate_charges"])
def test_members_are_exactly_those_that_the_rules_give(tiny, demo, fault):
    for world in (tiny, demo):
        assert counted(world, fault) == world.members[fault]


def test_a_distractor_has_no_cause_and_no_members(tiny, demo):
    for world in (tiny, demo):
        assert world.faults["cosmetic_complaint"]["cause"] is None
        assert world.faults["cosmetic_complaint"]["kind"] == "distractor"
        assert not world.members["cosmetic_complaint"]
        assert len(world.written("cosmetic_complaint")) >= 10


def test_even_the_smallest_world_has_enough_to_find_both_faults(tiny):
    strike = Counter(tiny.members["carrier_strike"].values())
    duplicates = Counter(tiny.members["duplicate_charges"].values())

    assert strike["affected"] + strike["silent"] >= 12
    assert duplicates["affected"] + duplicates["silent"] >= 8
    assert strike["affected"] >= 6
    assert duplicates["affected"] >= 5
    assert min(strike["at_risk"], duplicates["at_risk"]) >= 4


def test_nobody_writes_about_a_fault_before_it_hit_them(tiny, demo):
    for world in (tiny, demo):
        for fault, (hit, _) in (
            ("carrier_strike", stuck(world, world.faults["carrier_strike"])),
            ("duplicate_charges", world.doubled()),
        ):
            written = world.written(fault)
            assert set(written) <= set(hit)
            assert all(at > hit[customer] for customer, at in written.items())


def test_reports_of_a_fault_come_in_many_words_and_by_many_ways(demo):
    for fault in ("carrier_strike", "duplicate_charges"):
        rows = [
            row for row in demo.feedback if demo.labels.get(row["id"], {}).get("fault_id") == fault
        ]
        assert len({row["channel"] for row in rows}) >= 4
        assert len({row["text"] for row in rows}) >= len(rows) * 2 / 3


def test_neither_carrier_nor_region_alone_explains_the_strike(demo):
    fault = demo.faults["carrier_strike"]
    late = defaultdict(list)
    for fact in demo.of("delivery"):
        a = fact["attributes"]
        if fault["started_at"] <= a["promised_at"] <= END:
            same = tuple(a[name] == value for name, value in fault["cause"].items())
            late[same].append("delivered_at" not in a)
    for same in ((True, False), (False, True), (False, False)):
        assert len(late[same]) >= 10
        assert sum(late[same]) / len(late[same]) < 0.1
    assert sum(late[True, True]) / len(late[True, True]) > 0.5


def test_open_invoices_of_bystanders_carry_one_half_of_the_cause(demo):
    version = {f["subject"][6:]: f["attributes"]["version"] for f in demo.of("order")}
    cause = demo.faults["duplicate_charges"]["cause"]
    at_risk = {c for c, s in demo.members["duplicate_charges"].items() if s == "at_risk"}
    halves = Counter()
    for fact in demo.of("invoice"):
        a = fact["attributes"]
        if a["status"] == "open" and a["due_at"] > END and fact["customer_id"] not in at_risk:
            same_method = a["method"] == cause["method"]
            same_version = version.get(a.get("order_id")) == cause["version"]
            assert not (same_method and same_version)
            halves[same_method, same_version] += 1
    assert halves[True, False] >= 10
    assert halves[False, True] >= 5


def test_who_got_the_second_payment_back_is_no_member(demo):
    refunded = {
        fact["customer_id"]
        for fact in demo.of("payment")
        if fact["attributes"]["status"] == "refunded"
    }
    assert len(refunded) >= 4
    assert not refunded & set(demo.members["duplicate_charges"])


def test_normal_days_have_late_parcels_everywhere_and_failed_payments(demo):
    start = demo.faults["carrier_strike"]["started_at"]
    deliveries = [f["attributes"] for f in demo.of("delivery")]
    past = [a for a in deliveries if a["promised_at"] < start]
    late = [a for a in past if a.get("delivered_at", END) > a["promised_at"]]
    failed = [f for f in demo.of("payment") if f["attributes"]["status"] == "failed"]

    assert 0.01 < len(late) / len(past) < 0.05
    assert len({(a["carrier"], a["region"]) for a in late}) >= 8
    assert 0.01 < len(failed) / len(demo.of("payment")) < 0.04


def test_every_fact_has_the_attributes_of_its_kind(tiny, demo):
    kinds = {}
    for fact in tiny.revisions + demo.revisions:
        must, may = (set(names.split()) for names in ATTRIBUTES[fact["kind"]])
        assert must <= set(fact["attributes"]) <= must | may, fact
        assert ("amount_minor" in fact) == ("currency" in fact)
        assert isinstance(fact.get("amount_minor", 0), int)
        kinds[fact["kind"]] = True
    assert set(kinds) == set(ATTRIBUTES)


def test_an_id_is_one_thing_and_nothing_is_recorded_after_the_end(tiny):
    kind_of = {}
    for fact in tiny.revisions:
        assert kind_of.setdefault(fact["id"], fact["kind"]) == fact["kind"]
        assert fact["at"] <= fact.get("recorded_at", fact["at"]) <= END
    assert all(row["at"].replace("+00:00", "Z") <= END for row in tiny.feedback)


def test_a_delivery_is_first_shipped_and_later_delivered_under_one_id(tiny):
    seen = defaultdict(list)
    for fact in tiny.revisions:
        if fact["kind"] == "delivery":
            seen[fact["id"]].append((fact["recorded_at"], fact["attributes"]["status"]))
    assert {tuple(status for _, status in rows) for rows in seen.values()} == {
        ("shipped",), ("shipped", "delivered"),
    }  # fmt: skip
    assert all(rows == sorted(rows) for rows in seen.values())


def test_messages_of_customers_have_one_label_each_and_those_of_agents_none(tiny):
    by_author = Counter(row["author"] for row in tiny.feedback)
    own = {row["id"] for row in tiny.feedback if row["author"] == "customer"}

    assert set(tiny.labels) == own
    assert len({row["id"] for row in tiny.feedback}) == len(tiny.feedback)
    assert by_author["agent"]
    assert {row["sentiment"] for row in tiny.labels.values()} == {
        "positive", "neutral", "negative", "mixed",
    }  # fmt: skip


def test_agents_answer_in_the_thread_of_the_customer_and_later(tiny):
    asked = {row["thread_id"]: row for row in tiny.feedback if row["author"] == "customer"}
    for row in tiny.feedback:
        if row["author"] == "agent":
            assert row["at"] > asked[row["thread_id"]]["at"]
            assert row["customer_id"] == asked[row["thread_id"]]["customer_id"]


def test_personal_numbers_are_valid_and_belong_to_nobody(demo):
    text = "\n".join(row["text"] for row in demo.feedback)
    cards = re.findall(r"(?<!\d)4\d{3}(?: \d{4}){3}", text)
    accounts = re.findall(r"DE\d\d(?: \d{4}){4} \d\d", text)
    phones = re.findall(r"\+49 30 \d+", text)
    addresses = re.findall(r"[\w.]+@([\w.]+\w)", text)

    assert cards
    assert all(luhn.is_valid(card.replace(" ", "")) for card in cards)
    assert accounts
    assert all(iban.is_valid(account) for account in accounts)
    assert phones
    assert all(phone.startswith("+49 30 23125") for phone in phones)
    assert set(addresses) == {"post.example"}
    assert re.search(r"HP-\d{7,}", text)
    assert "{" not in text


def test_touchpoints_have_owners_and_faults_the_owner_of_their_driver(tiny):
    person = {}
    for one in tiny.config("owners")["touchpoints"]:
        person.setdefault(one["match"], one["person"])
    touchpoint = {one["name"]: one["touchpoint"] for one in tiny.config("taxonomy")["drivers"]}
    assert set(touchpoint) == set(drivers())
    assert set(touchpoint.values()) <= set(person)
    for fault in tiny.faults.values():
        assert person[touchpoint[fault["driver"]]] == fault["owner"]


def test_past_cases_include_one_like_each_fault_by_its_owner(tiny):
    owners = Counter(case["owner"] for case in tiny.cases if case["outcome"] == "held")
    assert len(tiny.cases) >= 12
    for fault in ("carrier_strike", "duplicate_charges"):
        assert owners[tiny.faults[fault]["owner"]]
    assert {case["outcome"] for case in tiny.cases} == {"held", "returned", "unknown"}
    assert all(case["opened_at"] < case["closed_at"] <= END for case in tiny.cases)


@pytest.mark.parametrize("name", DEFAULT_OVERLAYS)
def test_an_overlay_stands_alone(tmp_path, name):
    report = build_world(tmp_path, size="tiny", seed=4, overlays=(name,))
    world = World(tmp_path)

    assert (report.messages, report.faults) == (300, 1)
    assert set(world.faults) == {name}
    assert {row["fault_id"] for row in world.labels.values()} == {"", name}
    assert set(world.members) <= {name}


def test_a_world_without_overlays_has_no_truth_but_labels(tmp_path):
    build_world(tmp_path, size="tiny", seed=4, overlays=())
    world = World(tmp_path)

    assert not world.faults
    assert not world.members
    assert {row["fault_id"] for row in world.labels.values()} == {""}


@pytest.mark.parametrize(("part", "other"), [("tuning", "gate"), ("gate", "tuning")])
def test_a_part_never_speaks_in_the_words_of_the_other(tmp_path, part, other):
    build_world(tmp_path, size="tiny", seed=4, part=part)
    said = {row["text"] for row in World(tmp_path).feedback}
    plain = [line for name in drivers() for line in lines(name, other) if "{" not in line]

    assert not [line for line in plain if any(line in text for text in said)]


def test_another_seed_and_another_end_give_another_world(tmp_path):
    end = datetime(2025, 7, 1, tzinfo=UTC)
    build_world(tmp_path / "a", size="tiny", seed=4)
    build_world(tmp_path / "b", size="tiny", seed=5)
    build_world(tmp_path / "c", size="tiny", seed=4, end=end)
    texts = {(tmp_path / name / "feedback.jsonl").read_bytes() for name in "abc"}

    assert len(texts) == 3
    assert max(row["at"] for row in World(tmp_path / "c").feedback) < "2025-07-01"


@pytest.mark.parametrize(
    "wrong", [{"size": "huge"}, {"overlays": ("meteor",)}, {"part": "neither"}]
)
def test_a_world_that_does_not_exist_is_refused_with_those_that_do(tmp_path, wrong):
    with pytest.raises(Misuse, match="tiny"):
        build_world(tmp_path, **wrong)


def test_every_overlay_in_the_folder_is_found_by_its_own_name():
    assert set(DEFAULT_OVERLAYS) <= set(known_overlays())


class Enough(Exception):
    pass


def test_a_customer_is_written_before_the_next_is_made(tmp_path):
    """What is held in memory is one customer, however large the world is."""

    def stop(done: int, _: int) -> None:
        if done >= 100:
            raise Enough

    with pytest.raises(Enough):
        build_world(tmp_path, size="large", seed=1, progress=stop)

    written = World(tmp_path)
    customers = {fact["customer_id"] for fact in written.of("customer")}
    assert customers == {f"C-{10_000 + number}" for number in range(101)}
    assert {row["customer_id"] for row in written.feedback} <= customers
    assert len(written.feedback) >= 400
