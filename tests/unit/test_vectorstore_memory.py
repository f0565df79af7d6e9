"""What a process has forgotten does not reach the files that the index writes."""

import ctypes
import sys

import pytest

from vectorstore.memory import fill_memory

_SIZE = 50_000
_WORDS = b"erika.muster@post.example"


@pytest.mark.skipif(sys.platform != "linux", reason="the C library is another one")
def test_memory_that_is_given_out_holds_nothing_of_what_was_there():
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.malloc.argtypes = [ctypes.c_size_t]
    library.free.argtypes = [ctypes.c_void_p]

    assert fill_memory()
    before = library.malloc(_SIZE)
    ctypes.memmove(before, _WORDS * (_SIZE // len(_WORDS)), _SIZE)
    library.free(before)
    again = library.malloc(_SIZE)
    held = ctypes.string_at(again, _SIZE)
    library.free(again)

    assert _WORDS not in held
