/*
 * Typed arrays and ndarrays: every dtype that has a JavaScript form, byte orders, shapes and memory orders.
 */
"use strict";

const assert = require("node:assert/strict");
const { describeTypedArray, ndarrayToNested } = require("../../lib/arrays");

const bytesOf = (typed) => Buffer.from(typed.buffer, typed.byteOffset, typed.byteLength);
const flat = (dtype, bytes, count) => ndarrayToNested([dtype, [count], "C", bytes]);

describe("arrays: typed arrays out and in", () => {
    const typed = [
        new Int8Array([-128, 127]), new Uint8Array([0, 255]), new Uint8ClampedArray([0, 255]),
        new Int16Array([-32768, 32767]), new Uint16Array([65535]), new Int32Array([-(2 ** 31)]),
        new Uint32Array([2 ** 32 - 1]), new Float32Array([1.5, -Infinity]), new Float64Array([0.1, NaN]),
    ];
    for (const array of typed) {
        it(array.constructor.name, () => assert.deepEqual(ndarrayToNested(describeTypedArray(array)), [...array]));
    }

    it("BigInt64Array and BigUint64Array: numbers up to 2^53, BigInt beyond", () => {
        assert.deepEqual(ndarrayToNested(describeTypedArray(new BigInt64Array([5n, -(2n ** 63n)]))), [5, -(2n ** 63n)]);
        assert.deepEqual(ndarrayToNested(describeTypedArray(new BigUint64Array([2n ** 64n - 1n]))), [2n ** 64n - 1n]);
    });

    it("part of a buffer, not aligned", () => {
        const part = new Float64Array(new Float64Array([1, 2, 3]).buffer, 8, 1);
        assert.deepEqual(ndarrayToNested(describeTypedArray(part)), [2]);
        const odd = Buffer.concat([Buffer.from([9]), bytesOf(new Float64Array([4]))]).subarray(1);
        assert.deepEqual(flat("<f8", odd, 1), [4]);
    });

    it("a DataView is none", () => assert.equal(describeTypedArray(new DataView(new ArrayBuffer(8))), null));
});

describe("arrays: shapes", () => {
    const six = bytesOf(new Int32Array([1, 2, 3, 4, 5, 6]));
    it("C order", () => assert.deepEqual(ndarrayToNested(["<i4", [2, 3], "C", six]), [[1, 2, 3], [4, 5, 6]]));
    it("Fortran order", () => assert.deepEqual(ndarrayToNested(["<i4", [2, 3], "F", six]), [[1, 3, 5], [2, 4, 6]]));
    it("three dimensions", () =>
        assert.deepEqual(ndarrayToNested(["<i4", [3, 1, 2], "C", six]), [[[1, 2]], [[3, 4]], [[5, 6]]]));
    it("no dimension: the value", () => assert.equal(ndarrayToNested(["<i4", [], "C", six.subarray(0, 4)]), 1));
    it("empty", () => {
        assert.deepEqual(ndarrayToNested(["<f8", [0], "C", Buffer.alloc(0)]), []);
        assert.deepEqual(ndarrayToNested(["<f8", [2, 0], "C", Buffer.alloc(0)]), [[], []]);
    });
    it("nothing, nested without end, is refused", () => {
        const empty = (...shape) => ndarrayToNested(["<f8", shape, "C", Buffer.alloc(0)]);
        assert.throws(() => empty(1e9, 0), /shape \[1000000000,0\]: 1000000001 nested arrays/);
        assert.throws(() => empty(1e5, 1e5, 0), /nested arrays/);
        assert.throws(() => empty(1, 1e9, 0, 7), /nested arrays/);
        assert.throws(() => empty(1e6, ...Array(60).fill(1), 0), /nested arrays/);
        assert.deepEqual(empty(2, 0), [[], []]);
    });
    it("bytes that don't fit the shape are refused", () => assert.throws(() => flat("<i4", six, 5), /needs 5 items/));
});

describe("arrays: dtypes", () => {
    it("big-endian", () => {
        assert.deepEqual(flat(">i2", Buffer.from([1, 0]), 1), [256]);
        assert.deepEqual(flat(">f8", Buffer.from("3ff8000000000000", "hex"), 1), [1.5]);
    });
    it("bool", () => assert.deepEqual(flat("|b1", Buffer.from([1, 0]), 2), [true, false]));
    it("half floats", () => {
        const halves = Buffer.from(new Uint16Array([0x3c00, 0xc000, 0x0001, 0x7c00, 0xfc00]).buffer);
        assert.deepEqual(flat("<f2", halves, 5), [1, -2, 2 ** -24, Infinity, -Infinity]);
    });
    it("complex", () => {
        const doubles = bytesOf(new Float64Array([1, 2, 3, 4]));
        assert.deepEqual(flat("<c16", doubles, 2), [{ re: 1, im: 2 }, { re: 3, im: 4 }]);
        assert.deepEqual(flat("<c8", bytesOf(new Float32Array([1, 2])), 1), [{ re: 1, im: 2 }]);
    });
    it("text and bytes of fixed width", () => {
        const text = bytesOf(new Uint32Array([0x30, 0x38, 0, 0x1f30a, 0, 0]));
        assert.deepEqual(flat("<U3", text, 2), ["08", "🌊"]);
        assert.deepEqual(flat("|S2", Buffer.from("a\0bc"), 2), [Buffer.from("a"), Buffer.from("bc")]);
    });
    it("datetime64 of each unit, NaT as null", () => {
        const one = (count) => bytesOf(new BigInt64Array([count]));
        assert.deepEqual(flat("<M8[ns]", one(1767225600123456789n), 1), [new Date(1767225600123)]);
        assert.deepEqual(flat("<M8[ns]", one(-1n), 1), [new Date(-1)]);
        assert.deepEqual(flat("<M8[s]", one(5n), 1), [new Date(5000)]);
        assert.deepEqual(flat("<M8[D]", one(1n), 1), [new Date(86_400_000)]);
        assert.deepEqual(flat("<M8[15m]", one(2n), 1), [new Date(1_800_000)]);
        assert.deepEqual(flat("<M8[M]", one(673n), 1), [new Date("2026-02-01")]);
        assert.deepEqual(flat("<M8[Y]", one(-1n), 1), [new Date("1969-01-01")]);
        assert.deepEqual(flat("<M8[ns]", one(-(2n ** 63n)), 1), [null]);
    });
    it("timedelta64 as milliseconds", () => {
        const counts = bytesOf(new BigInt64Array([1_500_000n, -(2n ** 63n)]));
        assert.deepEqual(flat("<m8[ns]", counts, 2), [1.5, null]);
        assert.throws(() => flat("<m8[M]", counts, 2), /units of M/);
    });
    it("what has no form is refused by name", () => {
        assert.throws(() => flat("|V8", Buffer.alloc(8), 1), /dtype \|V8/);
        assert.throws(() => flat([["a", "<i4"]], Buffer.alloc(4), 1), /named fields/);
    });
});
