import pytest

from agent.llm.recording import Spent
from domain.people import ModelPolicy, Price
from evals.effort import Effort, effort_of, summed
from evals.seats import EngineName, ModelUse, Seats


class Clock:
    """Seconds that pass when told, and what a model used meanwhile."""

    def __init__(self):
        self.now, self.spent = 100.0, Spent()

    def work(self, *, code_s, model_s=0.0, replayed_s=0.0, tokens=0):
        self.now += code_s + model_s - replayed_s
        before = self.spent
        self.spent = Spent(
            before.calls + 1,
            before.tokens_in + tokens,
            before.tokens_out,
            before.seconds + model_s,
            before.replayed_s + replayed_s,
        )


def some_seats(clock, *, price=None):
    use = ModelUse("stub", price, ModelPolicy(), lambda: clock.spent)
    return Seats(
        EngineName.REPLAY, None, None, None, None, model_at=None, model=use, timer=lambda: clock.now
    )


def test_seconds_of_code_are_those_that_were_not_waited_for_the_model():
    clock, efforts = Clock(), []

    with effort_of(some_seats(clock), efforts):
        clock.work(code_s=1.5, model_s=4.0, tokens=300)

    assert efforts == [Effort(1.5, 4.0, 300, 0)]


def test_a_replay_counts_the_seconds_that_were_waited_when_it_was_recorded():
    clock, efforts = Clock(), []

    with effort_of(some_seats(clock), efforts):
        clock.work(code_s=1.5, model_s=4.0, replayed_s=4.0)

    assert efforts == [Effort(1.5, 4.0, 0, 0)]


def test_pieces_of_work_add_up():
    assert summed([Effort(1.0, 2.0, 3, 4), Effort(1.0, 0.0, 1, 1)]) == Effort(2.0, 2.0, 4, 5)


def test_tokens_cost_what_the_policy_says_and_an_unknown_price_is_no_zero():
    priced = some_seats(Clock(), price=Price(input_usd=0.5, output_usd=2.0)).model
    unpriced = some_seats(Clock()).model

    assert priced.cost_usd(1_000_000, 500_000) == pytest.approx(1.5)
    assert unpriced.cost_usd(1_000_000, 500_000) is None
