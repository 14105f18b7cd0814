import ctypes


class Inner(ctypes.Structure):
    _fields_ = [("flag", ctypes.c_bool), ("value", ctypes.c_double)]


class Outer(ctypes.Structure):
    _fields_ = [("id", ctypes.c_uint16), ("inner", Inner), ("items", ctypes.c_int * 3), ("name", ctypes.c_char * 8), ("wide", ctypes.c_longlong)]


class Packed(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("a", ctypes.c_uint8), ("b", ctypes.c_uint32)]


class Bits(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint, 3), ("middle", ctypes.c_int, 5), ("high", ctypes.c_uint, 24)]


class Either(ctypes.Union):
    _fields_ = [("number", ctypes.c_float), ("raw", ctypes.c_uint32)]


class Big(ctypes.BigEndianStructure):
    _fields_ = [("value", ctypes.c_uint32)]


outer = Outer(7, Inner(True, 2.5), (1, 2, 3), b"name", -5)
outer.inner.value *= 2
outer.items[1] = 20
bits = Bits(9, -3, 5)
layout = [(name, getattr(Outer, name).offset, getattr(Outer, name).size) for name, *_ in Outer._fields_]
result = (ctypes.sizeof(Outer), layout, ctypes.sizeof(Packed), bytes(Packed(1, 2)).hex(), (bits.low, bits.middle, bits.high), bytes(bits).hex(), hex(Either(number=1.0).raw), bytes(Big(1)).hex(), outer.inner.value, list(outer.items), outer.name, ctypes.alignment(Outer), bytes(outer)[:2], Outer.from_buffer_copy(bytes(outer)).wide)
