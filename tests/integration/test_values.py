"""Values through the real guest: exact both ways, arrays in the request's memory, pictures, figures left open."""

import struct
import textwrap

import msgpack
import numpy as np
import pandas as pd
import pytest
from cellblock_sandbox import Limits
from cellblock_sandbox.guest import values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

PNG = b"\x89PNG\r\n\x1a\n"


def run(sandbox, code, **given):
    result = sandbox.run(textwrap.dedent(code), **given)
    assert result.error is None, result.error.traceback
    return result


def png_size(picture):
    assert picture.mime == "image/png"
    assert picture.data.startswith(PNG)
    return struct.unpack(">II", picture.data[16:24])


ARRAYS = [
    np.arange(1 << 16, dtype="<f8"), np.arange(1 << 16, dtype=">i4"), np.arange(1 << 16).astype("M8[ns]"),
    np.asfortranarray(np.arange(1 << 16, dtype="<f4").reshape(256, 256)), np.arange(1 << 17, dtype="u1") % 2 == 0,
    np.zeros(1 << 14, [("a", "<i4"), ("b", "<f8")]), np.arange(9, dtype="<f2"), np.array(5.0), np.zeros((0, 3)),
]  # fmt: skip


def test_arrays_come_back_to_the_bit_and_writable(sandbox):
    code = """
        flags = [[a.flags.writeable, a.flags.aligned] for a in data]
        for a in data:
            if a.size and not a.dtype.names:
                a.flat[0] = a.flat[-1]
        return data, flags
    """
    back, flags = run(sandbox, code, data=ARRAYS).value
    assert flags == [[True, True]] * len(ARRAYS)
    for array, result in zip(ARRAYS, back, strict=True):
        expected = array.copy(order="K")
        if array.size and not array.dtype.names:
            expected.flat[0] = expected.flat[-1]
        assert (result.dtype, result.shape, result.tobytes()) == (expected.dtype, expected.shape, expected.tobytes())


def test_an_array_that_is_kept_outlives_its_request(sandbox):
    array = np.arange(1 << 17, dtype="<f8")
    run(sandbox, "import builtins\nbuiltins.kept = data[10:20]\nreturn None", data=array)
    for i in range(5):
        run(sandbox, "return data.sum()", data=array + i)
    assert run(sandbox, "return kept").value.tolist() == array[10:20].tolist()


def test_a_large_array_is_in_memory_once_on_its_way_in(image):
    """With room for the request and half of it again, and not for a second copy."""
    array = np.zeros(30 << 17, "<f8")  # 30 MiB
    with image.sandbox(Limits(memory_mb=128)) as sandbox:
        assert run(sandbox, "return len(data)", data=array).value == len(array)


@pytest.fixture(scope="module")
def kept(image):
    with image.sandbox() as sandbox:
        yield sandbox


dtypes = npst.scalar_dtypes().filter(lambda dtype: dtype.itemsize <= 16 and dtype.str[1:] not in ("f16", "c32", "f12"))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20)
    | dtypes.flatmap(lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=0, min_side=0, max_side=3))),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    | st.tuples(inner, inner),
    max_leaves=10,
)  # fmt: skip


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=anything)
def test_any_value_comes_back_with_the_same_bytes(kept, value):
    packed = values.pack(value)
    answer = kept.run_packed(msgpack.packb({"code": "return data", "data": packed}))
    assert answer.error is None
    assert b"".join(answer.result) == packed


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=anything, draw=st.data())
def test_damaged_values_leave_the_sandbox_whole(kept, value, draw):
    packed = bytearray(values.pack(value))
    packed[draw.draw(st.integers(0, len(packed) - 1))] = draw.draw(st.integers(0, 255))
    answer = kept.run_packed(msgpack.packb({"code": "return 1", "data": bytes(packed)}))
    assert answer.status in ("completed", "error")
    assert run(kept, "return 41 + 1").value == 42


# ---- pictures


def test_images_and_figures_travel_as_png(sandbox):
    code = """
        import matplotlib.pyplot as plt
        import numpy as np
        from PIL import Image
        figure, axes = plt.subplots(figsize=(2, 1), dpi=50)
        axes.plot([1, 2])
        modes = {mode: Image.new(mode, (3, 2)) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "HSV", "I;16")}
        return {"figure": figure, "axes": [axes], "image": Image.fromarray(np.zeros((2, 3, 3), "u1")), "modes": modes}
    """
    result = run(sandbox, code, timeout_s=60)
    assert png_size(result.value["figure"]) == png_size(result.value["axes"][0]) == (100, 50)
    assert png_size(result.value["image"]) == (3, 2)
    assert {png_size(picture) for picture in result.value["modes"].values()} == {(3, 2)}
    assert result.figures == []


def test_a_picture_goes_in_as_a_picture(sandbox):
    picture = run(sandbox, "from PIL import Image\nreturn Image.new('RGB', (4, 5))", timeout_s=60).value
    code = "import io\nfrom PIL import Image\nreturn [Image.open(io.BytesIO(data.data)).size, data.mime, data]"
    assert run(sandbox, code, data=picture).value == [(4, 5), "image/png", picture]
    assert isinstance(picture, values.Picture)


def test_an_image_without_a_png_form_is_refused_by_path(sandbox):
    result = sandbox.run("from PIL import Image\nreturn {'a': [Image.new('F', (1, 1))]}", timeout_s=60)
    assert result.error.type == "ValueNotPortable"
    assert result.error.message.startswith("result['a'][0]: an image of mode F has no PNG form")


def test_figures_left_open_come_back_and_are_closed(sandbox):
    code = """
        import matplotlib.pyplot as plt
        for width in (1, 2, 3):
            plt.figure(figsize=(width, 1), dpi=100)
        return {"second": plt.figure(2)}
    """
    result = run(sandbox, code, timeout_s=60)
    assert [png_size(picture) for picture in result.figures] == [(100, 100), (300, 100)]
    assert png_size(result.value["second"]) == (200, 100)
    again = run(sandbox, "import matplotlib.pyplot as plt\nreturn plt.get_fignums()")
    assert (again.value, again.figures) == ([], [])


def test_figures_of_a_block_that_fails_are_closed(sandbox):
    assert sandbox.run("import matplotlib.pyplot as plt\nplt.figure()\n1 / 0", timeout_s=60).status == "error"
    again = run(sandbox, "import matplotlib.pyplot as plt\nreturn plt.get_fignums()")
    assert (again.value, again.figures) == ([], [])


def test_figures_are_bounded_and_stderr_says_so(image):
    with image.sandbox(Limits(result_bytes=30_000, timeout_s=60)) as sandbox:
        many = run(sandbox, "import matplotlib.pyplot as plt\nfor i in range(23): plt.figure(figsize=(1, 1))\nreturn 1")
        assert len(many.figures) == 20
        assert "23 figures were left open, of which the first 20 come back" in many.stderr
        large = run(
            sandbox, "plt = __import__('matplotlib.pyplot').pyplot\nfor i in range(3): plt.plot(range(9)); plt.figure()"
        )
        assert 1 <= len(large.figures) <= 3
        assert "over the limit of a result" in large.stderr


def test_a_figure_that_cannot_be_drawn_is_told(sandbox):
    code = r"""
        import matplotlib.pyplot as plt
        plt.title(r'$\frac$')
        plt.figure(figsize=(1, 1))
        return 7
    """
    result = run(sandbox, code, timeout_s=60)
    assert result.value == 7
    assert len(result.figures) == 1
    assert "figure 1 can't be drawn: ValueError" in result.stderr


def test_figures_cost_nothing_where_there_is_no_matplotlib(sandbox):
    assert run(sandbox, "import sys\nreturn 'matplotlib' in sys.modules").value is False
    assert run(sandbox, "return 1").figures == []


def test_figures_that_a_hostile_block_makes_up_are_refused(sandbox):
    forged = "import cellblock_guest.inside.figures as f\nf.open_figures = lambda *_: {!r}\n"
    answers = [sandbox.run(forged.format(what) + "return 1") for what in (5, "x", [1, "y"], {"a": 1})]
    for answer in answers:
        assert answer.status in ("completed", "error")
        assert all(isinstance(figure, values.Picture) for figure in answer.figures)


def test_frames_keep_their_dtypes(sandbox):
    frame = pd.DataFrame(
        {
            "category": pd.Categorical(["x", None, "y"], categories=["y", "x"], ordered=True),
            "whole": pd.array([1, None, 2**62], "Int64"),
            "zone": pd.DatetimeIndex(["2026-01-01", None, "2026-07-01"], tz="Europe/Istanbul"),
            "text": pd.array(["0123", None, ""], "str"),
            "cut": pd.cut([1.0, 2.0, 3.0], 2),
        },
        index=pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["k", None]),
    )
    result = run(sandbox, "return data, str(data.dtypes.to_dict())", data=frame)
    pd.testing.assert_frame_equal(result.value[0], frame)
    assert "Int64" in result.value[1]
