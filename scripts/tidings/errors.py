"""The one error that is the user's to fix."""


class InputError(ValueError):
    """Input that cannot be used as it is.

    The message names the file (where there is one), the place in it and the fix; the command line
    prints it without a traceback and exits with status 1.
    """
