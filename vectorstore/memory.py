"""Keep what this process has forgotten out of the files that the index writes.

The vector library writes blocks of memory to disk whole, also the part that it has not
used yet. What stood there before, a customer's words perhaps, would stand in the file.
"""

from __future__ import annotations

import ctypes

# `M_PERTURB` of mallopt(3) in glibc: memory is filled when it is given out and given back.
_M_PERTURB = -6
# Any value but 0, which would switch it off.
_FILL = 0xFF


def fill_memory() -> bool:
    """Let the C library fill memory with a byte from now on; gives whether it can.

    Where it is not glibc, large blocks come from the system, which gives them out empty.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_PERTURB, _FILL))
    except (AttributeError, OSError, TypeError):
        return False
