"""A port to listen on, taken before anything is started: one that is in use is one sentence, and nothing is half up."""

from __future__ import annotations

import errno
import socket
from typing import Final

from connector.errors import ConfigurationError

_IN_USE: Final = frozenset({errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE)})
BACKLOG: Final = 2048


def take_port(host: str, port: int, *, mend: str) -> socket.socket:
    """A listening socket.

    Args:
        port: 0 takes a free one.
        mend: what to do when it cannot be had, as the end of the sentence: "choose another with --port".

    Raises:
        ConfigurationError: it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        number = error.errno if isinstance(error, OSError) else None
        why = "is in use" if number in _IN_USE else f"cannot be had ({getattr(error, 'strerror', None) or error})"
        raise ConfigurationError(f"Port {port} of {host} {why}: {mend}.") from None
