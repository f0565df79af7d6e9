"""Truth that is neither fault nor member, counted again from the files alone."""

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from connectors.demo.conversations import lines
from connectors.demo.world import build_world
from tests.world_reader import END, World
from tests.world_rules import RULES, counted


@pytest.fixture(scope="module", params=[("tiny", 1), ("tiny", 2)])
def world_of(request, tmp_path_factory):
    """Build the world of one overlay, in the size and by the seed at hand."""
    size, seed = request.param

    def build(overlay, part="both"):
        folder = tmp_path_factory.mktemp(overlay)
        build_world(folder, size=size, seed=seed, overlays=(overlay,), part=part)
        return World(folder)

    return build


def _captured(world):
    return {
        fact["attributes"]["order_id"]
        for fact in world.of("payment")
        if fact["attributes"]["status"] == "captured"
    }


def _orders(world):
    return {fact["subject"].removeprefix("order:"): fact for fact in world.of("order")}


def test_the_innocent_version_fails_only_together_with_the_promotion(world_of):
    world = world_of("confounded_deploy")
    [row] = world.expected("confounded_deploy")
    version = row["not_the_cause"]["version"]
    [deploy] = [f for f in world.of("deploy") if f["attributes"]["version"] == version]
    fault = world.faults["confounded_deploy"]
    paid = _captured(world)
    tried = {fact["attributes"]["order_id"] for fact in world.of("payment")}
    counts = defaultdict(list)
    for id_, order in _orders(world).items():
        if order["at"] >= fault["started_at"] and id_ in tried:
            a = order["attributes"]
            promoted = a.get("promotion") == fault["cause"]["promotion"]
            counts[a["version"] == version, promoted].append(id_ in paid)

    assert deploy["at"] == fault["started_at"]
    assert all(counts[True, False])
    assert len(counts[True, False]) >= 8
    assert counts[False, True]
    assert not all(counts[False, True])
    assert sum(counts[True, True]) / len(counts[True, True]) < 0.3


def test_only_the_seam_loses_the_order_and_other_seams_of_both_sides_do_not(world_of):
    world = world_of("handoff_loss")
    [row] = world.expected("handoff_loss")
    lost, sides = set(), set()
    for fact in world.of("handoff"):
        a = fact["attributes"]
        seam = (a["from_department"], a["to_department"])
        if row["lost"] in a["fields_passed"].split(","):
            sides |= {("from", seam[0]), ("to", seam[1])} if list(seam) != row["seam"] else set()
        else:
            lost.add(seam)

    assert lost == {tuple(row["seam"])}
    assert {("from", row["seam"][0]), ("to", row["seam"][1])} <= sides


def test_two_faults_have_as_many_reports_and_one_ten_times_the_customers(world_of):
    world = world_of("equal_reports")
    [row] = world.expected("equal_reports")
    first, second = row["ranked_first"], row["ranked_second"]
    hit = {name: RULES[name](world, world.faults[name])[0] for name in (first, second)}

    assert len(hit[first]) == row["times"] * len(hit[second])
    assert len(world.written(first)) == len(world.written(second))


def test_business_customers_alone_are_hit_by_the_quiet_failure(world_of):
    world = world_of("quiet_checkout")
    segment = {f["customer_id"]: f["attributes"]["segment"] for f in world.of("account")}
    states = Counter(world.members["quiet_checkout"].values())

    assert {segment[customer] for customer in world.members["quiet_checkout"]} == {"business"}
    assert "business" in world.config("wanted")["attributes"]["segment"]
    assert states["silent"] > 2 * states["affected"]


def test_who_fetches_an_order_waits_as_long_as_the_truth_says(world_of):
    world = world_of("five_minute_ad")
    [row] = world.expected("five_minute_ad")
    promises = {
        f["id"]: f["attributes"] for f in world.of("promise") if "metric" in f["attributes"]
    }
    waited = defaultdict(list)
    for fact in world.of("milestone"):
        waited[fact["attributes"]["feature"]].append(fact["attributes"]["count"])
    ad = promises.pop(row["promise_id"])
    [page] = promises.values()
    minutes = sorted(waited[ad["metric"]])

    kept = [one for one in minutes if one <= ad["threshold"]]
    assert len(kept) / len(minutes) == pytest.approx(row["kept_share"])
    assert minutes[-(-len(minutes) // 2) - 1] == row["p50"]
    assert minutes[-(-len(minutes) * 9 // 10) - 1] == row["p90"]
    assert len(waited[page["metric"]]) >= 20
    assert max(waited[page["metric"]]) <= page["threshold"]


@pytest.mark.parametrize("overlay", ["fix_holds", "fix_except_region"])
def test_after_a_fix_the_provider_works_except_where_the_truth_says(world_of, overlay):
    world = world_of(overlay)
    [row] = world.expected(overlay)
    provider = world.faults[overlay]["cause"]["provider"]
    orders, paid = _orders(world), _captured(world)
    failing, working = Counter(), Counter()
    for fact in world.of("payment"):
        a = fact["attributes"]
        if a["provider"] == provider and fact["at"] >= row["fixed_at"]:
            region = orders[a["order_id"]]["attributes"]["region"]
            (working if a["order_id"] in paid else failing)[region] += 1

    assert set(failing) == ({row["still"]["region"]} if "still" in row else set())
    assert not set(working) & set(failing)
    assert sum(working.values()) >= 5


def test_a_relapse_has_one_cause_and_other_words_each_time(world_of):
    world = world_of("quarterly_relapse")
    [row] = world.expected("quarterly_relapse")
    faults = [world.faults[fault_id] for fault_id in row["lineage"]]
    said = {fault["id"]: set() for fault in faults}
    for message in world.feedback:
        fault_id = world.labels.get(message["id"], {}).get("fault_id")
        if fault_id:
            said[fault_id].add(message["text"])

    assert len(faults) == 3
    assert len({str(fault["cause"]) for fault in faults}) == 1
    assert all(one["ended_at"] < two["started_at"] for one, two in pairwise(faults))
    assert len(set.union(*said.values())) == sum(len(texts) for texts in said.values())


def test_the_control_was_missed_before_anybody_escalated(world_of):
    world = world_of("escalation")
    rows = world.expected("escalation")
    [control] = [row for row in rows if "failed_control" in row]
    runs = {f["at"]: f["attributes"]["status"] for f in world.of("control")}
    escalated = {
        fact["customer_id"]: fact["at"]
        for fact in world.of("contact")
        if fact["attributes"]["reason"] == "escalation"
    }
    written = world.written("escalation")

    missed = {at for at, status in runs.items() if status == "missed"}
    assert missed == {at for at in runs if at >= control["missed_from"]}
    assert control["missed_from"] in runs
    assert control["missed_from"] < world.faults["escalation"]["started_at"]
    assert escalated
    assert set(escalated) == {row["escalated_by"] for row in rows if "escalated_by" in row}
    assert all(at > written[customer] for customer, at in escalated.items())


def test_promises_of_agents_are_kept_exactly_where_somebody_called_in_time(world_of):
    world = world_of("hidden_commitments")
    rows = world.expected("hidden_commitments")
    message = {row["id"]: row for row in world.feedback}
    called = {
        fact["attributes"]["thread_id"]: fact["at"]
        for fact in world.of("contact")
        if "thread_id" in fact["attributes"]
    }

    for row in rows:
        said = message[row["message_id"]]
        at = called.get(said["thread_id"])
        assert said["author"] == "agent"
        assert said["at"].replace("+00:00", "Z") < row["due_at"] < END
        assert row["kept"] == (at is not None and at <= row["due_at"])
    assert len(rows) >= 12
    assert 0.2 < sum(not row["kept"] for row in rows) / len(rows) < 0.5


def test_orders_to_the_reader_stand_in_the_texts_that_the_truth_names(world_of):
    world = world_of("injection_pack", part="gate")
    rows = world.expected("injection_pack")
    text = {row["id"]: row["text"] for row in world.feedback}
    known = lines("injections", "gate")
    named = {row["message_id"] for row in rows}

    assert len(rows) >= 20
    assert all(row["order"] in text[row["message_id"]] for row in rows)
    assert {id_ for id_, one in text.items() if any(line in one for line in known)} == named
    assert all(world.labels[id_]["drivers"] for id_ in named)
    spans = (world.folder / "truth" / "spans.csv").read_text().splitlines()[1:]
    for id_, _, start, end in (line.split(",") for line in spans):
        assert 0 <= int(start) < int(end) <= len(text[id_])
        assert id_ not in named or text[id_][int(start) : int(end)] not in known


def test_outreach_lifts_renewals_by_what_the_truth_says(world_of):
    world = world_of("outreach_lift")
    [row] = world.expected("outreach_lift")
    contacts = {
        fact["customer_id"]: fact
        for fact in world.of("contact")
        if fact["attributes"]["reason"] == "outreach"
    }
    renewed = defaultdict(list)
    for fact in world.of("renewal"):
        if fact["id"].endswith("-asked"):
            contact = contacts[fact["customer_id"]]
            assert fact["at"] > contact["at"]
            outcome = fact["attributes"]["outcome"]
            renewed[contact["attributes"]["outcome"]].append(outcome == "renewed")

    shares = {name: sum(one) / len(one) for name, one in renewed.items()}
    assert shares["sent"] == pytest.approx(row["renewed_told"])
    assert shares["held out"] == pytest.approx(row["renewed_held_out"])
    assert shares["sent"] - shares["held out"] == pytest.approx(row["lift"])


def test_an_incident_hits_some_twice_and_is_announced_in_two_ways(world_of):
    world = world_of("hot_incident")
    rows = world.expected("hot_incident")
    twice = {row["customer_id"] for row in rows if "customer_id" in row}
    [named] = [row["contradicting"] for row in rows if "contradicting" in row]
    one, two = (set(world.members[name]) for name in rows[-1]["faults"])
    ends = [f["attributes"]["valid_to"] for f in world.of("promise") if f["id"] in named]

    assert twice == one & two
    assert len(twice) >= 8
    assert len(set(ends)) == len(ends) == 2


def test_records_that_come_late_do_not_make_a_parcel_late(world_of):
    world = world_of("late_events")
    fault = world.faults["late_events"]
    lines_of = Counter(fact["id"] for fact in world.revisions)
    late = set()
    for fact in world.of("delivery"):
        a = fact["attributes"]
        held = all(a[name] == value for name, value in fault["cause"].items())
        if held and "delivered_at" in a and fact["recorded_at"] > a["delivered_at"]:
            assert a["delivered_at"] < a["promised_at"]
            assert lines_of[fact["id"]] == 3
            late.add(fact["customer_id"])

    assert len(late) >= 8
    assert not late & set(world.members["late_events"])
    assert counted(world, "late_events") == world.members["late_events"]


def test_nobody_mentions_the_workaround(world_of):
    world = world_of("workaround_loop")

    assert not world.written("workaround_loop")
    assert set(world.members["workaround_loop"].values()) == {"silent"}


def test_nobody_owns_gift_cards(world_of):
    world = world_of("unowned_touchpoint")
    [row] = world.expected("unowned_touchpoint")

    assert row["nobody_owns"] not in {one["match"] for one in world.config("owners")["touchpoints"]}
    assert world.faults["unowned_touchpoint"]["owner"] is None
