"""What the model's adapter loads and shows: no library before its use, no key ever."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest

from agent.llm.chat import ModelHandle
from tests.model_world import KEY, MODEL, seats

pytestmark = pytest.mark.contract


def test_neither_key_nor_text_is_in_any_repr_or_log(caplog):
    caplog.set_level(logging.DEBUG)

    handle = ModelHandle(name=MODEL, base_url="http://127.0.0.1:9/v1", key=KEY, timeout_s=1)
    shown = [repr(handle), repr(handle.chat), repr(vars(handle)), repr(seats("http://127.0.0.1:9"))]
    handle.close()

    assert KEY not in " ".join(shown) + caplog.text


def test_importing_the_seats_loads_no_heavy_library():
    code = (
        "import sys, agent.llm.factory; "
        "print(sorted({'openai','langchain','langchain_openai','langgraph'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert json.loads(done.stdout.replace("'", '"')) == []
