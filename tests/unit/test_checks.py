"""Numbers, quotes, promises, links and other customers' data in drafts."""

import pytest

from agent.casework.checks import check_draft
from domain.issues import ReachState
from domain.people import Owner, Policy
from domain.proposals import (
    Draft,
    Evidence,
    EvidenceKind,
    ProposalKind,
    Recipient,
    Section,
    SectionRole,
    Sentence,
)

OWNER = Owner(match="d", department="D", person="P", email="p@x.example")
NEXT = "We will write to you again by Thursday 5 March, 10:00 UTC."
RECIPIENT = Recipient(
    customer_id="c1", address="a@b.example", name="Aino Lahti", state=ReachState.AFFECTED,
    values={"hello": "Hello Aino Lahti,", "item": "your order HP-9"},
)  # fmt: skip


def _draft(text, *, kind=ProposalKind.MESSAGE, claim="412 affected since 3 March", subject="News"):
    evidence = (
        Evidence(number=1, claim=claim, kind=EvidenceKind.ROWS, ref="q_1", title="t"),
        Evidence(number=2, claim=NEXT, kind=EvidenceKind.POLICY, ref="next_word_hours", title="t"),
        Evidence(number=3, claim="nobody came", kind=EvidenceKind.QUOTE, ref="f1", title="t"),
    )
    section = Section(
        key="see", heading=None, role=SectionRole.PARAGRAPH,
        sentences=(Sentence(text=text, marks=(1, 2, 3)),),
    )  # fmt: skip
    return Draft(kind=kind, subject=subject, sections=(section,), evidence=evidence)


def _open(draft, owner=OWNER, policy=None):
    policy = policy or Policy()
    checks = check_draft(draft, policy=policy, owner=owner, recipients=(RECIPIENT,))
    return {one.key for one in checks if not one.ok}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("412 affected since 3 March.", None),
        ("480 affected.", "numbers"),
        ("Back to normal on Friday.", "numbers"),
        ("A dozen parcels.", "numbers"),
        ("They say “nobody came”.", None),
        ("They say “nobody ever came”.", "quotes"),
        ("Your parcel will arrive tomorrow.", "promises"),
        ("We will refund you.", "promises"),
        ("We guarantee a solution.", "promises"),
        (NEXT, None),
        ("See https://evil.example/x.", "links"),
        ("Write to boss@evil.example.", "addresses"),
        ("Dear Aino Lahti, hello.", "others"),
        ("It is about $item.", None),
        ("It is about $price.", "slots"),
    ],
)
def test_each_rule_finds_what_breaks_it(text, problem):
    found = _open(_draft(text))
    assert (problem in found) if problem else not found


def test_an_allowed_link_host_passes():
    draft = _draft("See https://shop.example/x.")
    assert "links" not in _open(draft, policy=Policy(link_hosts=("shop.example",)))


def test_a_ticket_without_an_owner_stays_open():
    assert "owner" in _open(_draft("412 affected.", kind=ProposalKind.TICKET), owner=None)


def test_a_number_may_be_kept_and_a_promise_may_not():
    checks = {
        one.key: one
        for one in check_draft(
            _draft("480 affected, we will refund you."), policy=Policy(), owner=OWNER,
            recipients=(RECIPIENT,),
        )
    }  # fmt: skip
    assert checks["numbers"].may_be_kept
    assert not checks["promises"].may_be_kept
    assert checks["promises"].safe_wording == NEXT


def test_a_slot_in_the_subject_is_open():
    assert "slots" in _open(_draft("412 affected.", subject="Your $item"))
