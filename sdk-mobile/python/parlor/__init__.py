"""Follow a Parlor room in step with the picture.

`Client` follows a room: wait for `next_delivery()`, and show what comes. `Api` asks and commands.
Everything is asynchronous and runs on asyncio; times are Unix milliseconds.
"""

import atexit

from . import _native
from ._native import *  # noqa: F403

__all__ = _native.__all__

# The generated module leaves this to its user: without it, a module and a library of different
# builds would work together until they do not.
_native._uniffi_check_api_checksums(_native._UniffiLib)

# A background thread that is about to wake the interpreter must not find it taken apart.
atexit.register(_native.stop_background)
