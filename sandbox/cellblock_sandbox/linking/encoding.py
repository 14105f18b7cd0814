"""How WebAssembly writes numbers, names and vectors, in both directions.

Source: WebAssembly Core Specification, chapter 5, "Binary Format".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from cellblock_sandbox.errors import LinkError

T = TypeVar("T")

I32_CONST, END = 0x41, 0x0B
_LEB_BITS = 64


def uleb(value: int) -> bytes:
    """Encode an unsigned integer as LEB128."""
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def sleb(value: int) -> bytes:
    """Encode a signed integer as LEB128."""
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        done = (value == 0 and not byte & 0x40) or (value == -1 and bool(byte & 0x40))
        out.append(byte | (0 if done else 0x80))
        if done:
            return bytes(out)


def name(text: str) -> bytes:
    """Encode a name: its UTF-8 length, then its bytes."""
    raw = text.encode()
    return uleb(len(raw)) + raw


def vector(items: Iterable[bytes]) -> bytes:
    """Encode a vector of already encoded items."""
    encoded = list(items)
    return uleb(len(encoded)) + b"".join(encoded)


def section(identifier: int, payload: bytes) -> bytes:
    """Encode one section with its header."""
    return bytes([identifier]) + uleb(len(payload)) + payload


def i32_const(value: int) -> bytes:
    """Encode the constant expression `i32.const value; end`, taking `value` modulo 2**32."""
    signed = (value & 0xFFFFFFFF) - ((value & 0x80000000) << 1)
    return bytes([I32_CONST]) + sleb(signed) + bytes([END])


class Reader:
    """A cursor over bytes. Reading past the end raises LinkError, as do numbers and names that are none."""

    def __init__(self, data: bytes, position: int = 0, end: int | None = None) -> None:
        self.data = data
        self.position = position
        self.end = len(data) if end is None else end

    def byte(self) -> int:
        """Read one byte."""
        if self.position >= self.end:
            raise LinkError(f"truncated WebAssembly at byte {self.position}")
        self.position += 1
        return self.data[self.position - 1]

    def uleb(self) -> int:
        """Read an unsigned LEB128 integer."""
        return self._leb()[0]

    def sleb(self) -> int:
        """Read a signed LEB128 integer."""
        value, bits = self._leb()
        return value - (1 << bits) if value >> (bits - 1) else value

    def take(self, count: int) -> bytes:
        """Read `count` raw bytes."""
        if self.position + count > self.end:
            raise LinkError(f"truncated WebAssembly at byte {self.position}: {count} more bytes expected")
        self.position += count
        return self.data[self.position - count : self.position]

    def name(self) -> str:
        """Read a name."""
        raw = self.take(self.uleb())
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise LinkError(f"a name before byte {self.position} is not UTF-8") from None

    def vector(self, item: Callable[[], T]) -> list[T]:
        """Read a vector, calling `item` for each element."""
        return [item() for _ in range(self.uleb())]

    def _leb(self) -> tuple[int, int]:
        """Read groups of seven bits up to the one that ends a number: its value without sign, and its bits."""
        value = bits = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << bits
            bits += 7
            if byte < 0x80:
                return value, bits
            if bits >= _LEB_BITS:
                raise LinkError(f"a number before byte {self.position} has more than {_LEB_BITS} bits")
