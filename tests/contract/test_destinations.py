"""Both destinations, judged by what lies outside: a folder, and a mail server's log."""

from __future__ import annotations

import os
import smtplib
from email import message_from_bytes, policy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.kit.marker import marker
from connectors.smtp.actions import MailDestination, TimeOuts, _secure
from connectors.smtp.message import HEADERS
from connectors.smtp.settings import Sender, Server, read_sender, read_server
from connectors.ticket_files.actions import TicketFiles
from connectors.ticket_files.document import file_name, folder_name
from connectors.ticket_files.settings import tickets_folder
from domain.destinations import MessageAction, TicketAction, WireStep
from domain.errors import (
    BytesChanged,
    DestinationUnavailable,
    InvalidAddress,
    InvalidConfiguration,
    InvalidInput,
    NoAnswer,
    RefusedForGood,
    RefusedForNow,
)
from tests.delivery_world import MORNING, SECRET
from tests.mail_server import MailLog, mail_server

pytestmark = pytest.mark.contract

SENDER = Sender("help@shop.example", "Help desk")
QUICK = TimeOuts(command_s=2.0, answer_s=0.2)


def a_mail(**changes):
    fields = {
        "key": "k_1",
        "subject": "Parcel late: what we know",
        "body": "Hello Ann,\n\nit is late.",
        "address": "ann@example.com",
        "name": "Ann",
        "made_at": MORNING,
    }
    return MessageAction(**{**fields, **changes})


def a_file(**changes):
    fields = {
        "key": "k_1",
        "title": "Late & lost <North>",
        "body": "**Who:** 412 affected.",
        "queue": "logistics",
        "issue_id": "i_1",
    }
    return TicketAction(**{**fields, **changes})


def send(destination, action, *, key=None, steps=None):
    return destination.send(
        destination.freeze(action),
        key=key or action.key,
        address=getattr(action, "address", None),
        on_step=(steps if steps is not None else []).append,
    )


@pytest.fixture(scope="module")
def server():
    with mail_server() as (log, port):
        yield log, port


@pytest.fixture
def log(server):
    fresh = MailLog()
    server[0].__dict__.update(fresh.__dict__)
    return server[0]


@pytest.fixture
def mail(server, log):
    return MailDestination(
        server=Server("127.0.0.1", server[1], tls=False),
        sender=SENDER,
        secret=SECRET,
        time_outs=QUICK,
    )


@pytest.fixture
def files(tmp_path):
    return TicketFiles(tmp_path / "tickets", secret=SECRET)


def ticket_paths(tmp_path):
    return sorted((tmp_path / "tickets").rglob("*.md"))


# -- what every destination keeps


@pytest.fixture(params=["mail", "files"])
def either(request):
    destination = request.getfixturevalue(request.param)
    return destination, a_mail() if request.param == "mail" else a_file()


def test_freezing_is_pure(either):
    destination, action = either

    assert destination.freeze(action) == destination.freeze(action)


def test_steps_come_in_order_and_the_body_begins_before_anything_leaves(either):
    destination, action = either
    steps = []

    sent = send(destination, action, steps=steps)

    assert steps == list(WireStep)
    assert sent.external_id


def test_bytes_under_another_key_are_refused(either):
    destination, action = either

    with pytest.raises(BytesChanged):
        send(destination, action, key="k_2")


def test_a_listener_that_raises_keeps_everything_back(either, log, tmp_path):
    destination, action = either

    def forbid(step):
        if step is WireStep.BODY_BEGINS:
            raise BytesChanged("No.")

    with pytest.raises(BytesChanged):
        destination.send(
            destination.freeze(action),
            key=action.key,
            address=getattr(action, "address", None),
            on_step=forbid,
        )

    assert log.accepted == []
    assert ticket_paths(tmp_path) == []


def test_the_wrong_kind_of_action_is_refused(mail, files):
    with pytest.raises(InvalidInput):
        mail.freeze(a_file())
    with pytest.raises(InvalidInput):
        files.freeze(a_mail())


# -- mail


def test_the_server_gets_exactly_the_frozen_bytes_for_one_recipient(mail, log):
    send(mail, a_mail(body="A line.\n.\n..dots\nFrom here: grüße 🎉 " + "x" * 2000))

    ((sender, recipient, content),) = log.accepted
    assert (sender, recipient) == ("help@shop.example", "ann@example.com")
    assert content == mail.freeze(
        a_mail(body="A line.\n.\n..dots\nFrom here: grüße 🎉 " + "x" * 2000)
    )
    parsed = message_from_bytes(content, policy=policy.SMTP)
    assert (
        parsed.get_content().replace("\r\n", "\n").startswith("A line.\n.\n..dots\nFrom here: grü")
    )
    assert tuple(parsed.keys()) == HEADERS
    assert parsed["Date"].datetime == MORNING


def test_the_message_id_is_the_keys_marker(mail):
    first, second = mail.freeze(a_mail(key="k_1")), mail.freeze(a_mail(key="k_2"))

    assert f"<{marker(SECRET, 'k_1')}@shop.example>".encode() in first
    assert marker(SECRET, "k_1").encode() not in second


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?q?late=0ABcc=3A_eve=40evil.example?=",
        "=?utf-8?b?bGF0ZQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?=",
        "Größe falsch: " + "ä" * 200,
        "Two  blanks",
        'Quotes " and \\ and , ; <x@y.example>',
        "🎉 " * 40 + "end",
    ],
)
def test_a_subject_is_read_as_it_was_written_and_makes_no_header(mail, log, subject):
    send(mail, a_mail(subject=subject))

    ((_, recipient, content),) = log.accepted
    parsed = message_from_bytes(content, policy=policy.SMTP)
    assert recipient == "ann@example.com"
    assert tuple(parsed.keys()) == HEADERS
    assert str(parsed["Subject"]) == subject
    assert max(len(line) for line in content.split(b"\r\n")) <= 998


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "late\r\nBcc: eve@evil.example"},
        {"subject": "late\nBcc: eve@evil.example"},
        {"subject": "late\u2028Bcc: eve@evil.example"},
        {"name": "Ann\r\nBcc: eve@evil.example"},
        {"subject": ""},
        {"made_at": None},
    ],
)
def test_what_could_become_a_header_is_refused(mail, changes):
    with pytest.raises(InvalidInput):
        mail.freeze(a_mail(**changes))


@pytest.mark.parametrize(
    "name", ['Ann "the" <eve@evil.example>', "Ann, Eve", "Äñn Ø", "=?x?q?y?=", "(c)"]
)
def test_a_name_cannot_name_another_recipient(mail, log, name):
    send(mail, a_mail(name=name))

    parsed = message_from_bytes(log.accepted[0][2], policy=policy.SMTP)
    assert [(one.display_name, one.addr_spec) for one in parsed["To"].addresses] == [
        (name, "ann@example.com")
    ]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(subject=st.text(max_size=120), name=st.text(max_size=60), body=st.text(max_size=300))
def test_whatever_is_typed_is_read_back_or_refused(mail, subject, name, body):
    try:
        frozen = mail.freeze(a_mail(subject=subject, name=name, body=body))
    except InvalidInput:
        return

    parsed = message_from_bytes(frozen, policy=policy.SMTP)
    assert tuple(parsed.keys()) == HEADERS
    assert [one.addr_spec for one in parsed["To"].addresses] == ["ann@example.com"]
    assert str(parsed["Subject"]) == subject


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "ann@localhost",
        "a@b@example.com",
        ".ann@example.com",
        "ann..b@example.com",
        '"ann b"@example.com',
        "ann@[127.0.0.1]",
        "ann@127.0.0.1",
        "änn@example.com",
        "ann@exämple.com",
        "ann@example.com,eve@evil.example",
        "ann@example.com\r\nRCPT TO:<eve@evil.example>",
        "ann@example.com\n",
        "<ann@example.com>",
        "ann @example.com",
        "ann@-example.com",
        "x" * 65 + "@example.com",
        "ann@" + "x" * 64 + ".com",
        "ann@example.com(eve)",
        "ann%eve@evil.example ",
    ],
)
def test_an_odd_address_is_refused_clearly(mail, address):
    with pytest.raises(InvalidAddress, match="cannot be written to"):
        mail.freeze(a_mail(address=address))


@pytest.mark.parametrize(
    "address", ["a.b+c@sub.example.co", "o'neil@example.com", "x_y@a-b.example"]
)
def test_a_plain_address_is_written_to(mail, log, address):
    send(mail, a_mail(address=address))

    assert log.accepted[0][1] == address


def test_a_recipient_refused_for_now_or_for_good_gets_nothing(mail, log):
    log.recipient_answers = {"ann@example.com": ["450 grey-listed, come again", "550 no such user"]}

    with pytest.raises(RefusedForNow, match="450"):
        send(mail, a_mail())
    with pytest.raises(RefusedForGood, match="550"):
        send(mail, a_mail())
    send(mail, a_mail())

    assert len(log.accepted) == 1


@pytest.mark.parametrize(
    ("answer", "error"), [("451 busy", RefusedForNow), ("554 spam", RefusedForGood)]
)
def test_a_final_refusal_is_a_refusal(mail, log, answer, error):
    log.body_answers = [answer]

    with pytest.raises(error, match=answer):
        send(mail, a_mail())

    assert (log.accepted, log.refused_bodies) == ([], 1)


@pytest.mark.parametrize("fault", ["drop", "slow"])
def test_a_final_answer_that_is_lost_is_no_answer(mail, log, fault):
    log.body_answers = [fault]

    with pytest.raises(NoAnswer, match="may have arrived"):
        send(mail, a_mail())

    assert len(log.accepted) == 1


def test_a_server_that_is_not_there_is_a_refusal_for_now():
    destination = MailDestination(
        server=Server("127.0.0.1", 9, tls=False), sender=SENDER, secret=SECRET, time_outs=QUICK
    )

    with pytest.raises(RefusedForNow, match="did not let us in"):
        send(destination, a_mail())


def test_plain_goes_to_loopback_only():
    class Elsewhere(smtplib.SMTP):
        def __init__(self):
            self.esmtp_features = {}
            self.ehlo_resp = b"mail.example"
            self.helo_resp = None

        @property
        def sock(self):
            return self

        def getpeername(self):
            return ("203.0.113.5", 25)

    with pytest.raises(RefusedForNow, match="STARTTLS"):
        _secure(Elsewhere(), Server("mail.example", 25, tls=False))


def test_mail_names_the_setting_it_misses():
    server = Server("127.0.0.1", 25, tls=False)

    without_server = MailDestination(server=None, sender=SENDER, secret=SECRET)
    without_sender = MailDestination(server=server, sender=None, secret=SECRET)

    assert "UNDERTONE_SMTP_URL" in without_server.missing
    assert "UNDERTONE_MAIL_FROM" in without_sender.missing
    assert without_sender.freeze(a_mail())
    with pytest.raises(DestinationUnavailable):
        send(without_server, a_mail())


def test_mail_cannot_be_asked(mail):
    with pytest.raises(DestinationUnavailable):
        mail.find("k_1")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://127.0.0.1:2525", Server("127.0.0.1", 2525, tls=False)),
        ("smtps://m.example", Server("m.example", 465, tls=True)),
        (
            "smtp://us%40er:p%3Aw@m.example:587",
            Server("m.example", 587, tls=False, user="us@er", password="p:w"),
        ),
    ],
)
def test_a_server_is_read_from_its_url(url, server):
    assert read_server(url) == server


@pytest.mark.parametrize("url", ["", "m.example:25", "http://m.example", "smtp://u:geheim@m:port"])
def test_a_wrong_url_is_refused_and_not_repeated(url):
    with pytest.raises(InvalidConfiguration, match="UNDERTONE_SMTP_URL") as caught:
        read_server(url)
    assert "geheim" not in str(caught.value)


def test_a_sender_has_an_address_and_perhaps_a_name():
    assert read_sender("help@shop.example") == Sender("help@shop.example")
    assert read_sender('"Help desk" <help@shop.example>') == SENDER
    assert read_sender("Help desk <help@shop.example>") == SENDER
    with pytest.raises(InvalidConfiguration, match="UNDERTONE_MAIL_FROM"):
        read_sender("help desk")


# -- ticket files


def test_a_ticket_is_one_file_with_title_marker_and_issue(files, tmp_path):
    sent = send(files, a_file())

    (path,) = ticket_paths(tmp_path)
    content = path.read_text()
    token = marker(SECRET, "k_1")
    assert path.read_bytes() == files.freeze(a_file())
    assert (path.parent.name, path.name) == ("logistics", f"late-lost-north-{token}.md")
    assert content.startswith(f"---\nundertone: {token}\n")
    assert "\n# Late & lost <North>\n" in content
    assert sent.external_id == f"logistics/{path.name}"


def test_filing_again_changes_nothing(files, tmp_path):
    send(files, a_file())
    before = [(path, path.stat().st_mtime_ns) for path in ticket_paths(tmp_path)]

    again = send(files, a_file())

    assert [(path, path.stat().st_mtime_ns) for path in ticket_paths(tmp_path)] == before
    assert again.detail == "It was there already."


def test_an_update_changes_the_same_file_and_keeps_what_people_wrote_below(files, tmp_path):
    send(files, a_file())
    (path,) = ticket_paths(tmp_path)
    path.write_text(path.read_text() + "\nInes: on it, see LOG-7.\n")

    sent = send(files, a_file(title="Later still", body="**Who:** 600 affected."))

    (same,) = ticket_paths(tmp_path)
    content = same.read_text()
    assert same == path
    assert "600 affected" in content
    assert "412" not in content
    assert content.endswith("\nInes: on it, see LOG-7.\n")
    assert sent.detail == "The file was updated."


def test_what_people_changed_is_never_overwritten(files, tmp_path):
    send(files, a_file())
    (path,) = ticket_paths(tmp_path)
    path.write_text(path.read_text().replace("412 affected", "412 affected, really 380"))

    grown = a_file(body="**Who:** 600 affected.")
    first, second = send(files, grown), send(files, grown)
    last = send(files, a_file(body="**Who:** 700 affected."))

    (same,) = ticket_paths(tmp_path)
    content = same.read_text()
    assert "412 affected, really 380" in content
    assert [content.count("600 affected"), content.count("700 affected")] == [1, 1]
    assert "changed by hand" in first.detail
    assert second.detail == "It was there already."
    assert "changed by hand" in last.detail


def test_a_file_stripped_of_every_mark_is_kept_and_added_to(files, tmp_path):
    send(files, a_file())
    (path,) = ticket_paths(tmp_path)
    path.write_text("Mine now.\n")

    send(files, a_file(body="**Who:** 600 affected."))

    assert ticket_paths(tmp_path) == [path]
    assert path.read_text().startswith("Mine now.\n")


def test_a_file_that_is_not_text_any_more_is_not_touched(files, tmp_path):
    send(files, a_file())
    (path,) = ticket_paths(tmp_path)
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(RefusedForGood, match="UTF-8"):
        send(files, a_file(body="**Who:** 600 affected."))

    assert path.read_bytes() == b"\xff\xfe\x00"


def test_a_file_saved_by_somebody_at_this_very_moment_keeps_their_words(files, tmp_path):
    send(files, a_file())
    (path,) = ticket_paths(tmp_path)

    def save(step):
        if step is WireStep.MID_BODY:
            path.write_text(path.read_text() + "\nInes was here.\n")

    grown = a_file(body="**Who:** 600 affected.")
    with pytest.raises(RefusedForNow, match="this very moment"):
        files.send(files.freeze(grown), key="k_1", address=None, on_step=save)
    send(files, grown)

    assert "600 affected" in path.read_text()
    assert path.read_text().endswith("Ines was here.\n")


def test_windows_line_ends_are_no_change_by_hand(files, tmp_path):
    send(files, a_file())
    (path,) = ticket_paths(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert send(files, a_file(body="**Who:** 600.")).detail == "The file was updated."


def test_a_renamed_or_moved_file_is_found_by_its_marker(files, tmp_path):
    send(files, a_file())
    (path,) = ticket_paths(tmp_path)
    moved = tmp_path / "tickets" / "done" / "seven.md"
    moved.parent.mkdir()
    path.rename(moved)

    found = files.find("k_1")
    send(files, a_file(body="**Who:** 600 affected."))

    assert found.external_id == "done/seven.md"
    assert ticket_paths(tmp_path) == [moved]


def test_looking_tells_which_bytes_lie_there(files):
    assert files.find("k_1") is None

    send(files, a_file())
    first = files.find("k_1")
    send(files, a_file(body="**Who:** 600."))
    second = files.find("k_1")

    from tests.delivery_world import sha256

    assert first.sha256 == sha256(files.freeze(a_file()))
    assert second.sha256 == sha256(files.freeze(a_file(body="**Who:** 600.")))


def test_two_files_with_one_marker_keep_the_older_and_say_so(files, tmp_path):
    send(files, a_file())
    (path,) = ticket_paths(tmp_path)
    twin = path.with_name("copy.md")
    os.link(path, twin)
    path.rename(path.with_name("a.md"))

    found = files.find("k_1")

    assert "same marker stands in" in found.detail
    assert len(ticket_paths(tmp_path)) == 2


def test_another_installations_files_are_not_ours(files, tmp_path):
    other = TicketFiles(tmp_path / "tickets", secret=b"another secret")
    send(other, a_file())

    assert files.find("k_1") is None


@pytest.mark.parametrize(
    "queue",
    [
        "../../etc",
        "/etc/cron.d",
        "..",
        ".",
        "a/../../b",
        "C:\\x",
        ".hidden",
        "con",
        "a\x00b",
        "\u202e",
    ],
)
def test_a_queue_is_never_a_path(files, tmp_path, queue):
    send(files, a_file(queue=queue))

    (path,) = (tmp_path / "tickets").rglob("*.md")
    assert path.parent.parent == tmp_path / "tickets"
    assert not path.parent.name.startswith(".")
    assert list(tmp_path.iterdir()) == [tmp_path / "tickets"]


def test_plain_queue_names_stay_as_they_are():
    assert [folder_name(one) for one in ("Delivery Ops", "LOG", "größe_2")] == [
        "Delivery Ops",
        "LOG",
        "größe_2",
    ]
    assert folder_name("x" * 500) == "x" * 64
    assert folder_name("...") == "unsorted"


@pytest.mark.parametrize("title", ["../../x", "", "日本語", "a" * 500, "con", "a/b\\c:d*e?f"])
def test_a_title_is_never_a_path(title):
    name = file_name(title, "0" * 32)

    assert name.endswith("-" + "0" * 32 + ".md")
    assert len(name) < 100
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert name.count(".") == 1


def test_a_queue_folder_that_leads_elsewhere_is_refused(files, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "tickets").mkdir()
    (tmp_path / "tickets" / "logistics").symlink_to(elsewhere)

    with pytest.raises(RefusedForGood, match="leads out"):
        send(files, a_file())

    assert list(elsewhere.iterdir()) == []


def test_words_that_look_like_our_marks_change_nothing(files, tmp_path):
    trick = "<!-- undertone " + "0" * 32 + " " + "0" * 64 + " x -->"
    send(files, a_file(body=f"A person wrote:\n{trick}\nand more"))
    (path,) = ticket_paths(tmp_path)

    send(files, a_file(body="**Who:** 600."))

    assert ticket_paths(tmp_path) == [path]
    assert "600" in path.read_text()


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("x")

    destination = TicketFiles(blocked / "tickets", secret=SECRET)

    assert "UNDERTONE_TICKETS_DIR" in destination.missing
    with pytest.raises(RefusedForNow):
        send(destination, a_file())


def test_the_folder_is_the_homes_own_unless_named(tmp_path):
    assert tickets_folder(None, home=tmp_path) == tmp_path / "tickets"
    assert tickets_folder(" ", home=tmp_path) == tmp_path / "tickets"
    assert str(tickets_folder("/srv/t", home=tmp_path)) == "/srv/t"
