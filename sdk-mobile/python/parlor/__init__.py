"""Follow a Parlor room in step with the picture.

`Client` follows a room, `Api` asks and commands. Everything is asynchronous and runs on asyncio; times are
Unix milliseconds.
"""

import atexit

from . import _native
from ._native import *  # noqa: F403
from .client import Client, FetchToken, known

# What `Client` is made of, and not for applications.
_BENEATH = {"Client", "ConnectionStates", "Deliveries", "Rooms", "WalletNow", "Wallets"}

__all__ = [
    *(
        name
        for name in _native.__all__
        if name.removesuffix("Protocol") not in _BENEATH
    ),
    "Client",
    "FetchToken",
    "known",
]

# The generated module leaves this to its user: without it, a module and a library of different
# builds would work together until they do not.
_native._uniffi_check_api_checksums(_native._UniffiLib)

# A background thread that is about to wake the interpreter must not find it taken apart.
atexit.register(_native.stop_background)

