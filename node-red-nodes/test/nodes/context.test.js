/*
 * Context in a block, case by case as function nodes have it: each scope, in the usual store and in others, one key and
 * several, and what is wrong.
 */
"use strict";

const assert = require("node:assert/strict");
const { forgetStores, useStores } = require("./flows");
const { withService } = require("./with-service");

const STORES = { memory1: { module: "memory" }, memory2: { module: "memory" } };

describe("a block's context", function () {
    this.timeout(60_000);
    const { block, results } = withService();

    beforeEach(() => useStores(STORES));
    afterEach(() => forgetStores());

    /** A block whose flow has these stores. */
    async function contextual(code) {
        const flow = await block(code);
        await useStores(STORES);
        return flow;
    }

    const scopes = {
        "context": (flow) => flow.block.context(),
        "flow": (flow) => flow.block.context().flow,
        "global_": (flow) => flow.block.context().global,
    };
    for (const [name, scopeOf] of Object.entries(scopes)) {
        describe(name, () => {
            it("set: one key, several, in the usual store and in two others", async () => {
                const flow = await contextual([
                    `${name}.set('count', '0')`,
                    `${name}.set('count', '1', 'memory2')`,
                    `${name}.set(['a', 'b'], ['2', '3'], store='memory1')`,
                ].join("\n"));
                flow.send({ payload: 1 });
                await flow.at("completed");
                const scope = scopeOf(flow);
                assert.deepEqual([scope.get("count"), scope.get("count", "memory1"), scope.get("count", "memory2")],
                    ["0", "0", "1"]);
                assert.deepEqual(scope.get(["a", "b"], "memory1"), ["2", "3"]);
            });

            it("get: one key, several, a default, in each store", async () => {
                const flow = await contextual(`get = ${name}.get\nreturn [get('count'), get('count', 'memory2'), `
                    + "get(['count', 'no'], store='memory1'), get('no'), get('no', default=5)]");
                scopeOf(flow).set("count", "0", "memory1");
                scopeOf(flow).set("count", "1", "memory2");
                assert.deepEqual(await results(flow, [0]), [["0", "1", ["0", null], null, 5]]);
            });

            it("keys, of each store", async () => {
                const stores = "[None, 'memory1', 'memory2']";
                const flow = await contextual(`return [${name}.keys(store) for store in ${stores}]`);
                scopeOf(flow).set("count", "0", "memory1");
                scopeOf(flow).set("number", "1", "memory2");
                assert.deepEqual(await results(flow, [0]), [[["count"], ["count"], ["number"]]]);
            });

            const wrong = ["get('count', 'gone')", "set('count', 0, 'gone')", "keys('gone')", "get('')"];
            for (const call of wrong) {
                it(`${call} is an error, once, with its line`, async () => {
                    const flow = await contextual(`x = 1\n${name}.${call}`);
                    flow.send({ payload: 1 });
                    const [{ error }, ...more] = await flow.at("caught");
                    assert.deepEqual([error.cause.line, more], [2, []]);
                    assert.ok(/"gone"|no key|key/.test(error.message), error.message);
                });
            }
        });
    }

    it("deleted by setting None", async () => {
        const flow = await contextual("flow.set('x', data)\nreturn [flow.get('x')]");
        assert.deepEqual(await results(flow, [1, null]), [[1], [null]]);
    });
});
