"""What every measurement must be."""

import math


def check(rows, group):
    rows = list(rows)
    assert rows and all(row.group == group for row in rows)
    for row in rows:
        if row.spread is not None:
            assert 0 < row.spread.low <= row.spread.median <= row.spread.high < math.inf
        else:
            assert row.note
    return rows
