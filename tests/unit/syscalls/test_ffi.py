"""libffi's calls, with hand-written cifs: what reaches the function, what comes back, and what is refused."""

import contextlib
import struct

import pytest
from cellblock_sandbox.syscalls.errors import CallRefused

VOID, INT, FLOAT, DOUBLE, LONG_DOUBLE, U8, S8, U16, S16, U32, S32, U64, S64, STRUCT, POINTER = range(15)
SIZES = {VOID: 1, INT: 4, FLOAT: 4, DOUBLE: 8, LONG_DOUBLE: 16, U8: 1, S8: 1, U16: 2, S16: 2,
         U32: 4, S32: 4, U64: 8, S64: 8, POINTER: 4}  # fmt: skip
STACK = 1 << 19


class Table:
    """The function table: three slots, then MemoryError."""

    def __init__(self):
        self.slots = {}

    def add(self):
        if len(self.slots) == 3:
            raise MemoryError
        self.slots[50 + len(self.slots)] = None
        return 49 + len(self.slots)

    def set(self, slot, signature, function):
        if self.slots.get(slot, 0) is not None:
            raise ValueError(slot)
        self.slots[slot] = (signature, function)


class Ffi:
    """A guest with a stack pointer, and with `answer` as what every function of the table does."""

    def __init__(self, guest):
        self.guest, self.stack, self.given = guest, STACK, []
        self.answer = lambda *values: None
        guest.host.guest_call = self.guest_call
        guest.host.call_slot = self.call_slot
        guest.host.table = Table()

    def guest_call(self, name, *arguments):
        if name == "emscripten_stack_get_current":
            return self.stack
        if name == "_emscripten_stack_restore":
            self.stack = arguments[0]
        self.guest.called.append((name, *arguments))
        return self.guest.alloc(arguments[0]) if name == "malloc" else 0

    def call_slot(self, slot, *values):
        assert self.stack % 16 == 0
        self.given.append((slot, *values))
        return self.answer(*values)

    def type(self, number, size=None, alignment=None, elements=()):
        size = SIZES[number] if size is None else size
        array = self.guest.ints(*elements, 0) if number == STRUCT else 0
        return self.put(struct.pack("<IHHI", size, alignment or max(size, 1), number, array))

    def put(self, data):
        pointer = self.guest.alloc(max(len(data), 8))
        self.guest.memory.write(pointer, data)
        return pointer

    def cif(self, arguments, result=VOID, fixed=None):
        types = [each if each > STRUCT + 1 else self.type(each) for each in arguments]
        fixed = len(types) if fixed is None else fixed
        result = result if result > STRUCT + 1 else self.type(result)
        return self.guest.ints(1, len(types), self.guest.ints(*types), result, 0, 0, fixed)

    def call(self, cif, *values, result=0, slot=7):
        self.guest("ffi_call_js", cif, slot, result, self.guest.ints(*(self.put(each) for each in values)))
        assert self.stack == STACK


@pytest.fixture
def ffi(guest):
    return Ffi(guest)


ARGUMENTS = [
    (INT, "i", -5, -5), (S8, "b", -5, -5), (U8, "B", 200, 200), (S16, "h", -300, -300), (U16, "H", 65535, 65535),
    (S32, "i", -(2**31), -(2**31)), (U32, "I", 2**32 - 1, -1), (S64, "q", -(2**63), -(2**63)),
    (U64, "Q", 2**64 - 1, -1), (FLOAT, "f", 1.5, 1.5), (DOUBLE, "d", 0.1, 0.1), (POINTER, "I", 2**31, -(2**31)),
]  # fmt: skip


@pytest.mark.parametrize(("number", "code", "value", "expected"), ARGUMENTS)
def test_an_argument(ffi, number, code, value, expected):
    ffi.call(ffi.cif([number]), struct.pack("<" + code, value) + b"\xee" * 8)
    assert ffi.given == [(7, expected)]


RESULTS = [
    (INT, "i", -5, -5), (S8, "b", -5, -5), (S8, "b", 300, 44), (U8, "B", -1, 255), (S16, "h", -300, -300),
    (U32, "I", -1, 2**32 - 1), (S64, "q", -(2**62), -(2**62)), (U64, "Q", -1, 2**64 - 1),
    (POINTER, "I", -16, 2**32 - 16),
    (INT, "i", 2**40 + 5, 5), (INT, "i", None, 0), (S64, "q", None, 0), (DOUBLE, "d", None, 0.0),
    (FLOAT, "f", 1.5, 1.5), (DOUBLE, "d", 0.1, 0.1), (DOUBLE, "d", 3, 3.0), (FLOAT, "f", float("inf"), float("inf")),
]  # fmt: skip


@pytest.mark.parametrize(("number", "code", "answer", "expected"), RESULTS)
def test_a_result(ffi, number, code, answer, expected):
    place = ffi.put(b"\xee" * 16)
    ffi.answer = lambda: answer
    ffi.call(ffi.cif([], number), result=place)
    size = struct.calcsize("<" + code)
    assert struct.unpack("<" + code, ffi.guest.memory.read(place, size)) == (expected,)
    assert ffi.guest.memory.read(place + size, 16 - size) == b"\xee" * (16 - size)


@pytest.mark.parametrize(("number", "answer"), [(INT, 1.5), (S64, float("nan")), (FLOAT, 1e300)])
def test_a_result_that_does_not_fit(ffi, number, answer):
    ffi.answer = lambda: answer
    with pytest.raises(CallRefused):
        ffi.call(ffi.cif([], number), result=ffi.put(bytes(8)))


def test_a_void_function_stores_nothing(ffi):
    place = ffi.put(b"\xee" * 8)
    ffi.answer = lambda: 5
    ffi.call(ffi.cif([]), result=place)
    assert ffi.guest.memory.read(place, 8) == b"\xee" * 8


def test_a_struct_goes_by_reference_to_a_copy(ffi):
    pair = ffi.type(STRUCT, 8, 4, [ffi.type(INT), ffi.type(INT)])
    seen = []
    ffi.answer = lambda pointer: seen.append((pointer, ffi.guest.memory.read(pointer, 8)))
    ffi.call(ffi.cif([pair]), struct.pack("<2i", 3, 4))
    assert seen[0][1] == struct.pack("<2i", 3, 4)
    assert STACK - 64 < seen[0][0] <= STACK - 8


def test_a_struct_of_one_member_is_that_member(ffi):
    inner = ffi.type(STRUCT, 8, 8, [ffi.type(DOUBLE)])
    ffi.call(ffi.cif([ffi.type(STRUCT, 8, 8, [inner])]), struct.pack("<d", 2.5))
    assert ffi.given == [(7, 2.5)]


def test_a_struct_as_result(ffi):
    pair = ffi.type(STRUCT, 8, 4, [ffi.type(INT), ffi.type(INT)])
    place = ffi.put(bytes(8))
    ffi.call(ffi.cif([INT], pair), struct.pack("<i", 9), result=place)
    assert ffi.given == [(7, place, 9)]


def test_a_long_double_takes_two_words(ffi):
    ffi.call(ffi.cif([LONG_DOUBLE]), struct.pack("<qq", 1, -2))
    assert ffi.given == [(7, 1, -2)]


def test_variadic_arguments(ffi):
    pair = ffi.type(STRUCT, 8, 4, [ffi.type(INT), ffi.type(INT)])
    areas = []
    ffi.answer = lambda first, area: areas.append((first, ffi.guest.memory.read(area, 40)))
    cif = ffi.cif([POINTER, S8, DOUBLE, pair, S64], fixed=1)
    values = struct.pack("<I", 77), struct.pack("<b", -3), struct.pack("<d", 1.5), struct.pack("<2i", 1, 2)
    ffi.call(cif, *values, struct.pack("<q", -9))
    ((first, area),) = areas
    number, _, real, pointer, _, long = struct.unpack("<iidIIq", area[:32])
    assert (first, number, real, long) == (77, -3, 1.5, -9)
    assert ffi.guest.memory.read(pointer, 8) == struct.pack("<2i", 1, 2)


def test_the_stack_is_given_back_after_an_exception(ffi):
    def fail(*values):
        raise KeyError

    ffi.answer = fail
    with pytest.raises(KeyError):
        ffi.call(ffi.cif([INT]), bytes(4))
    assert ffi.stack == STACK


HUGE = 0xFFFF_FFF0


@pytest.mark.parametrize("alignment", [0, 1, 3, 65535])
def test_a_struct_larger_than_the_stack(ffi, alignment):
    made_up = ffi.type(STRUCT, HUGE, alignment or 1, [ffi.type(INT), ffi.type(INT)])
    with pytest.raises(CallRefused):
        ffi.call(ffi.cif([made_up]), bytes(8))
    with pytest.raises(CallRefused):
        ffi.call(ffi.cif([INT, made_up], fixed=1), bytes(4), bytes(8))


def test_sizes_that_the_guest_made_up_take_no_memory_of_ours(ffi):
    ffi.answer = lambda first, area: 0
    made_up = ffi.type(INT, HUGE, 65535)
    ffi.call(ffi.cif([INT, *[made_up] * 500], fixed=1), *[bytes(4)] * 501)


def cyclic(ffi):
    pointer = ffi.put(bytes(12))
    ffi.guest.memory.write(pointer, struct.pack("<IHHI", 4, 4, STRUCT, ffi.guest.ints(pointer, 0)))
    return pointer


HOSTILE = {
    "cif nowhere": lambda ffi: -16,
    "too many arguments": lambda ffi: ffi.guest.ints(1, 100_000, 0, ffi.type(VOID), 0, 0, 100_000),
    "negative count": lambda ffi: ffi.guest.ints(1, -1, 0, ffi.type(VOID), 0, 0, -1),
    "more fixed than there are": lambda ffi: ffi.cif([INT], fixed=2),
    "types nowhere": lambda ffi: ffi.guest.ints(1, 1, -16, ffi.type(VOID), 0, 0, 1),
    "result type nowhere": lambda ffi: ffi.guest.ints(1, 0, 0, -16, 0, 0, 0),
    "unknown type": lambda ffi: ffi.cif([ffi.put(struct.pack("<IHHI", 4, 4, 99, 0))]),
    "void argument": lambda ffi: ffi.cif([VOID]),
    "type within itself": lambda ffi: ffi.cif([cyclic(ffi)]),
    "members nowhere": lambda ffi: ffi.cif([ffi.put(struct.pack("<IHHI", 4, 4, STRUCT, HUGE))]),
}


@pytest.mark.parametrize("cif", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_cif(ffi, cif):
    with pytest.raises(CallRefused):
        ffi.call(cif(ffi), bytes(8))
    assert ffi.given == []


def test_arguments_nowhere(ffi):
    with pytest.raises(CallRefused):
        ffi.guest("ffi_call_js", ffi.cif([INT]), 7, 0, -16)
    with pytest.raises(CallRefused):
        ffi.guest("ffi_call_js", ffi.cif([INT]), 7, 0, ffi.guest.ints(-2))
    ffi.answer = lambda: 1
    with pytest.raises(CallRefused):
        ffi.call(ffi.cif([], INT), result=-2)


# ---- closures


def prepare(ffi, cif, function=9, user_data=33):
    code = ffi.put(bytes(4))
    closure = ffi.guest("ffi_closure_alloc_js", 40, code)
    slot = ffi.guest.memory.u32(code)
    assert ffi.guest("ffi_prep_closure_loc_js", closure, cif, function, user_data, slot) == 0
    return slot, closure, *ffi.guest.host.table.slots[slot]


@pytest.mark.parametrize(("number", "code", "expected", "passed"), ARGUMENTS)
def test_a_callback_of_each_type(ffi, number, code, expected, passed):
    cif = ffi.cif([number], number)
    _, _, signature, function = prepare(ffi, cif)

    def body(given_cif, result, arguments, user_data):
        pointer = ffi.guest.memory.u32(arguments)
        size = struct.calcsize("<" + code)
        seen.append((given_cif, user_data, *struct.unpack("<" + code, ffi.guest.memory.read(pointer, size))))
        ffi.guest.memory.write(result, struct.pack("<" + code, expected))

    seen, ffi.answer = [], body
    letter = {FLOAT: "f", DOUBLE: "d", S64: "j", U64: "j"}.get(number, "i")
    assert signature == f"{letter}->{letter}"
    assert function(passed) == expected
    assert seen == [(cif, 33, expected)]
    assert ffi.given[0][0] == 9
    assert ffi.stack == STACK


@pytest.mark.parametrize("number", [S8, U16, INT, S64, DOUBLE, POINTER])
def test_a_callback_that_writes_nothing_gives_zero(ffi, number):
    ffi.guest.memory.write(STACK - 512, b"\xee" * 512)
    _, _, _, function = prepare(ffi, ffi.cif([], number))
    assert function() == 0


def test_a_callback_with_structs_and_variadic_arguments(ffi):
    pair = ffi.type(STRUCT, 8, 4, [ffi.type(INT), ffi.type(INT)])
    _, _, signature, function = prepare(ffi, ffi.cif([pair, LONG_DOUBLE, S8, DOUBLE], pair, fixed=2))
    seen = []

    def body(_cif, result, arguments, _data):
        pointers = struct.unpack("<4I", ffi.guest.memory.read(arguments, 16))
        layouts = zip(pointers, ("<2i", "<2q", "<b", "<d"), strict=True)
        seen.append([struct.unpack(code, ffi.guest.memory.read(at, struct.calcsize(code))) for at, code in layouts])
        seen.append(result)

    ffi.answer = body
    assert signature == "iijji->"
    area = ffi.put(struct.pack("<b7xd", -4, 0.5))
    assert function(600, ffi.put(struct.pack("<2i", 1, 2)), 5, -6, area) is None
    assert seen == [[(1, 2), (5, -6), (-4,), (0.5,)], 600]


def test_a_closure_and_its_slot(ffi):
    slot, closure, _, _ = prepare(ffi, ffi.cif([INT]))
    assert slot == 50
    assert ffi.guest.memory.u32(closure) == slot
    ffi.guest("ffi_closure_free_js", closure)
    assert ("free", closure) in ffi.guest.called
    assert ffi.guest.host.table.slots[slot] is not None


def test_no_room_for_another_closure(ffi):
    for _ in range(3):
        assert ffi.guest("ffi_closure_alloc_js", 40, ffi.put(bytes(4)))
    assert ffi.guest("ffi_closure_alloc_js", 40, ffi.put(bytes(4))) == 0
    assert ffi.guest.called[-1][0] == "free"


def test_slots_that_are_not_to_be_changed(ffi):
    cif = ffi.cif([INT])
    slot, closure, _, function = prepare(ffi, cif)
    for other in (slot, 1, 7, -1):
        assert ffi.guest("ffi_prep_closure_loc_js", closure, cif, 9, 0, other) == 1
    assert ffi.guest.host.table.slots == {slot: ("i->", function)}


@pytest.mark.parametrize("cif", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_closure_of_a_hostile_cif(ffi, cif):
    code = ffi.put(bytes(4))
    closure = ffi.guest("ffi_closure_alloc_js", 40, code)
    with contextlib.suppress(CallRefused):
        assert ffi.guest("ffi_prep_closure_loc_js", closure, cif(ffi), 9, 0, ffi.guest.memory.u32(code)) == 1
    assert ffi.guest.host.table.slots == {50: None}


def test_a_closure_nowhere(ffi):
    with pytest.raises(CallRefused):
        ffi.guest("ffi_closure_alloc_js", 40, -2)


def test_without_a_table(ffi):
    ffi.guest.host.table = None
    with pytest.raises(CallRefused):
        ffi.guest("ffi_closure_alloc_js", 40, ffi.put(bytes(4)))
