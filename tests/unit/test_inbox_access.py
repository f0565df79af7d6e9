from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from app.access import Access, Person, Right, Role, check_csrf, secret_hash
from app.problems import SignedOut, TooManyTries
from domain.errors import Forbidden, InvalidInput
from storage.store import SqlStore
from tests.clock import FakeClock


@pytest.fixture
def clock():
    return FakeClock(datetime(2026, 3, 3, 9, tzinfo=UTC))


@pytest.fixture
def store(tmp_path):
    store = SqlStore(f"sqlite:///{tmp_path / 'a.sqlite'}")
    store.prepare()
    yield store
    store.close()


@pytest.fixture
def access(store, clock):
    numbers = count()
    return Access(store, clock=clock, new_secret=lambda: f"secret-{next(numbers)}")


def test_a_link_opens_one_session_and_looking_does_not_use_it(access):
    link = access.create_link("Mara", Role.REVIEWER)

    assert access.find_link(link).person == "Mara"
    assert access.find_link(link).used_at is None
    session = access.open_session(link, address="a")
    with pytest.raises(SignedOut):
        access.open_session(link, address="a")

    assert access.find_session(session.secret) == session.person
    assert session.person.role is Role.REVIEWER


def test_a_link_expires(access, clock):
    link = access.create_link("Mara", Role.ADMIN, lives=timedelta(minutes=15))

    clock.pass_by(minutes=15)

    with pytest.raises(SignedOut):
        access.open_session(link, address="a")


def test_a_closed_or_old_session_is_nobody(access, clock):
    first = access.open_session(access.create_link("Mara", Role.ADMIN), address="a")
    second = access.open_session(access.create_link("Mara", Role.ADMIN), address="a")

    access.close_session(first.secret)
    assert access.find_session(first.secret) is None
    assert access.find_session(second.secret) is not None
    clock.pass_by(hours=12)
    assert access.find_session(second.secret) is None


def test_ten_wrong_links_close_the_door_for_five_minutes(access, clock):
    right = access.create_link("Mara", Role.ADMIN)
    for _ in range(10):
        with pytest.raises(SignedOut):
            access.open_session("wrong", address="10.0.0.9")

    with pytest.raises(TooManyTries):
        access.open_session(right, address="10.0.0.9")
    assert access.open_session(right, address="10.0.0.8").person.name == "Mara"
    clock.pass_by(minutes=6)
    again = access.create_link("Mara", Role.ADMIN)
    assert access.open_session(again, address="10.0.0.9").person.name == "Mara"


def test_secrets_are_kept_as_hashes_only(access, store, tmp_path):
    token = access.create_token("help-desk", "ingest")

    assert access.find_token(token) == Person("help-desk", Role.INGEST)
    assert access.find_token("ut_other") is None
    store.close()
    kept = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert token.encode() not in kept
    assert secret_hash(token).encode() in kept


def test_a_token_is_no_session_and_a_session_no_token(access):
    token = access.create_token("Mara", "admin")
    session = access.open_session(access.create_link("Mara", Role.ADMIN), address="a")

    assert access.find_session(token) is None
    assert access.find_token(session.secret) is None


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.VIEWER, {Right.SEE}),
        (Role.REVIEWER, {Right.SEE, Right.DECIDE}),
        (Role.ADMIN, {Right.SEE, Right.DECIDE, Right.LEAD, Right.SWITCH, Right.BRING}),
        (Role.INGEST, {Right.BRING}),
    ],
)
def test_each_role_may_exactly_this(role, rights):
    assert {right for right in Right if Person("x", role).may(right)} == rights


def test_ingest_cannot_sign_in_and_an_unknown_role_is_refused(access):
    with pytest.raises(InvalidInput, match="ingest"):
        access.create_link("x", "ingest")
    with pytest.raises(InvalidInput, match="viewer, reviewer"):
        access.create_token("x", "owner")
    with pytest.raises(InvalidInput, match="name"):
        access.create_token("  ", "viewer")


def test_a_form_without_the_sessions_own_token_is_refused():
    person = Person("x", Role.ADMIN, csrf="right")

    check_csrf(person, "right")
    for given in ("wrong", "", None, "rïght"):
        with pytest.raises(Forbidden):
            check_csrf(person, given)
    with pytest.raises(Forbidden):
        check_csrf(Person("x", Role.ADMIN), "")
