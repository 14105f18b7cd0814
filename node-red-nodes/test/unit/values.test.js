/*
 * The value format on its own: what goes in comes out, and what can't travel is named.
 */
"use strict";

const assert = require("node:assert/strict");
const vm = require("node:vm");
const { util } = require("@node-red/util");
const { encode: rawEncode, Encoder, ExtData } = require("@msgpack/msgpack");
const values = require("../../lib/values");

const roundTrip = (value) => values.decode(values.encode(value));
const packed = (type, value) => new ExtData(type, rawEncode(value));
const fromPython = (value) => values.decode(rawEncode(value));

describe("values: round trip", () => {
    const same = {
        "null": null,
        "booleans": [true, false],
        "integers of every width": [0, 1, -1, 127, 128, -32, -33, 255, 65536, 2 ** 31, 2 ** 32, -(2 ** 31) - 1],
        "the safe integers": [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
        "floats": [1.5, -0.1, 1e300, Infinity, -Infinity, NaN],
        "numbers too large to be known as integers": [2 ** 53, -(2 ** 53), 2 ** 60, 1e20, -1e20],
        "64-bit integers": [2n ** 53n, -(2n ** 63n), 2n ** 64n - 1n],
        "big integers": [2n ** 64n, -(2n ** 63n) - 1n, 2n ** 200n, -(2n ** 71n)],
        "text": ["", "08188500", "Pegel Süd", "水位", "🌊", "x".repeat(70_000)],
        "bytes": Buffer.from([0, 255, 1]),
        "dates": new Date("2026-03-14T06:00:00.123Z"),
        "nesting": { a: [{ b: { c: [] } }, []], "": {} },
    };
    for (const [name, value] of Object.entries(same)) {
        it(name, () => assert.deepEqual(roundTrip(value), value));
    }

    it("keeps a millisecond timestamp an integer on the wire", () => {
        assert.equal(values.encode(1767225600000).toString("hex"), "cf0000019b76daa800");
        assert.equal(values.encode(-1767225600000)[0], 0xd3);
    });

    it("writes a number from 2^53 on as a float, a BigInt as an integer", () => {
        for (const number of [2 ** 53, -(2 ** 53), 2 ** 60, 1e20]) {
            assert.equal(values.encode(number)[0], 0xcb);
        }
        assert.equal(values.encode(2 ** 53 - 1).toString("hex"), "cf001fffffffffffff");
        assert.equal(values.encode(2n ** 53n).toString("hex"), "cf0020000000000000");
        assert.equal(values.encode(1_767_225_600_123_456_789n)[0], 0xcf);
    });

    it("keeps -0 a float, also among integers", () => {
        assert.equal(values.encode(-0).toString("hex"), "cb8000000000000000");
        assert.ok(Object.is(roundTrip([-0, 1])[0], -0));
    });

    it("keeps the keys of a Map numbers and booleans", () => {
        const map = new Map([[1, "a"]]);
        assert.equal(values.encode(map).toString("hex"), "df0000000101a161");
        assert.equal(values.encode(new Map([[true, 2 ** 40]])).toString("hex"), "df00000001c3cf0000010000000000");
    });

    it("gives a BigInt that fits a number as a number", () => assert.equal(roundTrip(5n), 5));

    it("makes nil of undefined in a list, and leaves an undefined property out", () => {
        assert.deepEqual(roundTrip([undefined, { a: undefined, b: 1 }]), [null, { b: 1 }]);
    });

    it("takes Map, Set, boxed values and ArrayBuffer", () => {
        assert.deepEqual(roundTrip(new Map([["a", 1], [2, "b"]])), { a: 1, 2: "b" });
        assert.deepEqual(roundTrip(new Set([1, "x"])), [1, "x"]);
        assert.deepEqual(roundTrip([new Number(3), new String("s")]), [3, "s"]);
        assert.deepEqual(roundTrip(new Uint8Array([1, 2]).buffer), Buffer.from([1, 2]));
    });

    it("takes the objects that a function node makes, which come from another realm", () => {
        const foreign = vm.runInNewContext("({ list: [1, { d: new Date(5) }], map: new Map([['k', 1]]) })");
        assert.deepEqual(roundTrip(foreign), { list: [1, { d: new Date(5) }], map: { k: 1 } });
    });

    it("does not change what it is given", () => {
        const value = { at: 1767225600000, list: [2 ** 40, new Date(0)] };
        const copy = structuredClone(value);
        values.encode(value);
        assert.deepEqual(value, copy);
    });

    it("allows the same object twice", () => {
        const shared = { a: 1 };
        assert.deepEqual(roundTrip([shared, shared]), [{ a: 1 }, { a: 1 }]);
    });
});

describe("values: packed inside a message", () => {
    for (const [name, wire] of Object.entries({
        "a small value": [1, "x"],
        "a large array": values.toWire({ payload: new Float64Array(100_000).fill(0.5) }),
        "one inside another": new values.PackedBinary([null]),
        "the deepest that travels": Array(values.MAX_DEPTH).fill().reduce((inside) => [inside], 0),
    })) {
        it(name, () => {
            const message = values.decode(values.packWire({ request: new values.PackedBinary(wire), z: 1 }));
            assert.deepEqual(message, { request: values.packWire(wire), z: 1 });
        });
    }
});

describe("values: a packer", () => {
    const large = { data: values.toWire(new Float64Array(200_000).fill(0.5)) };
    const sharesMemory = (one, other) => one.packed.buffer === other.packed.buffer;

    it("uses its memory again, but not before it is told that it may", () => {
        const packer = new values.Packer();
        const first = packer.pack(large);
        const second = packer.pack({ n: 1 });
        assert.ok(!sharesMemory(first, second));
        assert.deepEqual(first.packed, values.packWire(large));
        first.release();
        const third = packer.pack({ n: 2 });
        assert.ok(sharesMemory(first, third));
        assert.deepEqual([second.packed, third.packed], [values.packWire({ n: 1 }), values.packWire({ n: 2 })]);
    });

    it("doubles its memory when it needs more, but for one large value", () => {
        const sizes = [];
        const { resizeBuffer } = Encoder.prototype;
        Encoder.prototype.resizeBuffer = function noting(size) {
            sizes.push(size);
            resizeBuffer.call(this, size);
        };
        try {
            values.packWire(Array.from({ length: 40 }, () => Buffer.alloc(1_200_000)));
            assert.ok(sizes.length < 8, `resized to ${sizes}`);
            sizes.length = 0;
            values.packWire(large);
            assert.ok(sizes.length === 1 && sizes[0] < 1_610_000, `resized to ${sizes}`);
        } finally {
            Encoder.prototype.resizeBuffer = resizeBuffer;
        }
    });

    it("keeps no more than 16 MB", () => {
        const packer = new values.Packer();
        const huge = packer.pack({ data: Buffer.alloc(17_000_000) });
        huge.release();
        assert.ok(!sharesMemory(huge, packer.pack({ n: 1 })));
    });

    it("goes on after a value that can't be packed", () => {
        const packer = new values.Packer();
        packer.pack({ n: 1 }).release();
        assert.throws(() => packer.pack({ n: Symbol("n") }));
        assert.deepEqual(packer.pack({ n: 2 }).packed, values.packWire({ n: 2 }));
    });
});

describe("values: what can't travel", () => {
    const cycle = { inner: [] };
    cycle.inner.push(cycle);
    const refused = [
        ["a function", { call: () => 1 }, "msg.payload.call", /a function/],
        ["a symbol", [1, Symbol("s")], "msg.payload[1]", /a symbol/],
        ["a cycle", cycle, "msg.payload.inner[0]", /contains itself/],
        ["a class instance", { "a b": new (class Meter {})() }, 'msg.payload["a b"]', /class Meter/],
        ["an Error", new Error("x"), "msg.payload", /class Error/],
        ["a regular expression", /x/, "msg.payload", /class RegExp/],
        ["a promise", Promise.resolve(), "msg.payload", /class Promise/],
        ["an invalid Date", [new Date(NaN)], "msg.payload[0]", /invalid Date/],
        ["a year that Python doesn't have", new Date(-1e14), "msg.payload", /year -1199/],
        ["half a surrogate pair", ["\ud800"], "msg.payload[0]", /surrogate/],
        ["a DataView", new DataView(new ArrayBuffer(1)), "msg.payload", /DataView/],
        ["an object as the key of a Map", new Map([[{}, 1]]), "msg.payload", /Map key/],
        ["two keys of a Map that Python takes for one", new Map([[1, 0], [true, 0]]), "msg.payload", /both 1 and true/],
        ["a Set of objects", [new Set([[1]])], "msg.payload[0]", /a Set of objects/],
        ["a key __proto__", JSON.parse('{"__proto__": 1}'), "msg.payload", /__proto__/],
    ];
    for (const [name, value, path, pattern] of refused) {
        it(name, () => assert.throws(() => values.encode(value, "msg.payload"), (error) => {
            assert.equal(error.name, "ValueNotPortable");
            assert.equal(error.path, path);
            assert.match(error.message, pattern);
            return true;
        }));
    }

    it("nesting that the other end would refuse", () => {
        let deep = [];
        for (let i = 0; i < 300; i++) {
            deep = [deep];
        }
        assert.throws(() => values.encode(deep, "msg.payload"), /nesting deeper than 240/);
    });
});

describe("values: what Python sends", () => {
    it("datetimes, with and without an offset", () => {
        const datetime = (text) => fromPython(new ExtData(5, Buffer.from(text)));
        assert.deepEqual(datetime("2026-01-02T03:04:05.000006+00:00"), new Date("2026-01-02T03:04:05Z"));
        assert.deepEqual(datetime("2026-01-02T03:04:05"), new Date("2026-01-02T03:04:05Z"));
        assert.deepEqual(datetime("2026-01-02T03:04:05+02:00"), new Date("2026-01-02T01:04:05Z"));
        assert.deepEqual(datetime("1890-01-01T00:00:00-00:01:15"), new Date("1890-01-01T00:01:15Z"));
    });

    it("dates, times, durations, decimals, complex numbers", () => {
        assert.equal(fromPython(new ExtData(6, Buffer.from("2026-01-02"))), "2026-01-02");
        assert.equal(fromPython(new ExtData(7, Buffer.from("03:04:05"))), "03:04:05");
        assert.equal(fromPython(packed(8, [-1, 86399, 500_000])), -500);
        assert.equal(fromPython(new ExtData(9, Buffer.from("1.10"))), "1.10");
        const complex = Buffer.alloc(16);
        complex.writeDoubleBE(1.5, 0);
        complex.writeDoubleBE(-2, 8);
        assert.deepEqual(fromPython(new ExtData(10, complex)), { re: 1.5, im: -2 });
    });

    it("tuples, sets, Series and DataFrames are arrays that remember what they were", () => {
        const answer = fromPython([
            packed(12, [1, 2]), packed(11, [3]), packed(4, ["level", null, [1.5]]),
            packed(3, [["a", "b"], null, [[1, 2], ["x", "y"]]]), [4],
        ]);
        assert.deepEqual(answer, [[1, 2], [3], [1.5], [{ a: 1, b: "x" }, { a: 2, b: "y" }], [4]]);
        assert.deepEqual(answer.map((value) => values.originOf(value)?.kind),
            ["tuple", "set", "series", "dataframe", undefined]);
        assert.deepEqual(values.originOf(answer[2]), { kind: "series", name: "level", dtype: "object" });
    });

    it("complex numbers remember that they were", () => {
        assert.equal(values.originOf(fromPython(new ExtData(10, Buffer.alloc(16)))).kind, "complex");
    });

    it("column labels that are numbers or tuples become text; two of one name are refused", () => {
        assert.deepEqual(fromPython(packed(3, [[0, ["m", "s"]], null, [[1], [2]]])), [{ 0: 1, "m s": 2 }]);
        assert.throws(() => fromPython(packed(3, [["a", "a"], null, [[1], [2]]])), /two columns called "a"/);
    });

    it("a DataFrame of more values than Node-RED can hold is refused", () => {
        const rows = Buffer.alloc(5.25e6);
        const column = packed(2, ["|u1", [rows.length], "C", rows]);
        assert.throws(() => fromPython(packed(3, [["a"], null, [column]])), /more than 10500000 elements/);
    });

    it("dict keys that are no strings become strings", () => {
        assert.deepEqual(values.decode(Buffer.from("8301a161c3a162cb3ff8000000000000a163", "hex")),
            { 1: "a", true: "b", 1.5: "c" });
    });

    it("two dict keys that become the same text are refused", () => {
        const both = (one, other) => values.decode(Buffer.from(`82${one}00${other}01`, "hex"));
        assert.throws(() => both("01", "a131"), /two keys that become "1"/);
        assert.throws(() => both("a474727565", "c3"), /two keys that become "true"/);
        assert.deepEqual(both("a16e", "a26e00"), { n: 0, "n\0": 1 });
        assert.deepEqual(both("a2006e", "01"), { "\0n": 0, 1: 1 });
    });

    it("pictures are Buffers that know their type", () => {
        const picture = fromPython(packed(13, ["image/png", new Uint8Array([1])]));
        assert.deepEqual(picture, Buffer.from([1]));
        assert.deepEqual(values.originOf(picture), { kind: "image", mime: "image/png" });
        assert.equal(values.originOf(Buffer.from([1])), undefined);
    });

    it("bytes are Buffers", () => {
        const answer = values.decode(new Uint8Array(rawEncode({ raw: new Uint8Array([1, 2]) })));
        assert.ok(Buffer.isBuffer(answer.raw));
    });

    it("an unknown extension type is an error", () => {
        assert.throws(() => fromPython(new ExtData(99, Buffer.from("x"))), /extension type 99/);
    });
});

describe("values: from a block through a flow to the next block", () => {
    const text = (type, iso) => new ExtData(type, Buffer.from(iso));
    const same = (value, options) => [value, value, options];
    const typed = { arrays: "typed" };
    const column = packed(2, ["<f8", [1], "C", new Uint8Array(8)]);
    const matrix = packed(2, ["|b1", [2, 1], "F", new Uint8Array([1, 0])]);
    const columnAgain = values.toWire(new Float64Array(1));
    const layout = { dtype: "|b1", shape: [2, 1], order: "F" };
    const matrixAgain = values.toWire(Object.assign(new Uint8Array([1, 0]), layout));
    const series = packed(4, ["m", [7], column]);
    const frame = packed(3, [["m"], [7], [column]]);
    const complex = new ExtData(10, Buffer.from("3ff8000000000000c000000000000000", "hex"));
    const described = { name: "m", dtype: "<f8", data: columnAgain };
    const index = { name: null, dtype: "object", data: [7] };
    const rows = {
        "None, bool, int, float, str, bytes, list, dict": same([null, true, 7, 1.5, "x", Buffer.from([1]), { a: [] }]),
        "int of any size": same([new ExtData(1, Buffer.from("010000000000000000", "hex")), 2n ** 63n]),
        "NaN and infinities": same([NaN, Infinity, -Infinity, -0.5]),
        "complex": same([complex, [complex]]),
        "tuple": same([packed(12, [1, packed(12, [])]), packed(12, [["a"], { b: 1 }])]),
        "set": same([packed(11, [1, "x"]), packed(11, []), packed(11, [packed(11, [1]), packed(12, [complex])])]),
        "ndarray, typed": [[matrix, column], [matrixAgain, columnAgain], typed],
        "ndarray": [[matrix, column], [[[true], [false]], [0]]],
        "float without a fraction": [Buffer.from("cb3ff0000000000000", "hex"), 1],
        "dict with keys that are no text": [Buffer.from("8201a161c3a162", "hex"), { 1: "a", true: "b" }],
        "datetime, naive": [text(5, "2026-01-02T03:04:05"), text(5, "2026-01-02T03:04:05.000+00:00")],
        "datetime with an offset": [text(5, "2026-01-02T03:04:05.678901+02:00"),
            text(5, "2026-01-02T01:04:05.678+00:00")],
        "date, time, Decimal": [[text(6, "2026-01-02"), text(7, "03:04:05"), text(9, "1.10")],
            ["2026-01-02", "03:04:05", "1.10"]],
        "timedelta": [[packed(8, [1, 0, 0]), packed(8, [0, 0, 1500])], [86_400_000, 1.5]],
        "Series": [series, [0]],
        "Series, typed": [series, columnAgain, typed],
        "Series, arrays": [series, { ...described, index, length: 1 }, { frames: "arrays" }],
        "DataFrame, records": [frame, [{ m: 0 }]],
        "DataFrame, columns": [frame, { m: [0] }, { frames: "columns" }],
        "DataFrame, columns, typed": [frame, { m: columnAgain }, { frames: "columns", ...typed }],
        "DataFrame, arrays": [frame, { columns: [described], index, length: 1 }, { frames: "arrays" }],
        "picture": [packed(13, ["image/png", new Uint8Array([1])]), Buffer.from([1])],
    };
    for (const [name, [sent, arrives, options]] of Object.entries(rows)) {
        it(name, () => {
            const bytes = Buffer.isBuffer(sent) ? sent : values.packWire(sent);
            const back = values.encode(values.decode(bytes, options));
            assert.equal(back.toString("hex"), values.packWire(arrives).toString("hex"));
        });
    }

    it("tuple, set and complex in a copy of the message are list and dict", () => {
        const value = fromPython([packed(12, [1]), packed(11, [2]), complex]);
        const { payload } = util.cloneMessage({ payload: value });
        assert.deepEqual(values.encode(payload), values.encode([[1], [2], { re: 1.5, im: -2 }]));
    });

    it("what the flow has changed to no set is a list, to no complex number a dict", () => {
        const changed = (value, change) => {
            const decoded = fromPython(value);
            change(decoded);
            return values.encode(decoded).toString("hex");
        };
        const plain = (value) => values.encode(value).toString("hex");
        const set = packed(11, [1, 2]);
        assert.equal(changed(set, (items) => items.push(2)), plain([1, 2, 2]));
        assert.equal(changed(set, (items) => items.push({})), plain([1, 2, {}]));
        assert.equal(changed(set, (items) => items.push([1])), plain([1, 2, [1]]));
        assert.equal(changed(set, (items) => items.push(3)), plain(new Set([1, 2, 3])));
        assert.equal(changed(complex, (number) => { number.im = "2"; }), plain({ re: 1.5, im: "2" }));
        assert.equal(changed(complex, (number) => { number.abs = 2; }), plain({ re: 1.5, im: -2, abs: 2 }));
        assert.equal(changed(packed(12, [1]), (items) => items.push(2)), plain(fromPython(packed(12, [1, 2]))));
    });

    it("sets in sets, deeply", () => {
        const deep = Array(90).fill().reduce((inside) => packed(11, [inside, 1]), packed(11, []));
        assert.equal(values.encode(fromPython(deep)).toString("hex"), Buffer.from(rawEncode(deep)).toString("hex"));
    });
});
