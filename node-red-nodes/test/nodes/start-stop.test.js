/*
 * On Start and On Stop, with the function node's meaning: messages wait for the one, the other ends the node's work.
 */
"use strict";

const assert = require("node:assert/strict");
const { setTimeout: sleep } = require("node:timers/promises");
const { OwnService, freePort } = require("../service");
const { helper, load, unloadAndListen, until } = require("./flows");
const { withService } = require("./with-service");

describe("On Start and On Stop", function () {
    this.timeout(60_000);
    const { block, results } = withService();

    /** Global context outlives the flow, until the helper cleans it. */
    const globalOf = (flow) => flow.block.context().global;

    describe("On Start", () => {
        it("runs before the first message, and acts through context", async () => {
            const flow = await block("return flow.get('factor') * data", { initialize: "flow.set('factor', 3)" });
            assert.deepEqual(await results(flow, [1, 2]), [3, 6]);
        });

        it("messages that come before it is done wait, counted, and keep their order", async () => {
            const flow = await block("return [flow.get('ready'), data]", {
                initialize: "import time\nwhile not flow.get('go', default=False): time.sleep(0.01)\n"
                    + "flow.set('ready', True)",
            });
            [1, 2, 3].forEach((payload) => flow.send({ payload }));
            await sleep(300);
            assert.deepEqual(flow.seen.out0, []);
            assert.ok(flow.statusTexts.includes("on-start-waiting"), JSON.stringify(flow.statusTexts));
            flow.block.context().flow.set("go", true);
            assert.deepEqual((await flow.at("out0", 3)).map((msg) => msg.payload), [[true, 1], [true, 2], [true, 3]]);
        });

        it("may wait with await", async () => {
            const initialize = "import asyncio\nflow.set('x', '-')\nawait asyncio.sleep(0.3)\nflow.set('x', 'done')";
            assert.deepEqual(await results(await block("return flow.get('x')", { initialize }), [0]), ["done"]);
        });

        it("has no message, and its result isn't sent", async () => {
            const flow = await block("return flow.get('seen')", {
                initialize: "flow.set('seen', [msg is None, data is None, inputs == []])\nreturn {'payload': 'lost'}",
            });
            assert.deepEqual(await results(flow, [0]), [[true, true, true]]);
            assert.equal(flow.seen.out0.length, 1);
        });

        it("sends with node.send, and knows its node", async () => {
            const flow = await block("return data", {
                initialize: "node.send([{'topic': node.name, 'payload': node.id, 'count': node.outputCount}, 5])",
                outputs: 2,
            });
            const [first] = await flow.at("out0");
            assert.deepEqual([first.topic, first.payload, first.count], ["my block", "block", 2]);
            const [second] = await flow.at("out1");
            assert.equal(second.payload, 5);
            assert.ok(first._msgid && first._msgid === second._msgid);
        });

        it("sends to nodes that are made after it", async () => {
            const late = (RED) => RED.nodes.registerType("late", class {
                constructor(config) {
                    RED.nodes.createNode(this, config);
                    this.on("input", (msg, send) => send(msg));
                }
            });
            const chain = Array.from({ length: 300 }, (_, i) => (
                { id: `late${i}`, z: "tab", type: "late", wires: [[i < 299 ? `late${i + 1}` : "end"]] }));
            const flow = await block("return data", { initialize: "node.send(1)", wires: [["late0"]] }, {
                types: [late], nodes: [...chain, { id: "end", z: "tab", type: "helper" }],
            });
            assert.equal((await flow.at("end"))[0].payload, 1);
        });

        it("logs at each level", async () => {
            const initialize = "for level in ['log', 'warn', 'error', 'debug', 'trace']: getattr(node, level)(level)";
            const flow = await block("return data", { initialize });
            await results(flow, [1]);
            assert.deepEqual(flow.logged.map(([level, text]) => [level, text]),
                ["log", "warn", "error", "debug", "trace"].map((level) => [level, level]));
        });

        it("that fails: told once with tab and line, red, and every message is refused with it", async () => {
            const flow = await block("return data", {
                initialize: "import time\ntime.sleep(0.2)\n1 / 0", errorOutput: true, outputs: 2,
            });
            flow.send({ payload: 1 });
            const caught = await flow.at("caught", 2);
            flow.send({ payload: 2 });
            await flow.at("caught", 3);
            for (const { error } of caught) {
                assert.match(error.message, /^ZeroDivisionError: division by zero \(On Start, line 3, col 1\)$/);
                assert.equal(error.cause.tab, "On Start");
                assert.match(error.cause.traceback, /File "my block \(On Start\)", line 3/);
            }
            assert.deepEqual(caught.map((msg) => msg.payload), [undefined, 1, 2]);
            assert.deepEqual((await flow.at("out1", 3)).map((msg) => msg.error.cause.line), [3, 3, 3]);
            assert.deepEqual([flow.lastStatus.fill, flow.lastStatus.text], ["red", "ZeroDivisionError"]);
            assert.deepEqual([flow.seen.out0, flow.seen.completed], [[], []]);
        });

        it("over the time limit is stopped", async () => {
            const flow = await block("return data", { initialize: "while True: pass", timeout: 0.3 });
            flow.send({ payload: 1 });
            const [caught] = await flow.at("caught");
            assert.deepEqual([caught.error.code, caught.error.cause.tab], ["timeout", "On Start"]);
        });

        it("of nothing but space is none", async () => {
            const flow = await block("return data", { initialize: " \n", finalize: "\n" });
            assert.deepEqual(await results(flow, [1]), [1]);
        });

        it("is cancelled when the flow stops", async () => {
            const flow = await block("return data", { initialize: "import time\ntime.sleep(20)" });
            flow.send({ payload: 1 });
            await until(() => flow.lastStatus?.fill === "blue", 5000, () => "On Start to run");
            const begun = Date.now();
            await helper.unload();
            assert.ok(Date.now() - begun < 3000);
            assert.deepEqual(flow.seen.caught, []);
        });
    });

    describe("On Start and msg.kill", () => {
        // Goes on until it is told to, so that only the kill can end the first run.
        const initialize = "import time\nflow.set('begun', flow.get('begun', default=0) + 1)\n"
            + "while not flow.get('go', default=False): time.sleep(0.01)\nflow.set('ended', flow.get('begun'))";
        const contextOf = (flow) => flow.block.context().flow;
        const begun = (flow, count) =>
            until(() => contextOf(flow).get("begun") === count, 15_000, () => `On Start number ${count}`);

        it("ends it, and the message that waits for it; the next one waits for another run", async () => {
            const flow = await block("return [flow.get('ended'), data]", { initialize });
            flow.send({ payload: 1 });
            await begun(flow, 1);
            flow.send({ kill: true });
            const [{ payload, error }] = await flow.at("caught");
            assert.deepEqual([payload, error.code], [1, "cancelled"]);
            assert.deepEqual([flow.lastStatus.fill, flow.lastStatus.text], ["red", "code-block.status.cancelled"]);
            flow.send({ payload: 2 });
            await begun(flow, 2);
            contextOf(flow).set("go", true);
            assert.deepEqual((await flow.at("out0")).map((msg) => msg.payload), [[2, 2]]);
            assert.deepEqual([flow.seen.caught.length, flow.seen.completed.length], [1, 2]);
        });

        it("ends all that wait, and none that comes after it", async () => {
            const flow = await block("return data", { initialize, order: "parallel" });
            [1, 2].forEach((payload) => flow.send({ payload }));
            await begun(flow, 1);
            flow.send({ kill: true });
            flow.send({ payload: 3 });
            await begun(flow, 2);
            contextOf(flow).set("go", true);
            assert.deepEqual((await flow.at("out0")).map((msg) => msg.payload), [3]);
            assert.deepEqual(flow.seen.caught.map((msg) => [msg.payload, msg.error.code]),
                [[1, "cancelled"], [2, "cancelled"]]);
            assert.equal(flow.lastStatus.fill, "green");
        });

        it("ends it when no message waits, without an error", async () => {
            const flow = await block("return flow.get('ended')", { initialize });
            await begun(flow, 1);
            flow.send({ kill: true });
            await until(() => flow.statusTexts.at(-1) === "cancelled", 5000, () => "the end of On Start");
            contextOf(flow).set("go", true);
            assert.deepEqual(await results(flow, [1]), [2]);
            assert.deepEqual(flow.seen.caught, []);
        });

        it("lets one stand that is done", async () => {
            const flow = await block("return flow.get('begun')", { initialize: "flow.set('begun', "
                + "flow.get('begun', default=0) + 1)" });
            assert.deepEqual(await results(flow, [1]), [1]);
            flow.send({ kill: true });
            assert.deepEqual(await results(flow, [2]), [1]);
        });
    });

    describe("with kept state", () => {
        const counter = { keepState: true, initialize: "import math\nseen = []\ndef add(x):\n    seen.append(x)" };

        it("On Start's names are there On Message and On Stop", async () => {
            const flow = await block("add(data)\nreturn seen", {
                ...counter, finalize: "global_.set('left', [len(seen), math.floor(2.5)])",
            });
            assert.deepEqual(await results(flow, [1, 2]), [[1], [1, 2]]);
            const global = globalOf(flow);
            await helper.unload();
            assert.deepEqual(global.get("left"), [2, 2]);
        });

        it("they are there although each part imports what no other does", async () => {
            const flow = await block("import soupsieve\nseen.append(soupsieve.match)\nreturn len(seen)", {
                keepState: true, initialize: "import pytz.exceptions\nseen = []",
                finalize: "global_.set('left', len(seen))",
            });
            flow.send({ payload: null });
            flow.send({ payload: null });
            const sent = await flow.at("out0", 2, 50_000);
            assert.deepEqual(sent.map((msg) => msg.payload), [1, 2]);
            assert.deepEqual(flow.linesOf("warn"), []);
            const global = globalOf(flow);
            await helper.unload();
            assert.equal(global.get("left"), 2);
        });

        it("without it they aren't", async () => {
            const flow = await block("return 'seen' in globals()", { ...counter, keepState: false });
            assert.deepEqual(await results(flow, [1]), [false]);
        });

        it("an error in a function of On Start has the line On Message that called it", async () => {
            const flow = await block("x = 1\nfail(data)", {
                keepState: true, initialize: "def fail(x):\n    # a line\n    # another\n    raise ValueError(x)",
            });
            flow.send({ payload: 7 });
            const [{ error }] = await flow.at("caught");
            assert.match(error.message, /^ValueError: 7 \(line 2, col 1\)$/);
            assert.equal(error.cause.tab, "On Message");
        });

        it("state that was lost: one warning, and On Start runs again before the next message", async () => {
            const stubborn = "while data == 'crash':\n    try:\n        while True: pass\n"
                + "    except BaseException: pass\n";
            const flow = await block(`${stubborn}add(data)\nreturn seen`, { ...counter, timeout: 0.5 });
            await results(flow, [1]);
            flow.send({ payload: "crash" });
            await flow.at("caught");
            assert.deepEqual(await results(flow, [2, 3]), [[2], [2, 3]]);
            assert.deepEqual(flow.linesOf("warn"), ["code-block.error.state-lost"]);
        });

        it("msg.reset: On Start runs again, without a warning", async () => {
            const flow = await block("add(data)\nreturn seen", counter);
            flow.send({ payload: 1 });
            flow.send({ reset: true });
            flow.send({ payload: 2 });
            assert.deepEqual((await flow.at("out0", 2)).map((msg) => msg.payload), [[1], [2]]);
            await flow.at("completed", 3);
            assert.deepEqual(flow.linesOf("warn"), []);
        });
    });

    describe("On Stop", () => {
        it("runs when the flow stops, and knows its node", async () => {
            const flow = await block("return data", {
                outputs: 2, finalize: "global_.set('end', [node.name, node.id, node.outputCount, msg])",
            });
            const global = globalOf(flow);
            await helper.unload();
            assert.deepEqual(global.get("end"), ["my block", "block", 2, null]);
        });

        it("runs after what ran was cancelled", async () => {
            const flow = await block("import time\ntime.sleep(20)", { finalize: "global_.set('end', True)" });
            const global = globalOf(flow);
            flow.send({ payload: 1 });
            await until(() => flow.statusTexts.includes("running"), 5000, () => "a running block");
            const begun = Date.now();
            await helper.unload();
            assert.ok(Date.now() - begun < 5000);
            assert.equal(global.get("end"), true);
        });

        it("messages that come while it runs are refused, and not lost without a word", async () => {
            const flow = await block("return data", {
                finalize: "import time\nwhile not global_.get('go', default=False): time.sleep(0.01)",
            });
            const global = globalOf(flow);
            const closed = flow.block.close();
            flow.send({ payload: "late" });
            const [caught] = await flow.at("caught");
            assert.deepEqual([caught.payload, caught.error.message], ["late", "Error: code-block.error.stopping"]);
            global.set("go", true);
            await closed;
        });

        it("can't send, and says so", async () => {
            const flow = await block("return data", {
                finalize: "try:\n    node.send(1)\nexcept RuntimeError as error:\n    global_.set('why', str(error))",
            });
            const global = globalOf(flow);
            await helper.unload();
            assert.equal(global.get("why"), "code-block.error.no-send");
            assert.deepEqual(flow.seen.out0, []);
        });

        it("that fails is logged, with its tab and line", async () => {
            await block("return data", { finalize: "\nnope" });
            const [{ msg: error }] = await unloadAndListen();
            assert.match(String(error), /^NameError: .*nope.* \(On Stop, line 2, col 1\)$/);
        });

        it("that takes too long is given up", async () => {
            const stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass";
            await block("return data", { timeout: 60, finalize: stubborn });
            const begun = Date.now();
            const heard = await unloadAndListen();
            const took = Date.now() - begun;
            assert.ok(took > 9_000 && took < 14_500, `${took} ms`);
            assert.equal(heard.length, 1, JSON.stringify(heard));
        });
    });
});

describe("On Start and a service in trouble", function () {
    this.timeout(180_000);

    before(() => helper.startServer());
    after(() => helper.stopServer());
    afterEach(() => helper.unload());

    it("down at start: messages are refused as usual, and On Start runs when the service comes", async () => {
        const service = new OwnService(await freePort());
        const flow = await load(service.url, { code: "return flow.get('n')", initialize: "flow.set('n', 1)" });
        flow.send({ payload: 1 });
        const [caught] = await flow.at("caught");
        assert.equal(caught.error.code, "service_unreachable");
        await service.start();
        try {
            await until(() => flow.block.context().flow.get("n") === 1, 30_000, () => "On Start");
            flow.send({ payload: 2 });
            assert.equal((await flow.at("out0"))[0].payload, 1);
            assert.equal(flow.seen.caught.length, 1);
        } finally {
            await helper.unload();
            await service.stop();
        }
    });

    it("a service that was started again has lost the state: On Start runs again", async () => {
        const service = new OwnService(await freePort());
        await service.start();
        try {
            const flow = await load(service.url, {
                code: "n += data\nreturn n", initialize: "n = 100", keepState: true,
            });
            flow.send({ payload: 1 });
            await flow.at("out0");
            await service.end("SIGTERM");
            await service.start();
            await until(() => flow.lastStatus?.text !== "code-block.status.unreachable", 30_000, () => "the service");
            flow.send({ payload: 2 });
            assert.deepEqual((await flow.at("out0", 2)).map((msg) => msg.payload), [101, 102]);
            assert.deepEqual(flow.linesOf("warn"), ["code-block.error.state-lost"]);
        } finally {
            await helper.unload();
            await service.stop();
        }
    });
});
