"""What stands around every script: its usage and its exit code."""


def test_usage_is_printed(script):
    assert script("evaluate.py", "--help")[:2][0] == 0
    assert script("sample.py")[0] == 2
