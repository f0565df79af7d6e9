"""Taxonomy, owners, policy, wanted customers: the files that people edit."""

from __future__ import annotations

from datetime import date

from pydantic import Field, JsonValue

from domain.record import Record, digest


class Driver(Record):
    """A reason of dissatisfaction."""

    name: str
    label: str
    description: str
    examples: tuple[str, ...] = ()
    touchpoint: str | None = None
    safety: bool = False


class Taxonomy(Record):
    """All drivers. The order is the order of the file."""

    drivers: tuple[Driver, ...]

    @property
    def hash(self) -> str:
        """Hash of the content, stored with everything made with it."""
        return digest(self)[:12]

    def find_driver(self, name: str) -> Driver | None:
        """Find a driver by name."""
        return next((one for one in self.drivers if one.name == name), None)


class Owner(Record):
    """One accountable person for the touchpoints that `match`."""

    match: str
    department: str
    person: str
    email: str
    deputy: str | None = None
    destination: str | None = None
    review_at: date | None = None


class Owners(Record):
    """Ownership map; the first match wins."""

    touchpoints: tuple[Owner, ...] = ()

    def find_owner(self, *, driver: str, touchpoint: str | None) -> Owner | None:
        """Find the owner of a driver or its touchpoint; None is a gap, never a guess."""
        names = {driver, touchpoint} - {None}
        return next((one for one in self.touchpoints if one.match in names), None)


class QuietHours(Record):
    """No outreach between these local hours (0 to 24) of the customer."""

    start: int = Field(ge=0, le=24)
    end: int = Field(ge=0, le=24)


class ContactCap(Record):
    """At most `messages` to one customer in `days`."""

    messages: int = Field(ge=1)
    days: int = Field(ge=1)


class FourEyes(Record):
    """A second approver is needed above these limits."""

    recipients: int | None = None
    amount_minor: int | None = None


class Price(Record):
    """US dollars for a million tokens."""

    input_usd: float = Field(ge=0)
    output_usd: float = Field(ge=0)
    as_of: date | None = None


class ModelPolicy(Record):
    """What the model may do and cost."""

    read: str = Field(default="doubtful", pattern="^(all|doubtful|none)$")
    daily_budget_usd: float = Field(default=10.0, ge=0)
    issue_budget_usd: float = Field(default=0.5, ge=0)
    issue_tokens: int = Field(default=60_000, ge=0)
    # A million: what the daily money limit buys at 10 US dollars a million tokens.
    daily_tokens: int = Field(default=1_000_000, ge=0)
    """Tokens of a day of a model without a price, whose money nobody can count."""
    steps: int = Field(default=8, ge=1, le=8)
    timeout_s: float = Field(default=60.0, gt=0)
    prices: dict[str, Price] = Field(default_factory=dict)


class Policy(Record):
    """What may leave, when, and what a model may cost."""

    quiet_hours: QuietHours | None = None
    contact_cap: ContactCap | None = None
    four_eyes: FourEyes | None = None
    link_hosts: tuple[str, ...] = ()
    undo_seconds: int = Field(default=30, ge=0)
    proposal_days: int = Field(default=7, ge=1)
    """A draft that nobody decides expires after so many days."""
    answer_hours: int = Field(default=48, ge=1)
    """Time that a ticket gives its owner to answer."""
    next_word_hours: int = Field(default=48, ge=1)
    """A message without an agreement says that we write again within so many hours."""
    sender_name: str = "Customer support"
    write_to_unknown_consent: bool = True
    model: ModelPolicy = ModelPolicy()

    @property
    def hash(self) -> str:
        """Hash of the content."""
        return digest(self)[:12]


class Wanted(Record):
    """Which customers we want, as allowed values of account attributes."""

    attributes: dict[str, tuple[JsonValue, ...]] = Field(default_factory=dict)


class Configuration(Record):
    """The four files together, validated."""

    taxonomy: Taxonomy
    owners: Owners = Owners()
    policy: Policy = Policy()
    wanted: Wanted = Wanted()
