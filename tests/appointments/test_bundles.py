"""Numbers of people are told in bundles of five, and nothing of fewer can be read from any of them."""

from hypothesis import given
from hypothesis import strategies as st

from appointments.bundles import FEW, bundled, in_words

ROWS = ["ankle", "back", "knee", "neck"]
weeks_of_people = st.lists(st.dictionaries(st.sampled_from(ROWS), st.integers(0, 9)), max_size=30)


def told_of(weeks):
    """What is published of each week, one after the other."""
    owed, told = {}, []
    for counted in weeks:
        of_week, owed = bundled(counted, owed)
        told.append(of_week)
    return told


def test_fewer_than_five_wait_for_those_who_come_later():
    assert told_of([{"knee": 3}, {"knee": 1}, {"knee": 1}]) == [{}, {}, {"knee": 5}]


def test_each_bundle_goes_to_the_row_that_is_owed_most():
    assert told_of([{"knee": 4, "back": 1}, {"back": 3, "knee": 2}]) == [{"knee": 5}, {"back": 5}]


def test_a_few_are_never_a_number():
    assert [in_words(told) for told in (0, 5, 10, 15)] == ["<5", "<10", "10", "15"]


@given(weeks_of_people)
def test_another_set_of_people_without_any_small_number_gives_the_same_reports(weeks):
    """The whole attack is answered here: whoever holds every report cannot tell these people from whole fives of them."""
    told = told_of(weeks)

    in_fives = told_of(told)

    assert in_fives == told
    assert {count % FEW for of_week in told for count in of_week.values()} <= {0}


@given(weeks_of_people, st.data())
def test_no_difference_of_two_periods_is_smaller_than_a_bundle(weeks, data):
    told = told_of(weeks)
    edges = st.integers(0, len(weeks))
    (first, last), (begin, end) = (sorted([data.draw(edges), data.draw(edges)]) for _ in range(2))
    row = data.draw(st.sampled_from(ROWS))

    one, other = (sum(each.get(row, 0) for each in told[a:b]) for a, b in ((first, last), (begin, end)))

    assert (one - other) % FEW == 0


@given(weeks_of_people)
def test_the_sum_of_all_is_never_off_by_a_bundle_and_tables_about_the_same_agree(weeks):
    told = told_of(weeks)
    in_all = told_of([{"": sum(week.values())} for week in weeks])

    sums = [sum(week.values()) for week in told]

    assert sums == [sum(week.values()) for week in in_all]
    assert 0 <= sum(sum(week.values()) for week in weeks) - sum(sums) < FEW


@given(weeks_of_people)
def test_no_row_is_far_from_the_truth(weeks):
    told = told_of(weeks)

    off = [
        sum(week.get(row, 0) for week in weeks[:end]) - sum(week.get(row, 0) for week in told[:end])
        for end in range(len(weeks) + 1)
        for row in ROWS
    ]

    assert all(-FEW < each <= 2 * FEW for each in off)


def test_a_plain_rounding_would_fail_where_this_holds():
    """The control: limits at five for every run of weeks give away four weeks with one person each."""
    weeks = [1] * 5
    plain = {(a, b): sum(weeks[a:b]) >= FEW for a in range(5) for b in range(a + 1, 6)}

    fitting = [
        [first, *rest]
        for first in range(1, 5)
        for rest in [
            [second, third, fourth, fifth]
            for second in range(1, 5)
            for third in range(1, 5)
            for fourth in range(1, 5)
            for fifth in range(1, 5)
        ]
        if all((sum([first, *rest][a:b]) >= FEW) == told for (a, b), told in plain.items())
    ]

    assert fitting == [weeks]
