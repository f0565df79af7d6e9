from app.inbox.text import change_count, difference, seen, unbroken, unseen_count


def test_customer_markup_is_text_and_unseen_characters_show_their_code_points():
    shown = seen("<b>hi</b> \u202egnp\u200b")

    assert "&lt;b&gt;hi&lt;/b&gt;" in shown
    assert "U+202E" in shown
    assert "U+200B" in shown
    assert "\u202e" not in shown
    assert unseen_count("a\u202eb\u200b\n\t") == 2


def test_dates_spans_and_percentages_do_not_break():
    text = unbroken("since 3 March 06:00, 31.2 % in 2 h 12 min, 1 d 4 h, at 10:00 UTC")

    for whole in (
        "3\u00a0March\u00a006:00",
        "31.2\u00a0%",
        "2\u00a0h\u00a012\u00a0min",
        "1\u00a0d\u00a04\u00a0h",
    ):
        assert whole in text
    assert "10:00\u00a0UTC" in text or "10:00 UTC" in text


def test_a_difference_gives_both_texts_back_whole():
    old, new = "412 affected, only 38 wrote.", "About 500 affected, only 38 wrote. Soon."

    before, after = difference(old, new)

    assert "".join(one.text for one in before) == old
    assert "".join(one.text for one in after) == new
    assert [one.text for one in before if one.kind == "gone"] == ["412"]
    assert change_count(old, new) == 2
    assert change_count(old, old) == 0
