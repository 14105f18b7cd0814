/*
 * Random values, made from a seed that a failure names: what goes in comes out, and damaged bytes do no harm.
 */
"use strict";

const assert = require("node:assert/strict");
const { decode, encode } = require("../../lib/values");
const vectors = require("../../../tests/vectors/values.json");

const SEED = Number(process.env.SEED ?? Date.now() % 1e9);

/** Numbers from 0 to 1: mulberry32. */
function randomFrom(seed) {
    let state = seed | 0;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
}

const random = randomFrom(SEED);
const below = (limit) => Math.floor(random() * limit);
const pick = (choices) => choices[below(choices.length)];
const many = (make, most = 5) => Array.from({ length: below(most + 1) }, make);

const TYPES = [
    Int8Array, Uint8ClampedArray, Int16Array, Uint32Array, BigInt64Array, BigUint64Array, Float32Array, Float64Array,
];

const SCALARS = [
    () => null,
    () => random() < 0.5,
    () => pick([0, -0, 1, -1, NaN, Infinity, -Infinity, 5e-324]),
    () => pick([2 ** 31, 2 ** 32, 2 ** 53 - 1, 1 - 2 ** 53, 2 ** 53, 2 ** 60, -1e20]),
    () => below(2 ** 53) * pick([1, -1]),
    () => (random() - 0.5) * 10 ** (below(600) - 300),
    () => BigInt(pick([1, -1])) * ((1n << BigInt(53 + below(200))) + BigInt(below(1e9))),
    () => many(() => pick(["a", "\0", "é", "水", "🌊", "\u2028", "9"]), 40).join(""),
    () => Buffer.from(many(() => below(256), 40)),
    () => new Date(below(2 ** 42) - 2 ** 41),
];

function value(depth) {
    if (depth === 0 || random() < 0.4) {
        return pick(SCALARS)();
    }
    if (random() < 0.2) {
        return many(() => below(2 ** 33) * pick([1, -1, 0.5]), 40);
    }
    return random() < 0.5
        ? many(() => value(depth - 1))
        : Object.fromEntries(many(() => [pick(["a", "", "key é", "0", "\0n1", `k${below(99)}`]), value(depth - 1)]));
}

describe(`values: at random (SEED=${SEED})`, () => {
    it("what goes in comes out", () => {
        for (let i = 0; i < 400; i++) {
            const original = value(4);
            assert.deepEqual(decode(encode(original)), original);
        }
    });

    it("typed arrays come out typed", () => {
        for (let i = 0; i < 200; i++) {
            const Type = pick(TYPES);
            const bytes = Buffer.from(many(() => below(256), 12)).subarray(below(3));
            const length = Math.floor(bytes.length / Type.BYTES_PER_ELEMENT);
            const original = new Type(Uint8Array.from(bytes).buffer, 0, length);
            const back = decode(encode([original, "x"]), { arrays: "typed" })[0];
            assert.deepEqual(Buffer.from(back.buffer, back.byteOffset, back.byteLength), Buffer.from(original.buffer, 0,
                original.byteLength));
            assert.deepEqual(back.shape, [length]);
        }
    });

    it("damaged bytes are read or refused, and take no memory", () => {
        const limit = { maxElements: 100_000 };
        for (let i = 0; i < 20_000; i++) {
            const bytes = Buffer.from(pick(vectors).hex, "hex");
            for (let j = below(4); j > 0; j--) {
                bytes[below(bytes.length)] = below(256);
            }
            const cut = bytes.subarray(0, bytes.length - (random() < 0.2 ? below(bytes.length) : 0));
            for (const options of [{}, { arrays: "typed", frames: pick(["columns", "arrays"]) }]) {
                try {
                    decode(cut, { ...limit, ...options });
                } catch (error) {
                    assert.ok(error instanceof Error, String(error));
                    assert.doesNotMatch(error.message, /stack size|array length|allocation/, cut.toString("hex"));
                }
            }
        }
    });
});
