/*
 * The test vectors of the value format, which Python is held to as well: tests/vectors/README.md tells the notation.
 */
"use strict";

const assert = require("node:assert/strict");
const { types } = require("node:util");
const { util } = require("@node-red/util");
const { decode, encode, originOf } = require("../../lib/values");
const vectors = require("../../../tests/vectors/values.json");

/** The note of a value. */
function describeValue(value) {
    if (typeof value === "number") {
        const text = Object.is(value, -0) ? "-0" : String(value);
        return text === "-0" || !Number.isFinite(value) ? { number: text } : value;
    }
    if (typeof value === "bigint") {
        return { bigint: String(value) };
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    if (Buffer.isBuffer(value)) {
        return { buffer: value.toString("hex") };
    }
    if (types.isTypedArray(value)) {
        const items = Array.from(value, (item) => (typeof item === "bigint" ? String(item) : describeValue(item)));
        return { [value.constructor.name]: items, shape: value.shape };
    }
    if (types.isDate(value)) {
        return { date: value.toISOString() };
    }
    if (Array.isArray(value)) {
        return Array.from(value, describeValue);
    }
    return { object: Object.fromEntries(Object.entries(value).map(([key, item]) => [key, describeValue(item)])) };
}

const FORMS = { typed: { arrays: "typed" }, columns: { frames: "columns" }, arrays: { frames: "arrays" } };

describe("vectors", () => {
    for (const { name, hex, javascript, origin, writes, ...forms } of vectors) {
        const bytes = () => Buffer.from(hex, "hex");

        it(`${name}: read`, () => {
            if (javascript?.refused !== undefined) {
                assert.throws(() => decode(bytes()), new RegExp(javascript.refused));
                return;
            }
            const value = decode(bytes());
            assert.deepEqual(describeValue(value), javascript);
            assert.equal(originOf(value)?.kind, origin);
        });

        for (const [form, options] of Object.entries(FORMS)) {
            if (forms[form] !== undefined) {
                it(`${name}: ${form}`, () => assert.deepEqual(describeValue(decode(bytes(), options)), forms[form]));
            }
        }

        if (writes.includes("javascript")) {
            it(`${name}: written`, () => assert.equal(encode(decode(bytes())).toString("hex"), hex));
        }

        if (forms.typed !== undefined && !hex.includes(Buffer.from(">").toString("hex"))) {
            it(`${name}: written from a copy of the typed array that Node-RED made`, () => {
                const copy = util.cloneMessage({ payload: decode(bytes(), { arrays: "typed" }) }).payload;
                const again = decode(encode(copy), { arrays: "typed" });
                assert.deepEqual(describeValue(again), forms.typed);
                assert.deepEqual(originOf(again), originOf(decode(bytes(), { arrays: "typed" })));
            });
        }
    }
});
