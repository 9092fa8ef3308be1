"""The command ``tautnet``, begun so that it ends cleanly whenever it is told to.

Exit codes: 0 done, 1 data or fit at fault, 2 usage at fault, 130 interrupted, 143 terminated, 129
where the terminal went away.

It imports next to nothing itself: an interruption while the commands are imported is no traceback.
"""

import atexit
import sys
from typing import NoReturn

from tautnet.commands import signals

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command: a user's mistake is one line, and Ctrl-C leaves nothing half written."""
    with signals.caught(signals.at_once):
        from tautnet.commands.app import run

        with signals.caught(signals.interrupt):
            code = run()
        # Neither is one while Python shuts down.
        atexit.register(signals.catch, signals.at_once)
    sys.exit(code)
