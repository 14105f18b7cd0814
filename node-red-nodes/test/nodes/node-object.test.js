/*
 * The block's `node` and `env`, as function nodes have them: sending while the block runs, logging, status, variables.
 */
"use strict";

const assert = require("node:assert/strict");
const globalConfigNode = require("@node-red/nodes/core/common/91-global-config.js");
const statusNode = require("@node-red/nodes/core/common/25-status.js");
const { helper, until } = require("./flows");
const { withService } = require("./with-service");

describe("a block's node", function () {
    this.timeout(60_000);
    const { block, results } = withService();

    async function outcome(code, msg, config, extra) {
        const flow = await block(code, config, extra);
        flow.send(msg);
        await flow.at("completed");
        return flow;
    }

    describe("node.send", () => {
        it("sends while the block runs, before what it returns", async () => {
            const flow = await block("import time\nnode.send({'payload': 'first'})\n"
                + "while not flow.get('heard', default=False): time.sleep(0.01)\nreturn 'last'");
            flow.send({ payload: 1, _msgid: "m1" });
            const [first] = await flow.at("out0");
            assert.deepEqual(first, { payload: "first", _msgid: "m1" });
            assert.equal(flow.seen.completed.length, 0);
            flow.block.context().flow.set("heard", true);
            assert.equal((await flow.at("out0", 2))[1].payload, "last");
            await flow.at("completed");
        });

        it("sends the message as it is at that moment", async () => {
            const flow = await outcome("node.send(msg)\nmsg['payload'] = 'changed'", { payload: "foo", topic: "bar" });
            assert.deepEqual(flow.seen.out0.map(({ payload, topic }) => [payload, topic]), [["foo", "bar"]]);
        });

        const shapes = {
            "a list with one for each output": ["node.send([msg, 2])", [["x"], [2]]],
            "lists of messages": ["node.send([[msg, None, msg], [None]])", [["x", "x"], [[null]]]],
            "None first": ["node.send([None, msg])", [[], ["x"]]],
            "nothing": ["node.send(None)", [[], []]],
            "a value": ["node.send(7)", [[7], []]],
        };
        for (const [name, [code, payloads]] of Object.entries(shapes)) {
            it(`takes what return takes: ${name}`, async () => {
                const flow = await outcome(code, { payload: "x" }, { outputs: 2 });
                assert.deepEqual([flow.seen.out0, flow.seen.out1].map((sent) => sent.map((m) => m.payload)), payloads);
            });
        }

        it("puts back what can't travel; what goes on with a value is a copy", async () => {
            const res = { send: () => 1 };
            const nested = { a: [1] };
            const flow = await outcome("node.send(1)\nreturn 2", { payload: 0, res, nested });
            const [first, second] = flow.seen.out0;
            assert.equal(first.res, res);
            assert.equal(second.res, res);
            assert.deepEqual(first.nested, second.nested);
            assert.notEqual(first.nested, second.nested);
        });

        it("keeps its order with what is printed and logged, many times", async () => {
            const flow = await block("for n in range(200): node.send(n)\nnode.log('done')");
            flow.send({ payload: 1 });
            await flow.at("completed");
            assert.deepEqual(flow.seen.out0.map((msg) => msg.payload), Array.from({ length: 200 }, (_, n) => n));
            assert.deepEqual(flow.linesOf("log"), ["done"]);
        });

        it("after a while, as a function node does with setTimeout and setInterval", async () => {
            const flow = await block("import asyncio\nfor n in range(3):\n    await asyncio.sleep(0.1)\n"
                + "    node.send({**msg, 'n': n})");
            const begun = Date.now();
            flow.send({ payload: "foo", topic: "bar" });
            const sent = await flow.at("out0", 3);
            assert.ok(Date.now() - begun >= 300);
            assert.deepEqual(sent.map(({ payload, topic, n }) => [payload, topic, n]),
                [0, 1, 2].map((n) => ["foo", "bar", n]));
        });

        it("too many for the outputs is an error that the block can catch", async () => {
            const flow = await block("try:\n    node.send([1, 2, 3])\nexcept RuntimeError as error:\n"
                + "    return str(error)", { outputs: 2 });
            assert.match((await results(flow, [0]))[0], /3 items for 2 outputs/);
        });
    });

    describe("node.log, warn, error, debug, trace", () => {
        it("log at their level: text and any other value", async () => {
            const flow = await outcome("node.log('a')\nnode.warn({'b': [1]})\nnode.error('c')\nnode.debug('d')\n"
                + "node.trace(5)", { payload: 1 });
            assert.deepEqual(flow.logged.map((line) => line.slice(0, 2)),
                [["log", "a"], ["warn", { b: [1] }], ["error", "c"], ["debug", "d"], ["trace", 5]]);
            assert.deepEqual(flow.seen.caught, []);
        });

        it("an error with a message goes to catch nodes, and the block goes on", async () => {
            const res = { send: () => 1 };
            const flow = await outcome("node.error('This is an error', msg)\nreturn 'on'",
                { payload: "foo", topic: "bar", res });
            const [caught, ...more] = flow.seen.caught;
            assert.deepEqual([caught.payload, caught.topic, more], ["foo", "bar", []]);
            assert.deepEqual([caught.error.message, caught.error.source.id], ["This is an error", "block"]);
            assert.equal(caught.res, res);
            assert.deepEqual(flow.seen.out0.map((msg) => msg.payload), ["on"]);
        });
    });

    it("id, name, path and outputCount", async () => {
        const flow = await outcome("return [[node.id, node.name, node.path, node.outputCount]]", { payload: 1 },
            { outputs: 2 });
        assert.deepEqual(flow.seen.out0[0].payload, ["block", "my block", "tab/block", 2]);
    });

    describe("node.status", () => {
        const status = (nodes = []) => ({
            types: [statusNode],
            nodes: [
                { id: "status", z: "tab", type: "status", scope: ["block"], wires: [["shown"]] },
                { id: "shown", z: "tab", type: "helper" }, ...nodes,
            ],
        });

        it("shows what the block says, to status nodes too, and it stays when the run is over", async () => {
            const flow = await outcome("node.status('reading', fill='blue', shape='dot')\nreturn data", { payload: 1 },
                {}, status());
            await flow.at("shown");
            assert.deepEqual(flow.lastStatus, { fill: "blue", shape: "dot", text: "reading" });
            const { source, ...shown } = flow.seen.shown.at(-1).status;
            assert.deepEqual([source.id, shown], ["block", { fill: "blue", shape: "dot", text: "reading" }]);
            const before = flow.statuses.length;
            flow.send({ payload: 2 });
            await flow.at("completed", 2);
            assert.deepEqual(new Set(flow.statusTexts.slice(before)), new Set(["reading"]));
        });

        it("text alone; nothing clears it, and the node shows its own again", async () => {
            const flow = await block("node.status(data)\nreturn data");
            await results(flow, ["busy"]);
            assert.deepEqual(flow.lastStatus, { text: "busy" });
            await results(flow, [5]);
            assert.deepEqual(flow.lastStatus, { text: "5" });
            flow.send({ payload: null });
            await flow.at("completed", 3);
            await until(() => flow.lastStatus.fill === "green", 2000, () => "the time taken");
        });

        it("an error is shown all the same, until the next run is well", async () => {
            const flow = await block("if data == 'one': node.status('fine')\nreturn 1 / len(data)");
            await results(flow, ["one"]);
            flow.send({ payload: "" });
            await flow.at("caught");
            await until(() => flow.lastStatus.text === "ZeroDivisionError", 2000, () => "the error");
            await results(flow, ["three"]);
            assert.deepEqual(flow.lastStatus, { text: "fine" });
        });

        it("status nodes hear of the node's own too", async () => {
            const flow = await outcome("return data", { payload: 1 }, {}, status());
            await until(() => flow.seen.shown.some((msg) => msg.status.fill === "green"), 2000, () => "the green dot");
        });
    });

    describe("env", () => {
        const read = "return [env.get(name) for name in data]";
        const extra = {
            nodes: [
                { id: "group", z: "tab", type: "group", nodes: ["block"],
                    env: [{ name: "IN_GROUP", value: "g", type: "str" }] },
                { id: "global", type: "global-config", env: [{ name: "IN_GLOBAL", value: "7", type: "num" }] },
            ],
            types: [globalConfigNode],
        };

        it("has what flows define, and what Node-RED does", async () => {
            const flow = await block(read, { g: "group" }, extra);
            const names = ["IN_GROUP", "IN_GLOBAL", "NR_NODE_ID", "NR_NODE_NAME", "NR_FLOW_ID"];
            const [found] = await results(flow, [names]);
            assert.deepEqual(found, ["g", 7, "block", "my block", "tab"]);
        });

        it("never what the process has, but for what the settings name", async () => {
            process.env.CELLBLOCK_TEST_SECRET = "hidden";
            process.env.CELLBLOCK_TEST_OPEN = "open";
            helper.settings({ cellblock: { env: ["CELLBLOCK_TEST_OPEN"] } });
            try {
                const flow = await block(read);
                const names = ["CELLBLOCK_TEST_SECRET", "$parent.CELLBLOCK_TEST_SECRET", "PATH", "CELLBLOCK_TEST_OPEN"];
                assert.deepEqual(await results(flow, [names]), [[null, null, null, "open"]]);
            } finally {
                helper.settings({});
                delete process.env.CELLBLOCK_TEST_SECRET;
                delete process.env.CELLBLOCK_TEST_OPEN;
            }
        });

        it("has the node's secrets by name, and nothing tells them", async () => {
            const flow = await block("return env['TOKEN'][::-1]", { secretNames: ["OTHER", "TOKEN"] },
                { secrets: { secret0: "", secret1: "s3cret" } });
            assert.deepEqual(await results(flow, [0]), ["terc3s"]);
            assert.ok(!JSON.stringify([flow.statuses, flow.logged]).includes("s3cret"));
        });
    });
});
