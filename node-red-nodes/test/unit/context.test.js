/*
 * What a block may do with a flow's context, against stores that answer late, fail, or do neither.
 */
"use strict";

const assert = require("node:assert/strict");
const { contextAnswers } = require("../../lib/context");
const { decode, encode } = require("../../lib/values");

/** A context of one scope: named values in named stores, answering late. */
function contextOf(stores) {
    const later = (callback, ...args) => setImmediate(() => callback(...args));
    const storeAndCallback = (args) => [stores[args.length > 1 ? args[0] : "default"], args.at(-1)];
    return {
        get(key, ...rest) {
            const [store, callback] = storeAndCallback(rest);
            later(callback, null, ...[key].flat().map((each) => store[each]));
        },
        set(key, value, ...rest) {
            const [store, callback] = storeAndCallback(rest);
            [key].flat().forEach((each, i) => { store[each] = Array.isArray(key) ? value[i] : value; });
            later(callback, null);
        },
        keys(...rest) {
            const [store, callback] = storeAndCallback(rest);
            later(callback, null, Object.keys(store));
        },
    };
}

describe("context", () => {
    const flow = { default: { level: 1.5, list: [1, 2] }, file: { saved: "yes" } };
    const own = { default: { mine: true } };
    const broken = { get: (key, callback) => callback("disk full"), set: () => { throw new Error("torn"); } };
    const node = Object.assign(contextOf(own), { flow: contextOf(flow), global: broken });
    const answer = contextAnswers(() => node, new Set(["default", "file"]));

    const ask = async (call) => {
        const { value, error } = await answer({ store: null, key: null, scope: "flow", ...call });
        return error === undefined ? decode(value) : error;
    };

    it("get, set and keys, in every scope and store", async () => {
        assert.equal(await ask({ op: "get", key: "level" }), 1.5);
        assert.equal(await ask({ op: "get", key: "missing" }), null);
        assert.equal(await ask({ op: "get", key: "saved", store: "file" }), "yes");
        assert.equal(await ask({ op: "get", key: "mine", scope: "node" }), true);
        assert.equal(await ask({ op: "set", key: "n", value: encode({ a: 2n ** 70n }) }), null);
        assert.deepEqual(flow.default.n, { a: 2n ** 70n });
        assert.equal(await ask({ op: "set", key: "n", value: encode(1), store: "file" }), null);
        assert.deepEqual(await ask({ op: "keys", store: "file" }), ["saved", "n"]);
        assert.deepEqual(await ask({ op: "keys" }), ["level", "list", "n"]);
    });

    it("several keys at once", async () => {
        assert.deepEqual(await ask({ op: "get", key: ["list", "missing"] }), [[1, 2], null]);
        await ask({ op: "set", key: ["a", "b"], value: encode([1, [2]]) });
        assert.deepEqual([flow.default.a, flow.default.b], [1, [2]]);
    });

    it("what can't be done is told in words", async () => {
        flow.default.callback = () => 1;
        assert.match(await ask({ op: "get", key: "callback" }), /flow\["callback"\]: a function can't travel/);
        assert.match(await ask({ op: "get", key: "x", store: "gone" }), /no context store "gone"; there are default, /);
        assert.equal(await ask({ op: "get", key: "x", scope: "global" }), "disk full");
        assert.equal(await ask({ op: "set", key: "x", scope: "global", value: encode(1) }), "torn");
        assert.match(await ask({ op: "get", key: "x", scope: "moon" }), /no moon context/);
        assert.match(await ask({ op: "keys", scope: "constructor" }), /no constructor context/);
        assert.match(await ask({ op: "constructor", key: "x" }), /nothing in it called constructor/);
    });

    it("what all objects share is out of reach", async () => {
        for (const key of ["__proto__", "constructor.prototype.x", "level['__proto__'].x", "a[\"constructor\"]", "", 5,
            ["level", "prototype"]]) {
            assert.match(await ask({ op: "set", key, value: encode(1) }), /is no key of a context/);
        }
        assert.equal({}.x, undefined);
    });
});
