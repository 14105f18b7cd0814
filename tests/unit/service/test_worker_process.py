"""What a worker process does to keep a hostile result from reaching further than itself."""

from __future__ import annotations

import resource

import numpy as np
import pandas as pd
import pytest
from cellblock_sandbox.guest import values
from cellblock_service.codec.jsontext import result_to_json
from cellblock_service.workers.conversion import bounded_memory
from cellblock_service.workers.process import MAX_TYPE, _portable


@pytest.mark.parametrize(
    "value",
    [np.empty((2_000_000_000, 0)), pd.DataFrame({"x" * 20_000: np.zeros(40_000, "u1")})],
    ids=["nothing, many times", "a long name, many times"],
)
def test_a_small_result_that_unfolds_without_end_is_refused(value: object) -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with bounded_memory(256 << 20), pytest.raises(values.ValueNotPortable, match="MemoryError"):
        result_to_json(values.pack(value))
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_an_error_is_short_text_on_one_line() -> None:
    made_up = {
        "type": "Oops\n\x1b[2J" + "x" * 10_000_000,
        "message": b"raw",
        "traceback": "t" * 10_000_000,
        "line": "1",
    }
    error = _portable(made_up)
    assert error is not None
    assert error["type"].startswith("Oops??[2Jxxx")
    assert len(error["type"]) == MAX_TYPE
    assert len(error["traceback"]) < 1_000_000
    assert (error["line"], error["column"]) == (None, None)
