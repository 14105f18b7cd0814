/*
 * Context in a block, case by case as function nodes have it: each scope, in the usual store and in others, one key and
 * several, and what is wrong.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
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

    describe("deleted by setting None", () => {
        let dir;

        beforeEach(() => { dir = fs.mkdtempSync(path.join(os.tmpdir(), "cellblock-context-")); });
        afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

        for (const name of Object.keys(scopes)) {
            it(`${name}: one key, a part of a value, several keys`, async () => {
                const flow = await contextual([
                    `${name}.set(['a', 'b', 'c', 'd'], [1, {'x': 1, 'y': [None]}, 3, 4])`,
                    `${name}.set('a', None)`,
                    `${name}.set('b.x', None)`,
                    `${name}.set(['c', 'new', 'd'], [None, 5, None])`,
                    `${name}.set('never', None)`,
                    `return [sorted(${name}.keys()), ${name}.get(['a', 'b'], default='gone')]`,
                ].join("\n"));
                assert.deepEqual(await results(flow, [0]), [[["b", "new"], ["gone", { y: [null] }]]]);
                assert.deepEqual(scopes[name](flow).keys().sort(), ["b", "new"]);
                assert.deepEqual(scopes[name](flow).get("b"), { y: [null] });
            });
        }

        it("in a store on disk", async () => {
            const stores = { default: { module: "memory" }, file: { module: "localfilesystem",
                config: { dir, cache: false } } };
            await useStores(stores);
            const flow = await block("flow.set(['a', 'b'], [1, 2], 'file')\nflow.set('a', None, 'file')\n"
                + "return flow.keys('file')");
            await useStores(stores);
            assert.deepEqual(await results(flow, [0]), [["b"]]);
        });
    });
});
