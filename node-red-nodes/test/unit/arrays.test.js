/*
 * Typed arrays and ndarrays: every dtype that has a JavaScript form, byte orders, shapes and memory orders.
 */
"use strict";

const assert = require("node:assert/strict");
const { util } = require("@node-red/util");
const arrays = require("../../lib/arrays");
const { Budget } = require("../../lib/budget");
const { originOf } = require("../../lib/origins");

const { describeTypedArray } = arrays;
const ndarrayToNested = (ndarray) => arrays.ndarrayToNested(ndarray, new Budget());

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
        assert.throws(() => empty(1e9, 0), /more than 10500000 elements/);
        assert.throws(() => empty(1e5, 1e5, 0), /more than 10500000/);
        assert.throws(() => empty(1, 1e9, 0, 7), /more than 10500000/);
        assert.throws(() => empty(1e6, ...Array(60).fill(1), 0), /more than 10500000/);
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
    it("bytes without a meaning, and named fields", () => {
        assert.deepEqual(flat("|V2", Buffer.from("abcd"), 2), [Buffer.from("ab"), Buffer.from("cd")]);
        const fields = [["n", "<i2"], ["", "|V1"], [["title", "p"], [["x", "|u1"], ["y", "|u1", [2]]]]];
        assert.deepEqual(flat(fields, Buffer.from([1, 0, 9, 2, 3, 4, 5, 0, 9, 6, 7, 8]), 2),
            [{ n: 1, p: { x: 2, y: [3, 4] } }, { n: 5, p: { x: 6, y: [7, 8] } }]);
    });
    it("what has no form is refused by name", () => {
        assert.throws(() => flat("<f16", Buffer.alloc(16), 1), /dtype <f16/);
        assert.throws(() => flat("|O8", Buffer.alloc(8), 1), /dtype \|O8/);
        assert.throws(() => flat("<U0", Buffer.alloc(0), 1), /no size/);
        assert.throws(() => flat([["a", "|u1"], ["a", "|u1"]], Buffer.alloc(2), 1), /field "a"/);
        assert.throws(() => flat([["__proto__", "|u1"]], Buffer.alloc(1), 1), /__proto__/);
    });
});

describe("arrays: typed", () => {
    const typed = (dtype, bytes, shape, order = "C") =>
        arrays.ndarrayToTyped([dtype, shape, order, bytes], new Budget());
    const aligned = bytesOf(new Float64Array([1, 2, 3, 4, 5, 6]));

    it("over the same memory where it is aligned, over a copy where it isn't", () => {
        const array = typed("<f8", aligned, [2, 3]);
        assert.equal(array.buffer, aligned.buffer);
        assert.deepEqual(array.shape, [2, 3]);
        assert.deepEqual(originOf(array), { kind: "ndarray", dtype: "<f8", shape: [2, 3], order: "C" });
        const odd = Buffer.alloc(17).subarray(1);
        assert.notEqual(typed("<f8", odd, [2]).buffer, odd.buffer);
    });
    it("goes back to Python as what it was", () => {
        const back = (...ndarray) => describeTypedArray(typed(...ndarray));
        assert.deepEqual(back("<f8", aligned, [2, 3], "F"), ["<f8", [2, 3], "F", aligned]);
        assert.deepEqual(back("<c16", aligned, [3]), ["<c16", [3], "C", aligned]);
        assert.deepEqual(back("<M8[ns]", Buffer.alloc(8), []), ["<M8[ns]", [], "C", Buffer.alloc(8)]);
        assert.deepEqual(back("|b1", Buffer.from([1]), [1]), ["|b1", [1], "C", Buffer.from([1])]);
        assert.deepEqual(back(">i2", Buffer.from([1, 0]), [1]), ["<i2", [1], "C", Buffer.from([0, 1])]);
    });
    it("may have a shape of its own, if that fits", () => {
        const array = Object.assign(new Float64Array(6), { shape: [2, 3] });
        assert.deepEqual(describeTypedArray(array).slice(0, 3), ["<f8", [2, 3], "C"]);
        assert.deepEqual(describeTypedArray(Object.assign(array, { shape: [7] }))[1], [6]);
    });
    it("goes back as what it was from a copy that Node-RED made", () => {
        const back = (...ndarray) => describeTypedArray(util.cloneMessage({ payload: [typed(...ndarray)] }).payload[0]);
        for (const ndarray of [
            ["<f8", aligned, [2, 3]], ["<f8", aligned, [2, 3], "F"], ["<c16", aligned, [3]], ["<c8", aligned, [3, 2]],
            ["<M8[ns]", Buffer.alloc(8), []], ["<m8[25us]", Buffer.alloc(16), [1, 2]], ["|b1", Buffer.from([1]), [1]],
            ["|u1", Buffer.from([1, 2]), [2, 1]], ["<i8", Buffer.alloc(0), [0, 3]],
        ]) {
            const [dtype, bytes, shape, order = "C"] = ndarray;
            assert.deepEqual(back(...ndarray), [dtype, shape, order, bytes]);
        }
        assert.deepEqual(back(">i2", Buffer.from([1, 0]), [1, 1]), ["<i2", [1, 1], "C", Buffer.from([0, 1])]);
    });
    it("has no more properties than it needs", () => {
        const added = (...ndarray) => Object.entries(typed(...ndarray)).filter(([key]) => !/^\d+$/.test(key));
        assert.deepEqual(added("<f8", aligned, [6]), [["shape", [6]]]);
        assert.deepEqual(added(">i2", Buffer.from([1, 0]), [1]), [["shape", [1]]]);
        assert.deepEqual(added("<c16", aligned, [3, 1], "F"),
            [["shape", [3, 1]], ["dtype", "<c16"], ["order", "F"]]);
    });
    it("may have a dtype and an order of its own, if they fit", () => {
        const described = (array, properties) => describeTypedArray(Object.assign(array, properties)).slice(0, 3);
        assert.deepEqual(described(new BigInt64Array(2), { dtype: "<M8[ms]" }), ["<M8[ms]", [2], "C"]);
        assert.deepEqual(described(new Uint8Array(2), { dtype: "|b1", shape: [1, 2], order: "F" }),
            ["|b1", [1, 2], "F"]);
        for (const dtype of ["float32", "<f4", "<c16", 8, null]) {
            assert.deepEqual(described(new Float64Array(3), { dtype }), ["<f8", [3], "C"]);
        }
    });
    it("half floats", () => assert.deepEqual([...typed("<f2", Buffer.from([0, 0x3c]), [1])], [1]));
    it("what no typed array holds is nested", () => assert.deepEqual(typed("|S1", Buffer.from("ab"), [2, 1]),
        [[Buffer.from("a")], [Buffer.from("b")]]));
});
