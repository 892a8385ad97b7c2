"""Words of messages."""

import pytest

from truescore.errors import either


@pytest.mark.parametrize(
    ("words", "said"),
    [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c", "d"], "a, b, c or d")],
)
def test_choices_are_said_as_one_says_them(words, said):
    assert either(iter(words)) == said
