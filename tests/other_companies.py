"""Small companies unlike the example shop, each with one planted fault and its truth.

Kinds, attributes, values and ways of going wrong differ from one to the next, so that
nothing can be tuned to one of them. Every company is a function of a seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from domain.facts import Fact
from domain.feedback import FeedbackItem

BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 12, 9, tzinfo=UTC)
START = datetime(2026, 6, 9, 4, tzinfo=UTC)


class Company(NamedTuple):
    """What happened, what was said about the fault, and the truth."""

    name: str
    facts: list[Fact]
    reports: list[FeedbackItem]
    cause: dict[str, Any] | None
    members: set[tuple[str, str]] | None
    """(customer, state); None where the truth names no lists."""


class Book:
    """Collects facts, hits and reports while a company is made."""

    def __init__(self, name: str, seed: int, customers: int = 400) -> None:
        self.name = name
        self.draw = random.Random(f"{name}:{seed}")  # noqa: S311
        self.people = [f"K{1000 + number}" for number in range(customers)]
        self.facts: list[Fact] = []
        self.hits: dict[str, datetime] = {}
        self.open: set[str] = set()
        for who in self.people:
            self.add("customer", BEGIN, who, id_=f"customer:{who}", name=f"Name {who}",
                     email=f"{who.lower()}@example.org")  # fmt: skip
            self.add(
                "account", BEGIN, who, id_=f"account:A{who}", account=f"A{who}",
                region=self.pick("Uusimaa", "Savo", "Lappi", "Pirkanmaa"),
                plan=self.pick("S", "M", "L"), segment=self.pick("home", "office"),
                rep=self.pick("Aro", "Niemi", "Salo", "Virta", "Laine"),
            )  # fmt: skip

    def pick(self, *values: Any, weights: tuple[float, ...] | None = None) -> Any:
        return self.draw.choices(values, weights)[0]

    def chance(self, share: float) -> bool:
        return self.draw.random() < share

    def moment(self, first: datetime = BEGIN, last: datetime = NOW) -> datetime:
        at = first + (last - first) * self.draw.random()
        return at.replace(second=0, microsecond=0)

    def who(self) -> str:
        return self.draw.choice(self.people)

    def account(self, who: str) -> Fact:
        return self.facts[2 * self.people.index(who) + 1]

    def add(
        self, kind: str, at: datetime, who: str | None = None, *, id_: str | None = None,
        account: str | None = None, amount: int | None = None, recorded: datetime | None = None,
        **attributes: Any,
    ) -> str:  # fmt: skip
        id_ = id_ or f"{kind}-{len(self.facts)}"
        plain = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in attributes.items()
            if value is not None
        }
        self.facts.append(Fact(
            id=id_, kind=kind, at=at, recorded_at=recorded, customer_id=who,
            account_id=account or (f"A{who}" if who else None), amount_minor=amount,
            currency=None if amount is None else "EUR", attributes=plain,
        ))  # fmt: skip
        return id_

    def hit(self, who: str, at: datetime) -> None:
        self.hits[who] = min(at, self.hits.get(who, at))

    def company(
        self, cause: dict[str, Any] | None, *, wrote: float = 0.3, least: int = 6,
        stray: int = 1, risk: bool = True, lists: bool = True,
    ) -> Company:  # fmt: skip
        early = sorted(self.hits, key=lambda who: (self.hits[who], who))
        count = min(len(early), max(least, round(wrote * len(early))))
        chosen = set(self.draw.sample(early[: max(count, len(early) * 3 // 4)], count))
        others = self.draw.sample(sorted(set(self.people) - set(self.hits) - self.open), stray)
        reports = []
        for who in sorted(chosen) + others:
            since = self.hits.get(who, START)
            at = min(since + timedelta(hours=self.draw.expovariate(1 / 9)), NOW)
            reports.append(FeedbackItem(
                id=f"t{who}", source="desk", text={"value": "It does not work."}, at=at,
                customer_id=who,
            ))  # fmt: skip
        self.facts.append(Fact(id="tick", kind="heartbeat", at=NOW))
        members = {(who, "affected" if who in chosen else "silent") for who in self.hits}
        members |= {(who, "at_risk") for who in self.open - set(self.hits)} if risk else set()
        return Company(self.name, self.facts, reports, cause, members if lists else None)


def late_installations(seed: int) -> Company:
    """A network operator: appointments from one depot are missed."""
    book = Book("late_installations", seed)
    for _ in range(1400):
        at = book.moment(last=NOW + timedelta(days=2))
        planned = at + timedelta(days=3)
        who, depot = book.who(), book.pick("Oulu", "Kemi", "Vaasa", "Pori", "Kotka")
        modem = book.pick("R2", "R3", "R4")
        if at > NOW:
            continue
        stuck = depot == "Kemi" and planned >= START
        delay = timedelta(hours=book.pick(-5, -3, -1, 30, weights=(4, 4, 4, 0.3)))
        done = planned + delay
        if stuck and done >= START:
            done = NOW + timedelta(days=3)
        if done > NOW and planned <= NOW and not stuck:
            done = planned - timedelta(hours=1)
        if stuck and done > NOW:
            if planned <= NOW:
                book.hit(who, planned)
            else:
                book.open.add(who)
        known = {"completed_at": done} if done <= NOW else {}
        book.add("installation", at, who, depot=depot, modem=modem, scheduled_at=planned,
                 crew=book.pick("c1", "c2", "c3"), **known)  # fmt: skip
    return book.company({"depot": "Kemi"})


def debit_run(seed: int) -> Company:
    """A gym chain: the June run debits direct debits twice; some are already returned."""
    book = Book("debit_run", seed)
    for who in book.people:
        method = book.pick("debit", "card", "transfer", weights=(3, 4, 2))
        for month in (5, 6):
            due = datetime(2026, month, 9 if month == 6 else 7, 6, tzinfo=UTC)
            period = f"2026-0{month}"
            bill = book.add("invoice", due - timedelta(days=6), who, amount=2990 + 100 * month,
                            due_at=due, period=period, status="paid")  # fmt: skip
            twice = method == "debit" and month == 6
            paid = due + timedelta(minutes=book.draw.randrange(60))
            if month == 5 and book.chance(0.25):
                paid = START + timedelta(hours=2 + 40 * book.draw.random())
            amount = 2990 + 100 * month
            book.add("payment", paid, who, amount=amount, invoice_id=bill, method=method,
                     status="captured")  # fmt: skip
            if twice and book.chance(0.9):
                again = paid + timedelta(minutes=3)
                book.add("payment", again, who, amount=amount, invoice_id=bill,
                               method=method, status="captured")  # fmt: skip
                if book.chance(0.15):
                    last = book.facts[-1]
                    book.facts.append(last.model_copy(update={
                        "recorded_at": again + timedelta(hours=8),
                        "attributes": {**last.attributes, "status": "refunded"}}))  # fmt: skip
                else:
                    book.hit(who, again)
    return book.company({"method": "debit", "period": "2026-06"}, wrote=0.2)


def failing_checkout(seed: int) -> Company:
    """A grocer: payments fail in one browser with one release of the shop; few write."""
    book = Book("failing_checkout", seed, customers=600)
    for _ in range(2200):
        at, who = book.moment(), book.who()
        release = "7.2" if at >= START and book.chance(0.6) else "7.1"
        browser = book.pick("Firefox", "Safari", "Chrome", weights=(2, 2, 5))
        order = book.add("order", at, who, amount=4500, version=release, browser=browser,
                         store=book.pick("Turku", "Espoo", "Vantaa"))  # fmt: skip
        broken = release == "7.2" and browser == "Safari"
        bad = book.chance(0.85) if broken else book.chance(0.03)
        status = "failed" if bad else "captured"
        book.add("payment", at, who, amount=4500, order_id=order,
                 method=book.pick("card", "wallet"), status=status)  # fmt: skip
        if broken and bad:
            book.hit(who, at)
    book.add("deploy", START - timedelta(minutes=5), service="shop", version="7.2")
    return book.company({"version": "7.2", "browser": "Safari"}, wrote=0.0, least=9)


def batch_of_orders(seed: int) -> Company:
    """A tailor: one batch comes back torn; the batch stands on the order."""
    book = Book("batch_of_orders", seed)
    for _ in range(900):
        at, who = book.moment(last=NOW - timedelta(days=1)), book.who()
        batch = f"P{int((at - BEGIN).days / 5) * 3 + book.draw.randrange(3):02d}"
        bad_batch = batch == "P22"
        order = book.add("order", at, who, amount=8900, batch=batch,
                         colour=book.pick("blue", "grey", "sand"))  # fmt: skip
        back = at + timedelta(days=1.5 * book.draw.random())
        torn = bad_batch and book.chance(0.6)
        if (torn or book.chance(0.05)) and back < NOW:
            reason = "seam torn" if torn else book.pick("too large", "not needed")
            book.add("return", back, who, order_id=order, reason=reason)
            if torn:
                book.hit(who, back)
        elif bad_batch:
            book.open.add(who)
    return book.company({"batch": "P22"}, lists=False)


def batch_of_returns(seed: int) -> Company:
    """A toy maker: only returns carry the batch; one batch comes back as defective."""
    book = Book("batch_of_returns", seed)
    for _ in range(1400):
        at, who = book.moment(), book.who()
        order = book.add("order", at - timedelta(days=4), who, amount=1900,
                         line=book.pick("wood", "plush", "brick"))  # fmt: skip
        if book.chance(0.35):
            bad = at >= START and book.chance(0.5)
            batch = "L-88" if bad else f"L-{book.draw.randrange(70, 95)}"
            reason = (
                book.pick("wheel comes off")
                if batch == "L-88" and at >= START
                else book.pick("not liked", "late gift", "wheel comes off", weights=(5, 5, 0.5))
            )
            book.add("return", at, who, order_id=order, batch=batch, reason=reason)
            if batch == "L-88" and at >= START:
                book.hit(who, at)
    return book.company({"batch": "L-88"}, risk=False)


def deploy_and_promotion(seed: int) -> Company:
    """Release and promotion begin on one day; the promotion breaks delivery dates."""
    book = Book("deploy_and_promotion", seed)
    for _ in range(1500):
        at, who = book.moment(last=NOW - timedelta(hours=6)), book.who()
        fresh = at >= START - timedelta(days=2)
        promotion = "MAY" if not fresh and book.chance(0.3) else None
        if fresh and book.chance(0.4):
            promotion = "SUMMER"
        new = fresh and book.chance(0.85 if promotion == "SUMMER" else 0.5)
        order = book.add("order", at, who, amount=5200, version="31" if new else "30",
                         promotion=promotion)  # fmt: skip
        promised = at + timedelta(days=2)
        done = (
            promised - timedelta(hours=4)
            if not book.chance(0.03)
            else promised + timedelta(hours=20)
        )
        if promotion == "SUMMER":
            done = promised + timedelta(days=4)
            if promised <= NOW:
                book.hit(who, promised)
            else:
                book.open.add(who)
        known = {"delivered_at": done} if done <= NOW else {}
        book.add("delivery", at, who, order_id=order, promised_at=promised, **known,
                 carrier=book.pick("Postia", "Matka"))  # fmt: skip
    day = START - timedelta(days=2)
    book.add("deploy", day, service="shop", version="31")
    return book.company({"promotion": "SUMMER"})


def noise(seed: int) -> Company:
    """Nothing is wrong; some people write all the same."""
    book = Book("noise", seed)
    for _ in range(900):
        at, who = book.moment(), book.who()
        order = book.add("order", at, who, amount=2500, version=book.pick("1", "2"),
                         promotion=book.pick(None, "X"))  # fmt: skip
        promised = at + timedelta(days=2)
        late = book.chance(0.06)
        done = promised + timedelta(hours=20 if late else -3)
        book.add("delivery", at, who, order_id=order, promised_at=promised,
                 delivered_at=done if done <= NOW else None,
                 carrier=book.pick("Postia", "Matka", "Kulku"))  # fmt: skip
        book.add("payment", at, who, amount=2500, order_id=order,
                 status="failed" if book.chance(0.04) else "captured")  # fmt: skip
    return book.company(None, stray=12, least=0)


def exports_fail(seed: int) -> Company:
    """A software house: exports of one release fail for one plan."""
    book = Book("exports_fail", seed)
    for _ in range(2400):
        at, who = book.moment(), book.who()
        plan = book.account(who).attributes["plan"]
        release = book.pick("5.0", "5.1") if at >= START else "5.0"
        broken = release == "5.1" and plan == "L"
        bad = book.chance(0.9) if broken else book.chance(0.02)
        book.add("export", at, who, version=release, format=book.pick("csv", "pdf", "xlsx"),
                 status="error" if bad else "ok", took_s=book.draw.randrange(3, 90))  # fmt: skip
        if broken and bad:
            book.hit(who, at)
    return book.company({"version": "5.1", "plan": "L"}, risk=False)


def handoffs_lose(seed: int) -> Company:
    """An insurer: what claims passes to billing arrives without the policy number."""
    book = Book("handoffs_lose", seed)
    for _ in range(1200):
        at, who = book.moment(), book.who()
        source = book.pick("claims", "sales", "support")
        target = book.pick("billing", "medical", "legal")
        broken = source == "claims" and target == "billing" and at >= START
        wait = book.draw.randrange(60_000, 110_000) if broken else book.draw.randrange(300, 20_000)
        book.add("handoff", at, who, thread_id=f"T{len(book.facts)}", from_department=source,
                 to_department=target, waited_s=wait,
                 fields_passed="name" if broken else "name,policy_number")  # fmt: skip
        if broken:
            book.hit(who, at)
    return book.company({"from_department": "claims", "to_department": "billing"}, risk=False)


def damaged_rentals(seed: int) -> Company:
    """A tool rental: machines from one depot come out damaged; a flag says so."""
    book = Book("damaged_rentals", seed)
    for _ in range(2000):
        at, who = book.moment(), book.who()
        depot, tool = book.pick("North yard", "Harbour", "Mill"), book.pick("saw", "lift", "drill")
        broken = depot == "Harbour" and tool == "lift" and at >= START
        bad = book.chance(0.75) if broken else book.chance(0.03)
        book.add("rental", at, who, depot=depot, tool=tool, days=book.draw.randrange(1, 6),
                 damaged=bad)  # fmt: skip
        if broken and bad:
            book.hit(who, at)
    return book.company({"depot": "Harbour", "tool": "lift"}, risk=False)


def late_from_warehouse(seed: int) -> Company:
    """A bookseller: parcels packed in one warehouse go out late; a third only."""
    book = Book("late_from_warehouse", seed, customers=700)
    for _ in range(2600):
        at, who = book.moment(), book.who()
        warehouse = book.pick("Lohja", "Kerava", "Salo")
        order = book.add("order", at, who, amount=3100, warehouse=warehouse)
        promised = at + timedelta(days=2)
        slow = warehouse == "Salo" and promised >= START and book.chance(0.4)
        late = slow or book.chance(0.02)
        done = promised + timedelta(hours=60 if late else -5)
        if warehouse == "Salo" and promised >= START and late and promised <= NOW:
            book.hit(who, promised)
        if warehouse == "Salo" and promised > NOW and done > NOW:
            book.open.add(who)
        book.add("delivery", at, who, order_id=order, promised_at=promised,
                 delivered_at=done if done <= NOW else None,
                 carrier=book.pick("Postia", "Matka", "Kulku"),
                 status="delivered" if done <= NOW else "on the way")  # fmt: skip
    return book.company({"warehouse": "Salo"}, wrote=0.25)


def renewals_lost(seed: int) -> Company:
    """An office supplier: renewals of one sales person are lost after a price promise."""
    book = Book("renewals_lost", seed, customers=500)
    for _ in range(1100):
        at, who = book.moment(), book.who()
        rep = book.account(who).attributes["rep"]
        broken = rep == "Salo" and at >= START
        bad = book.chance(0.8) if broken else book.chance(0.06)
        book.add("renewal", at, who, rep=rep, outcome="lost" if bad else "renewed")
        if broken and bad:
            book.hit(who, at)
    return book.company({"rep": "Salo"}, risk=False)


def meters_drift(seed: int) -> Company:
    """A utility: meters of one model report far too much after an update."""
    book = Book("meters_drift", seed)
    for _ in range(1800):
        at, who = book.moment(), book.who()
        model, firmware = book.pick("E1", "E2", "E3"), book.pick("10", "11")
        broken = model == "E2" and firmware == "11" and at >= START
        use = book.draw.gauss(300, 40) * (2.6 if broken else 1)
        book.add("reading", at, who, model=model, firmware=firmware, kwh=round(use, 1))
        if broken:
            book.hit(who, at)
    return book.company({"model": "E2", "firmware": "11"}, risk=False)


def unpaid_debits(seed: int) -> Company:
    """A landlord: debits from one bank are not collected, so bills fall overdue."""
    book = Book("unpaid_debits", seed)
    for _ in range(1300):
        at, who = book.moment(), book.who()
        due, bank = at + timedelta(days=2), book.pick("Aava", "Kassa", "Ranta", "Lounas")
        broken = bank == "Ranta" and due >= START
        unpaid = broken or book.chance(0.02)
        paid = due - timedelta(hours=7)
        if broken:
            if due <= NOW:
                book.hit(who, due)
            else:
                book.open.add(who)
        settled = not unpaid and paid <= NOW
        if not settled and due <= NOW and not unpaid:
            continue
        book.add("invoice", at, who, amount=64000, due_at=due, bank=bank,
                 status="paid" if settled else "open")  # fmt: skip
    return book.company({"bank": "Ranta"}, lists=True)


def equal_fits(seed: int) -> Company:
    """A caterer: kitchen and van always go together, so neither can be told guilty."""
    book = Book("equal_fits", seed)
    for _ in range(1200):
        at, who = book.moment(), book.who()
        kitchen, van = book.pick(("Ka", "v1"), ("Kb", "v2"), ("Kc", "v3"))
        broken = kitchen == "Kb" and at >= START
        bad = book.chance(0.7) if broken else book.chance(0.03)
        book.add("meal", at, who, kitchen=kitchen, van=van, status="rejected" if bad else "eaten")
        if broken and bad:
            book.hit(who, at)
    return book.company(None, lists=False)


def loud_redesign(seed: int) -> Company:
    """A bank app: users of one version dislike its look; nothing fails."""
    book = Book("loud_redesign", seed)
    for _ in range(2000):
        at, who = book.moment(), book.who()
        version = book.pick("12", "11") if at >= START else "11"
        book.add("session", at, who, version=version, device=book.pick("phone", "tablet"),
                 status="error" if book.chance(0.03) else "ok")  # fmt: skip
        if version == "12" and book.chance(0.5):
            book.hit(who, at)
    return book.company(None, wrote=0.8)._replace(members=set())


def two_at_once(seed: int) -> Company:
    """A pharmacy: a larger fault with the same outcome runs beside the one reported here."""
    book = Book("two_at_once", seed, customers=700)
    for _ in range(3000):
        at, who = book.moment(), book.who()
        carrier, hub = book.pick("Postia", "Matka", "Kulku"), book.pick("H1", "H2", "H3", "H4")
        promised = at + timedelta(days=2)
        other = carrier == "Kulku" and promised >= START - timedelta(days=1)
        this = hub == "H4" and carrier != "Kulku" and promised >= START and book.chance(0.8)
        late = this or other or book.chance(0.02)
        done = promised + timedelta(hours=80 if late else -5)
        if this and promised <= NOW:
            book.hit(who, promised)
        book.add("delivery", at, who, promised_at=promised, carrier=carrier, hub=hub,
                 delivered_at=done if done <= NOW else None)  # fmt: skip
    return book.company({"hub": "H4"}, lists=False)


COMPANIES: tuple[Callable[[int], Company], ...] = (
    late_installations, debit_run, failing_checkout, batch_of_orders, batch_of_returns,
    deploy_and_promotion, noise, exports_fail, handoffs_lose, damaged_rentals,
    late_from_warehouse, renewals_lost, meters_drift, unpaid_debits, equal_fits, loud_redesign,
    two_at_once,
)  # fmt: skip
