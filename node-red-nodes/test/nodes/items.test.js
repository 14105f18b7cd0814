/*
 * A block that runs once per item of a list.
 */
"use strict";

const assert = require("node:assert/strict");
const splitNode = require("@node-red/nodes/core/sequence/17-split.js");
const { withService } = require("./with-service");

describe("mode item", function () {
    this.timeout(60_000);
    const { block } = withService();

    async function outcome(code, msg, config = {}, extra = {}) {
        const flow = await block(code, { mode: "item", ...config }, extra);
        flow.send(msg);
        return flow;
    }

    const one = async (...args) => (await (await outcome(...args)).at("out0"))[0];

    describe("as a list", () => {
        it("one message with the list of the results, everything else as it was", async () => {
            const res = { send: () => 1 };
            const parts = { id: "p", index: 0, count: 1 };
            const msg = await one("return data * 2", { payload: [1, 2, 3], topic: "t", _msgid: "m", res, parts });
            assert.deepEqual(msg, { payload: [2, 4, 6], topic: "t", _msgid: "m", res, parts });
            assert.equal(msg.res, res);
        });

        it("each item is a message with its parts, as the split node makes them", async () => {
            const { payload } = await one("return {'payload': {**msg['parts'], 'item': msg['payload'], 'same': data}}",
                { payload: ["a", "b"], parts: { id: "outer", index: 4 } });
            const [{ id }] = payload;
            assert.deepEqual(payload, ["a", "b"].map((item, index) => (
                { id, type: "array", index, count: 2, len: 1, parts: { id: "outer", index: 4 }, item, same: item })));
            assert.ok(id);
        });

        const lists = {
            "None is an item too": ["return data", [1, null, 3], [1, null, 3]],
            "a message gives its payload": ["msg['payload'] += 1\nreturn msg", [1, 2], [2, 3]],
            "an empty list is an empty list": ["return data", [], []],
            "typed arrays have items": ["return data + 1", new Float64Array([0.5, 1]), [1.5, 2]],
        };
        for (const [name, [code, payload, expected]] of Object.entries(lists)) {
            it(name, async () => assert.deepEqual((await one(code, { payload })).payload, expected));
        }

        it("several outputs: each gets what was for it", async () => {
            const flow = await outcome("return [data, None] if data < 3 else [None, data]", { payload: [1, 5, 2] },
                { outputs: 2 });
            await flow.at("completed");
            assert.deepEqual([flow.seen.out0[0].payload, flow.seen.out1[0].payload], [[1, 2], [5]]);
            flow.send({ payload: [1] });
            await flow.at("completed", 2);
            assert.deepEqual([flow.seen.out0.length, flow.seen.out1.length], [2, 1]);
        });

        it("kept state lives from item to item", async () => {
            const code = "try:\n    total += data\nexcept NameError:\n    total = data\nreturn total";
            assert.deepEqual((await one(code, { payload: [1, 2, 3] }, { keepState: true })).payload, [1, 3, 6]);
        });

        it("in parallel the results have the order of the items", async () => {
            const code = "import time\ntime.sleep(0.05 if data == 0 else 0)\nreturn data";
            const payload = Array.from({ length: 20 }, (_, i) => i);
            assert.deepEqual((await one(code, { payload }, { order: "parallel" })).payload, payload);
        });
    });

    describe("as messages", () => {
        it("one for each result, as a sequence", async () => {
            const flow = await outcome("return data * 2 if data != 2 else None",
                { payload: [1, 2, 3], topic: "t", parts: { id: "outer" } }, { itemsAs: "messages" });
            await flow.at("completed");
            assert.deepEqual(flow.seen.out0.map((msg) => msg.payload), [2, 6]);
            const [first, second] = flow.seen.out0.map((msg) => msg.parts);
            assert.equal(first.id, second.id);
            assert.deepEqual([first, second], [0, 1].map((index) => (
                { id: first.id, type: "array", index, count: 2, len: 1, parts: { id: "outer" } })));
            assert.equal(flow.seen.out0[1].topic, "t");
        });

        it("which a join node puts together", async () => {
            const flow = await outcome("return data + 1", { payload: [1, 2, 3], parts: { id: "outer", index: 0 } },
                { itemsAs: "messages", wires: [["join"]] }, {
                    types: [splitNode],
                    nodes: [
                        { id: "join", z: "tab", type: "join", mode: "auto", build: "string", property: "payload",
                            propertyType: "msg", key: "topic", wires: [["joined"]] },
                        { id: "joined", z: "tab", type: "helper" },
                    ],
                });
            const [joined] = await flow.at("joined");
            assert.deepEqual([joined.payload, joined.parts], [[2, 3, 4], { id: "outer", index: 0 }]);
        });
    });

    it("an item that fails: one error for the message, and no further item runs", async () => {
        const flow = await outcome("flow.set('last', data)\n6 / data\nreturn data", { payload: [1, 0, 2], topic: "t" });
        const [caught] = await flow.at("caught");
        assert.match(caught.error.message, /^ZeroDivisionError: .*line 2/);
        assert.deepEqual([caught.topic, caught.payload], ["t", [1, 0, 2]]);
        assert.equal(flow.block.context().flow.get("last"), 0);
        flow.send({ payload: [2] });
        assert.deepEqual((await flow.at("out0"))[0].payload, [2]);
        assert.equal(flow.seen.caught.length, 1);
    });

    for (const [payload, named] of [["text", "of type string"], [Buffer.from("x"), "a Buffer"], [null, "nothing"]]) {
        it(`a payload that is ${named} is named`, async () => {
            const [caught] = await (await outcome("return data", { payload })).at("caught");
            assert.match(caught.error.message, new RegExp(`msg.payload must be a list .*, not ${named}`));
        });
    }

    it("an item that can't travel is named", async () => {
        const [caught] = await (await outcome("return data", { payload: [1, { f: () => 1 }] })).at("caught");
        assert.match(caught.error.message, /msg\.payload\[1\]\.f: a function can't travel/);
    });
});
