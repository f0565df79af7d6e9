"""Words that stand in every draft."""

import pytest

from agent.casework.words import span


@pytest.mark.parametrize(
    ("hours", "shown"),
    [(0.77, "46 min"), (2.2, "2 h 12 min"), (1.05, "1 h 03 min"), (28.5, "1 d 4 h")],
)
def test_a_span_names_each_of_its_units(hours, shown):
    assert span(hours) == shown
