/*
 * What would fill Node-RED's memory is refused by name before it does; bytes that lie are refused at once.
 */
"use strict";

const assert = require("node:assert/strict");
const { encode: rawEncode, ExtData } = require("@msgpack/msgpack");
const { decode, encode, MAX_ELEMENTS } = require("../../lib/values");

const packed = (type, value) => Buffer.from(rawEncode(new ExtData(type, rawEncode(value))));
const TOO_MANY = { name: "ResultNotPortable", message: new RegExp(`more than ${MAX_ELEMENTS} elements`) };

/** The heap that `call` takes at most, in bytes: it must throw, so nothing it made is left. */
function heapOf(call) {
    const before = process.memoryUsage();
    assert.throws(call, TOO_MANY);
    const after = process.memoryUsage();
    return after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
}

describe("budget", () => {
    it("60 MB of empty lists", () => {
        const bytes = Buffer.alloc(60e6 + 5, 0x90);
        bytes[0] = 0xdd;
        bytes.writeUInt32BE(60e6, 1);
        assert.ok(heapOf(() => decode(bytes)) < 50e6);
    });
    it("60 MB of lists in lists", () => {
        const bytes = Buffer.alloc(60e6, 0x91);
        assert.ok(heapOf(() => decode(bytes)) < 50e6);
    });
    it("60 MB of maps", () => {
        const bytes = Buffer.alloc(60e6, 0x80);
        bytes.set([0xdf, 0x01, 0xc9, 0xc3, 0x80]);
        assert.ok(heapOf(() => decode(bytes)) < 50e6);
    });
    it("empty lists in tuples, which are messages of their own", () => {
        const half = [...Buffer.alloc(3, 0x90)];
        const tuple = packed(12, half.map(() => []));
        const many = Buffer.concat([Buffer.from([0xdc, 0xff, 0xff]), ...Array(65535).fill(tuple)]);
        assert.throws(() => decode(many, { maxElements: 200_000 }), /more than 200000 elements/);
        assert.equal(decode(many, { maxElements: 300_000 }).length, 65535);
    });
    it("arrays, frames, texts and categories count by what they become", () => {
        const bytes = Buffer.alloc(1000);
        const array = new ExtData(2, rawEncode(["|u1", [1000], "C", bytes]));
        const limited = (value, options) => decode(Buffer.from(rawEncode(value)), { maxElements: 900, ...options });
        assert.throws(() => limited(array), /more than 900/);
        assert.equal(limited(array, { arrays: "typed" }).length, 1000);
        const frame = new ExtData(3, rawEncode([["a"], null, [array]]));
        assert.throws(() => limited(frame), /more than 900/);
        assert.equal(limited(frame, { frames: "arrays" }).length, 1000);
        const text = new ExtData(4, rawEncode([null, null, ",x".repeat(1000), ["text", "str", null]]));
        assert.throws(() => limited(text, { frames: "arrays" }), /more than 900/);
        const codes = new ExtData(4, rawEncode([null, null, array, ["codes", ["x"], false]]));
        assert.throws(() => limited(codes, { frames: "columns", arrays: "typed" }), /more than 900/);
        assert.equal(limited(codes, { frames: "arrays" }).length, 1000);
    });
    it("80 MiB of float64 are within it, nested too", () => {
        const bytes = encode(new Float64Array(10 * 2 ** 20));
        assert.equal(decode(bytes).length, 10 * 2 ** 20);
    });
    it("lengths that lie are refused at once", () => {
        const heads = ["dd00989680", "ddffffffff", "df00989680", "dfffffffff", "c6ffffffff", "c9ffffffff02"];
        for (const head of heads) {
            for (const bytes of [head, head.repeat(1000)]) {
                assert.throws(() => decode(Buffer.from(bytes, "hex")), Error);
            }
        }
    });
    it("extension types in each other without end", () => {
        let bytes = Buffer.from([0x90]);
        for (let i = 0; i < 200; i++) {
            bytes = Buffer.concat([Buffer.from([0xc9, 0, 0, 0, 0, 12, 0x91]), bytes]);
            bytes.writeUInt32BE(bytes.length - 6, 1);
        }
        assert.throws(() => decode(bytes), /nested too deeply/);
    });
    it("lists in lists beyond what anybody can walk", () => {
        const bytes = Buffer.concat([Buffer.alloc(100_000, 0x91), Buffer.from([0xc0])]);
        assert.throws(() => decode(bytes), /nested too deeply/);
    });
    it("unknown options are refused", () => {
        assert.throws(() => decode(Buffer.from([1]), { arrays: "flat" }), /arrays is one of nested, typed, not flat/);
        assert.throws(() => decode(Buffer.from([1]), { frames: "rows" }), /frames is one of/);
    });
});
