"""Every overlay, alone and with all others: its truth counted again from the facts alone."""

from collections import Counter

import pytest
import yaml

from connectors.demo.conversations import lines, own_entry, phrases
from connectors.demo.overlays import known_overlays
from connectors.demo.world import build_world
from tests.world_reader import END, World
from tests.world_rules import RULES, counted

SEEDS = [1, 2, 3]
# Stories in which nothing is wrong, so that an alarm would be false.
QUIET = {"season_spike", "launch_spike", "brigade", "pure_noise"}
# Faults that hit fewer than six customers of the smallest world.
RARE = {"safety_report": 2}


def _world(factory, *, size, seed, overlays, part="both"):
    folder = factory.mktemp(f"{size}{seed}")
    build_world(folder, size=size, seed=seed, overlays=overlays, part=part)
    return World(folder)


@pytest.fixture(scope="module", params=SEEDS)
def alone(request, tmp_path_factory):
    """Each overlay in a small world of its own."""
    return {
        name: _world(tmp_path_factory, size="tiny", seed=request.param, overlays=(name,))
        for name in known_overlays()
    }


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """All overlays in one world, in both orders."""
    names = tuple(known_overlays())
    return [
        _world(tmp_path_factory, size="demo", seed=4, overlays=names),
        _world(tmp_path_factory, size="tiny", seed=5, overlays=names[::-1]),
    ]


@pytest.mark.parametrize("name", sorted(known_overlays()))
def test_members_of_an_overlay_alone_are_those_that_its_rules_give(alone, name):
    world = alone[name]

    assert world.faults or name in QUIET or not known_overlays()[name].drivers
    for fault_id, fault in world.faults.items():
        if fault["kind"] == "operational":
            assert counted(world, fault_id) == world.members[fault_id], fault_id
    assert set(world.members) <= set(world.faults)


def test_members_stay_exact_when_all_overlays_are_planted_together(together):
    planted = {id_ for overlay in known_overlays().values() for id_ in overlay.drivers}
    for world in together:
        assert set(world.faults) == planted
        for fault_id, fault in world.faults.items():
            if fault["kind"] == "operational":
                assert counted(world, fault_id) == world.members[fault_id], fault_id


@pytest.mark.parametrize("name", sorted(known_overlays()))
def test_a_fault_has_hit_customers_and_only_they_write_and_only_later(alone, together, name):
    faults = [one for one in alone[name].faults.values() if one["kind"] == "operational"]
    for world in (alone[name], *together):
        for fault in faults:
            states = Counter(world.members[fault["id"]].values())
            hit, _ = RULES[fault["id"]](world, world.faults[fault["id"]])
            written = world.written(fault["id"])
            assert states["affected"] + states["silent"] >= RARE.get(name, 6)
            assert set(written) <= set(hit)
            assert all(at > hit[customer] for customer, at in written.items())
            assert states["affected"] == len(written)


@pytest.mark.parametrize("name", sorted(known_overlays()))
def test_an_overlay_alone_keeps_the_number_of_messages(alone, name):
    rows = alone[name].feedback

    assert len(rows) == 300
    assert len({row["id"] for row in rows}) == 300
    assert all(row["at"].replace("+00:00", "Z") <= END for row in rows)
    assert not any("{" in row["text"] for row in rows)


def test_who_is_hit_by_one_fault_is_not_mostly_hit_by_another(together):
    """Else a cause could not be told from another that always comes with it."""
    world = together[0]
    meant = {"hot_incident_delivery", "hot_incident_payment"}
    for one, theirs in world.members.items():
        for two, others in world.members.items():
            if one < two and not {one, two} <= meant and len(theirs) >= 30 and len(others) >= 30:
                both = set(theirs) & set(others)
                assert len(both) <= 0.35 * min(len(theirs), len(others)), (one, two)


def test_nothing_is_recorded_after_the_end_or_before_it_happened(alone, together):
    for world in (*alone.values(), *together):
        kinds = {}
        for fact in world.revisions:
            assert kinds.setdefault(fact["id"], fact["kind"]) == fact["kind"]
            assert fact["at"] <= fact.get("recorded_at", fact["at"]) <= END, fact


@pytest.mark.parametrize("name", sorted(QUIET))
def test_where_nothing_is_wrong_there_is_no_fault_but_much_talk(alone, name):
    world = alone[name]

    assert not world.faults
    assert not world.members
    assert {row["fault_id"] for row in world.labels.values()} == {""}
    assert known_overlays()[name].drivers == {}


def test_one_sender_wrote_all_of_a_brigade(alone):
    rows = [row for row in alone["brigade"].feedback if row["author"] == "customer"]
    sender, count = Counter(row["customer_id"] for row in rows).most_common(1)[0]
    theirs = sorted(row["at"] for row in rows if row["customer_id"] == sender)

    assert count >= 14
    assert max(Counter(row["customer_id"] for row in rows).values()) == count
    assert len({at[:13] for at in theirs}) >= 4


@pytest.mark.parametrize("name", sorted(known_overlays()))
def test_a_module_is_called_like_its_overlay_and_faults_by_its_name(name):
    overlay = known_overlays()[name]

    assert overlay.name == name
    assert all(fault_id.startswith(name) for fault_id in overlay.drivers)


@pytest.mark.parametrize("name", sorted(known_overlays()))
def test_owners_are_those_of_the_configuration_and_a_gap_has_none(alone, name):
    world = alone[name]
    person = {}
    for one in world.config("owners")["touchpoints"]:
        person.setdefault(one["match"], one["person"])
    touchpoint = {one["name"]: one["touchpoint"] for one in world.config("taxonomy")["drivers"]}
    for fault in world.faults.values():
        assert person.get(touchpoint[fault["driver"]]) == fault["owner"]


def test_drivers_that_overlays_speak_of_have_twenty_phrasings_in_each_part():
    used = {
        driver
        for name, overlay in known_overlays().items()
        if name not in ("carrier_strike", "duplicate_charges", "cosmetic_complaint")
        for driver in overlay.drivers.values()
    }
    for driver in used:
        tuning, gate = (set(lines(driver, part, wide=True)) for part in ("tuning", "gate"))
        assert min(len(tuning), len(gate)) >= 20, driver
        assert not tuning & gate


def test_a_driver_of_one_overlay_joins_the_configuration_only_with_it(alone):
    for name, overlay in known_overlays().items():
        names = {one["name"] for one in alone[name].config("taxonomy")["drivers"]}
        own = set(overlay.own_drivers)
        assert own <= names
        for other in known_overlays().values():
            assert not (set(other.own_drivers) - own) & names
        for driver in own:
            assert own_entry(driver)["name"] == driver
            examples = set(own_entry(driver)["examples"])
            assert not examples & set(lines(driver, "both"))
            assert yaml.safe_dump(phrases(driver))
