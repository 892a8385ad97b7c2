"""The one error that is meant for the person at the keyboard."""


class UserError(ValueError):
    """Something the user asked for cannot be done.

    The message is one line: what was got, what is expected, what to do. The command line prints it
    without a traceback; from Python it is a plain ``ValueError``.
    """
