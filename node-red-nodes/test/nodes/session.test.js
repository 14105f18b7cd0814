/*
 * What the session brings to a flow, with the real service: context, kept state, order, live output, and what happens
 * to running blocks when a connection or the service is lost, or has no room.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { Proxy } = require("../proxy");
const { OwnService, freePort } = require("../service");
const { forgetStores, helper, load, until, useStores } = require("./flows");
const { withService } = require("./with-service");

describe("a block and its flow", function () {
    this.timeout(60_000);
    const { block, results, url } = withService();

    describe("context", () => {
        it("flow, global_ and context are those of the function node", async () => {
            const code = [
                "flow.set('count', flow.get('count', default=0) + data)",
                "global_.set(['a', 'b'], [data, {'deep': [1]}])",
                "context.set('own', context.get('own', default=[]) + [data])",
                "return [flow.get('count'), global_.get(['a', 'b.deep']), context.get('own'), flow.keys()]",
            ].join("\n");
            const flow = await block(code);
            assert.deepEqual(await results(flow, [1, 5]), [
                [1, [1, [1]], [1], ["count"]],
                [6, [5, [1]], [1, 5], ["count"]],
            ]);
            const { flow: flowContext, global } = flow.block.context();
            assert.equal(flowContext.get("count"), 6);
            assert.deepEqual(global.get("b"), { deep: [1] });
            assert.deepEqual(flow.block.context().get("own"), [1, 5]);
            flowContext.set("count", 100);
            assert.equal((await results(flow, [1]))[0][0], 101);
        });

        it("values are exact: numpy, bytes, whole numbers of any size", async () => {
            const flow = await block("import numpy as np\nflow.set('x', [2**70, b'\\0\\xff', np.arange(3.0)])\n"
                + "return repr(flow.get('x'))");
            assert.deepEqual(await results(flow, [0]), ["[1180591620717411303424, b'\\x00\\xff', [0, 1, 2]]"]);
        });

        it("a store by name, one that answers late too; a missing one is an error", async () => {
            const dir = fs.mkdtempSync(path.join(os.tmpdir(), "cellblock-context-"));
            const stores = {
                default: { module: "memory" },
                file: { module: "localfilesystem", config: { dir, cache: false } },
            };
            try {
                await useStores(stores);
                const flow = await block("if data == 'gone':\n    return flow.get('n', store='gone')\n"
                    + "flow.set('n', data, store='file')\n"
                    + "return [flow.get('n'), flow.get('n', store='file'), flow.keys('file')]");
                await useStores(stores);
                assert.deepEqual(await results(flow, [7]), [[null, 7, ["n"]]]);
                flow.send({ payload: "gone" });
                const [caught] = await flow.at("caught");
                assert.match(caught.error.message, /^ContextError: there is no context store "gone"; .*file/);
                assert.equal(caught.error.cause.line, 2);
            } finally {
                await forgetStores();
                fs.rmSync(dir, { recursive: true, force: true });
            }
        });

        it("what can't travel, and what no block may touch, is an error that a block can catch", async () => {
            const flow = await block("try:\n    return getattr(flow, data[0])(*data[1:])\n"
                + "except RuntimeError as error:\n    return str(error)");
            flow.block.context().flow.set("callback", () => 1);
            const [callback, prototype] = await results(flow, [["get", "callback"], ["set", "__proto__.polluted", 1]]);
            assert.match(callback, /flow\["callback"\]: a function can't travel/);
            assert.match(prototype, /"__proto__.polluted" is no key of a context/);
            assert.equal({}.polluted, undefined);
        });
    });

    describe("kept state", () => {
        const code = "try:\n    seen.append(data)\nexcept NameError:\n    seen = [data]\nreturn seen";

        it("is there for the next message, from one deployment to the next", async () => {
            const flow = await block(code, { keepState: true });
            assert.deepEqual(await results(flow, [1, 2, 3]), [[1], [1, 2], [1, 2, 3]]);
            await helper.unload();
            const again = await block(code, { keepState: true });
            assert.deepEqual(await results(again, [4, 5]), [[4], [4, 5]]);
        });

        it("isn't there unless asked for", async () => {
            assert.deepEqual(await results(await block(code), [1, 2]), [[1], [2]]);
        });

        it("goes on after an error, and after a timeout that the block took part in", async () => {
            const mistakes = code.replace("return seen", "1 / data[0]\nwhile data[1]: pass\nreturn seen");
            const flow = await block(mistakes, { keepState: true, timeout: 0.5 });
            [[1, 0], [0, 0], [1, 1], [1, 0]].forEach((payload) => flow.send({ payload }));
            assert.equal((await flow.at("out0", 2))[1].payload.length, 4);
            assert.deepEqual(flow.seen.caught.map((msg) => msg.error.code), ["error", "timeout"]);
        });

        it("that is lost is told", async () => {
            const stubborn = "while data == 'crash':\n    try:\n        while True: pass\n"
                + "    except BaseException: pass\n";
            const flow = await block(`${stubborn}return data`, { keepState: true, timeout: 0.5 });
            const warnings = [];
            flow.block.on("call:warn", (call) => warnings.push(call.firstArg));
            await results(flow, [1]);
            flow.send({ payload: "crash" });
            await flow.at("caught");
            await results(flow, [2, 3]);
            assert.deepEqual(warnings, ["code-block.error.state-lost"]);
        });
    });

    describe("order", () => {
        const code = "import time\nflow.set(data, True)\n"
            + "while not flow.get('b', default=False): time.sleep(0.01)\nreturn data";

        it("parallel: a message doesn't wait for the one before it", async () => {
            const flow = await block(code, { order: "parallel" });
            assert.deepEqual((await results(flow, ["a", "b"])).sort(), ["a", "b"]);
        });

        it("in order: it does", async () => {
            const flow = await block(code, { timeout: 1 });
            flow.send({ payload: "a" });
            flow.send({ payload: "b" });
            assert.equal((await flow.at("out0"))[0].payload, "b");
            assert.equal(flow.seen.caught[0].error.code, "timeout");
        });
    });

    it("printed text is told while the block runs, and goes to the debug sidebar", async () => {
        const flow = await block("import sys, time\nprint('first')\nprint('careful', file=sys.stderr)\n"
            + "while not flow.get('heard', default=False): time.sleep(0.01)\nprint('x' * 3000)");
        const lines = [];
        const sidebar = [];
        flow.block.on("call:log", (call) => lines.push(["log", call.firstArg]));
        flow.block.on("call:warn", (call) => lines.push(["warn", call.firstArg]));
        const onComms = ({ topic, data }) => topic === "debug" && sidebar.push([data.id, data.topic, data.msg]);
        helper._events.on("comms", onComms);
        try {
            flow.send({ payload: 1 });
            await until(() => lines.length === 2, 15_000, () => "what is printed first");
            assert.deepEqual(lines.sort(), [["log", "first"], ["warn", "careful"]]);
            assert.deepEqual(sidebar, [["block", "stdout", "first"]]);
            assert.equal(flow.seen.completed.length, 0);
            flow.block.context().flow.set("heard", true);
            await flow.at("completed");
            assert.deepEqual(lines.slice(2).map(([, text]) => text), ["x".repeat(1994), "... 1007 more characters"]);
        } finally {
            helper._events.off("comms", onComms);
        }
    });

    it("shows queued, running, and how long it took", async () => {
        const flow = await block("return data");
        flow.send({ payload: 1 });
        await until(() => flow.lastStatus?.fill === "green", 5000, () => "a green status");
        const texts = [...new Set(flow.statusTexts)].filter((text) => text !== "");
        assert.deepEqual(texts.slice(0, 2), ["queued", "running"]);
    });

    it("a connection that is cut in mid-run: the run goes on and ends once", async () => {
        const proxy = await Proxy.before(new URL(url()).port);
        try {
            const flow = await load(proxy.url, {
                code: "import time\ntry:\n    runs += 1\nexcept NameError:\n    runs = 1\n"
                    + "print('begun')\ntime.sleep(1.5 if data == 'slow' else 0)\nreturn [data, runs]",
                keepState: true,
            });
            let lines = 0;
            flow.block.on("call:log", () => { lines += 1; });
            flow.send({ payload: "slow" });
            await until(() => lines === 1, 15_000, () => "the beginning of the run");
            proxy.cut();
            assert.deepEqual((await flow.at("out0"))[0].payload, ["slow", 1]);
            assert.deepEqual(flow.statusTexts.slice(-4, -1), ["running", "unreachable", "running"]);
            assert.deepEqual(await results(flow, ["quick"]), [["quick", 2]]);
            assert.equal(lines, 2);
            assert.deepEqual(flow.seen.caught, []);
        } finally {
            await helper.unload();
            await proxy.close();
        }
    });

    it("a context call whose connection is cut is answered once", async () => {
        const proxy = await Proxy.before(new URL(url()).port);
        try {
            const flow = await load(proxy.url, {
                code: "for n in range(300):\n    flow.set('n', flow.get('n', default=0) + 1)\nreturn flow.get('n')",
            });
            flow.send({ payload: 1 });
            const { flow: context } = flow.block.context();
            await until(() => context.get("n") > 50, 15_000, () => "some calls");
            proxy.cut();
            assert.equal((await flow.at("out0"))[0].payload, 300);
        } finally {
            await helper.unload();
            await proxy.close();
        }
    });
});

describe("a service in trouble", function () {
    this.timeout(180_000);

    before(() => helper.startServer());
    after(() => helper.stopServer());
    afterEach(() => helper.unload());

    it("killed and started again in mid-run: one error, and the next message works", async () => {
        const service = new OwnService(await freePort());
        await service.start();
        try {
            const flow = await load(service.url, { code: "import time\ntime.sleep(data)\nreturn data" });
            flow.send({ payload: 20 });
            flow.send({ payload: 0 });
            await until(() => flow.lastStatus?.text.includes("running"), 15_000, () => "a running block");
            await service.end("SIGKILL");
            await service.start();
            assert.equal((await flow.at("out0", 1, 30_000))[0].payload, 0);
            assert.equal(flow.seen.caught.length, 1);
            const [{ error }] = flow.seen.caught;
            assert.equal(error.code, "connection_lost");
            assert.match(error.message, /the block was running; it isn't known whether it ran to its end/);
            assert.equal(flow.seen.out0.length, 1);
        } finally {
            await helper.unload();
            await service.stop();
        }
    });

    it("without room: messages wait, and none is lost", async () => {
        const service = new OwnService(await freePort(), {
            CELLBLOCK_WORKERS: "1", CELLBLOCK_QUEUE_SIZE: "1", CELLBLOCK_BLOCK_QUEUE_SIZE: "1",
        });
        await service.start();
        try {
            const code = "import time\ntime.sleep(0.05)\nreturn data";
            const flow = await load(service.url, { code, order: "parallel" });
            const numbers = Array.from({ length: 12 }, (_, i) => i);
            numbers.forEach((payload) => flow.send({ payload }));
            const sent = await flow.at("out0", numbers.length, 60_000);
            assert.deepEqual(sent.map((msg) => msg.payload).sort((a, b) => a - b), numbers);
            assert.deepEqual(flow.seen.caught, []);
            assert.ok(flow.statusTexts.includes("waiting"), JSON.stringify(flow.statusTexts));
        } finally {
            await helper.unload();
            await service.stop();
        }
    });

    it("with a body limit: a message that is too large is named, and the next one works", async () => {
        const service = new OwnService(await freePort(), { CELLBLOCK_BODY_BYTES: "100000" });
        await service.start();
        try {
            const flow = await load(service.url, { code: "return len(data)" });
            flow.send({ payload: Buffer.alloc(200_000) });
            flow.send({ payload: Buffer.alloc(50_000) });
            assert.equal((await flow.at("out0"))[0].payload, 50_000);
            const [caught] = flow.seen.caught;
            assert.equal(caught.error.code, "body_too_large");
        } finally {
            await helper.unload();
            await service.stop();
        }
    });
});
