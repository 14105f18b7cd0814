/*
 * What a function node's users expect of a Code Block, as far as the other tests here don't say it: what a block may
 * return, messages that steer the node, further ports, limits of a run, and input that is too much.
 */
"use strict";

const assert = require("node:assert/strict");
const { setTimeout: sleep } = require("node:timers/promises");
const { lastSeen } = require("../../lib/last-seen");
const { helper, unloadAndListen, until } = require("./flows");
const { withService } = require("./with-service");

describe("a Code Block as a function node", function () {
    this.timeout(60_000);
    const { block, results } = withService();

    const running = (flow) => until(() => flow.statusTexts.some((text) => text.startsWith("running")), 5000,
        () => "a running block");

    describe("return", () => {
        const shapes = {
            "the message": ["return msg", 1, [["x"]]],
            "a list with one for each output": ["return [{'payload': '1'}, {'payload': '2'}]", 2, [["1"], ["2"]]],
            "several messages for the only output": ["return [[{'payload': 1}, {'payload': 2}]]", 1, [[1, 2]]],
            "None among messages": ["return [[msg, None, msg], None]", 2, [["x", "x"], []]],
            "None among messages for the only output": ["return [[msg, None, msg]]", 1, [["x", "x"]]],
            "None": ["return None", 1, [[]]],
            "a number": ["return 123", 1, [[123]]],
            "text": ["return 'foo'", 1, [["foo"]]],
            "truth": ["return True", 1, [[true]]],
            "bytes": ["return b'hello'", 1, [[Buffer.from("hello")]]],
            "a list of lists of numbers": ["return [[1, 2, 3]]", 1, [[[[1, 2, 3]]]]],
            "a message without outputs": ["return msg", 0, []],
        };
        for (const [name, [code, outputs, payloads]] of Object.entries(shapes)) {
            it(name, async () => {
                const flow = await block(code, { outputs });
                flow.send({ payload: "x", _msgid: "m1" });
                await flow.at("completed");
                const sent = Array.from({ length: outputs }, (_, i) => flow.seen[`out${i}`]);
                assert.deepEqual(sent.map((messages) => messages.map((msg) => msg.payload)), payloads);
                assert.ok(sent.flat().every((msg) => msg._msgid === "m1"));
            });
        }

        it("500 outputs", async () => {
            const flow = await block("return [None] * 499 + [data]", { outputs: 500 });
            flow.send({ payload: "far" });
            assert.equal((await flow.at("out499"))[0].payload, "far");
            assert.equal(flow.seen.out0.length, 0);
        });

        it("properties that Node-RED or others have added stay", async () => {
            const flow = await block("return msg");
            flow.send({ payload: "foo", topic: "bar", _topic: "baz" });
            const [msg] = await flow.at("out0");
            assert.deepEqual([msg.topic, msg._topic], ["bar", "baz"]);
        });

        it("what is raised, whatever its type: its name and its text", async () => {
            const flow = await block("class Small(Exception): pass\nraise Small(*data)");
            flow.send({ payload: ["mistake"] });
            flow.send({ payload: [99] });
            const caught = await flow.at("caught", 2);
            assert.deepEqual(caught.map((msg) => msg.error.message),
                ["Small: mistake (line 2, col 1)", "Small: 99 (line 2, col 1)"]);
            const { type, line, column, tab } = caught[0].error.cause;
            assert.deepEqual([type, line, column, tab], ["Small", 2, 1, "On Message"]);
        });
    });

    describe("msg.kill", () => {
        it("cancels what runs, isn't run itself, and the next message is", async () => {
            const flow = await block("import time\ntime.sleep(20 if data == 'long' else 0)\nreturn data");
            flow.send({ payload: "long", topic: "t" });
            flow.send({ payload: "next" });
            await running(flow);
            flow.send({ kill: true, payload: "kill" });
            const [msg] = await flow.at("out0");
            assert.equal(msg.payload, "next");
            const [{ topic, error }, ...more] = flow.seen.caught;
            assert.deepEqual([topic, error.code, more], ["t", "cancelled", []]);
            await until(() => flow.seen.completed.length === 2, 2000, () => "two complete messages");
            assert.equal(flow.seen.out0.length, 1);
        });

        it("what a killed run says afterwards isn't heard", async () => {
            const flow = await block("import time\ntry:\n    time.sleep(20)\nexcept KeyboardInterrupt:\n"
                + "    node.send('too late')");
            flow.send({ payload: 1 });
            await running(flow);
            flow.send({ kill: true });
            await flow.at("caught");
            await sleep(300);
            assert.deepEqual(flow.seen.out0, []);
        });

        it("when nothing runs does nothing; false isn't meant", async () => {
            const flow = await block("return data");
            flow.send({ payload: 1, kill: true });
            assert.deepEqual(await results(flow, [2]), [2]);
            flow.send({ payload: 3, kill: false });
            assert.equal((await flow.at("out0", 2))[1].payload, 3);
        });
    });

    describe("many messages at once", () => {
        it("all that their runs send and give comes in order", async () => {
            const flow = await block("print('p', data)\nnode.send({'payload': ['s', data]})\n"
                + "if data % 5 == 4: raise ValueError(data)\nreturn ['r', data]");
            const count = 60;
            for (let payload = 0; payload < count; payload += 1) {
                flow.send({ payload });
            }
            const results = count - count / 5;
            const sent = await flow.at("out0", count + results);
            const expected = Array.from({ length: count }, (_, i) => [["s", i], ...(i % 5 === 4 ? [] : [["r", i]])]);
            assert.deepEqual(sent.map(({ payload }) => payload), expected.flat());
            const caught = await flow.at("caught", count / 5);
            assert.deepEqual(caught.map(({ payload }) => payload),
                Array.from({ length: count / 5 }, (_, i) => 5 * i + 4));
        });
    });

    describe("msg.reset", () => {
        const code = "try:\n    seen.append(data)\nexcept NameError:\n    seen = [data]\nreturn seen";

        it("forgets kept state, after the messages before it", async () => {
            const flow = await block(code, { keepState: true });
            [1, 2].forEach((payload) => flow.send({ payload }));
            flow.send({ reset: true, payload: "not run" });
            flow.send({ payload: 3 });
            assert.deepEqual((await flow.at("out0", 3)).map((msg) => msg.payload), [[1], [1, 2], [3]]);
            assert.deepEqual([flow.seen.completed.length >= 3, flow.linesOf("warn")], [true, []]);
        });

        it("is a message like any other for a block that has nothing to forget", async () => {
            const flow = await block("return msg['reset']");
            flow.send({ reset: "yes", payload: 1 });
            assert.equal((await flow.at("out0"))[0].payload, "yes");
        });
    });

    describe("msg.timeout", () => {
        it("holds for that message, in place of the node's", async () => {
            const flow = await block("import time\ntime.sleep(0.5)\nreturn data", { timeout: 0.2 });
            flow.send({ payload: "with more", timeout: 20 });
            flow.send({ payload: "with the node's" });
            flow.send({ payload: "with nonsense", timeout: -1 });
            await flow.at("caught", 2);
            assert.deepEqual(flow.seen.out0.map((msg) => msg.payload), ["with more"]);
            assert.deepEqual(flow.seen.caught.map((msg) => msg.error.code), ["timeout", "timeout"]);
        });
    });

    describe("further ports", () => {
        it("printed text, while the block still runs", async () => {
            const flow = await block("import sys, time\nprint('one')\nprint('two', file=sys.stderr)\n"
                + "while not flow.get('heard', default=False): time.sleep(0.01)\nprint('three')\nreturn 'four'",
            { printOutput: true, outputs: 2 });
            flow.send({ payload: 1, _msgid: "m1" });
            await flow.at("out1", 2);
            assert.equal(flow.seen.out0.length + flow.seen.completed.length, 0);
            flow.block.context().flow.set("heard", true);
            await flow.at("out0");
            assert.deepEqual(flow.seen.out1, [
                { _msgid: "m1", payload: "one\n", stream: "stdout" },
                { _msgid: "m1", payload: "two\n", stream: "stderr" },
                { _msgid: "m1", payload: "three\n", stream: "stdout" },
            ]);
        });

        it("all of it, however long", async () => {
            const flow = await block("for n in range(2000): print(n)", { printOutput: true, outputs: 1 });
            flow.send({ payload: 1 });
            await flow.at("completed");
            const text = flow.seen.out0.map((msg) => msg.payload).join("");
            assert.equal(text, Array.from({ length: 2000 }, (_, n) => `${n}\n`).join(""));
        });

        it("errors, as catch nodes get them, who get them too", async () => {
            const flow = await block("return 1 / data", { errorOutput: true, printOutput: true, outputs: 3 });
            flow.send({ payload: 0, topic: "t", _msgid: "m1", error: "older" });
            flow.send({ payload: 1 });
            await flow.at("out0");
            const [told, ...more] = flow.seen.out2;
            const [caught, ...others] = flow.seen.caught;
            assert.deepEqual([more, others, flow.seen.out1], [[], [], []]);
            assert.deepEqual(told, caught);
            assert.deepEqual([told.payload, told.topic, told._error, told.error.cause.type],
                [0, "t", "older", "ZeroDivisionError"]);
        });

        it("a result is for the block's own outputs", async () => {
            const flow = await block("return [1, 2, 3]", { errorOutput: true, outputs: 3 });
            flow.send({ payload: 0 });
            assert.match((await flow.at("out2"))[0].error.message, /3 items for 2 outputs/);
        });
    });

    it("memory: a block with less than it needs fails, one with enough doesn't", async () => {
        const code = "return len(bytes(300_000_000))";
        const flow = await block(code, { memory: 256 });
        flow.send({ payload: 1 });
        const [caught] = await flow.at("caught");
        assert.match(caught.error.message, /MemoryError/);
        await helper.unload();
        assert.deepEqual(await results(await block(code, { memory: "1024" }), [1]), [300_000_000]);
    });

    it("packages are sent with the block", async () => {
        const flow = await block("return 1", { packages: ["no-such-package-at-all==1.0", ""] });
        flow.send({ payload: 1 });
        const [caught] = await flow.at("caught", 1, 50_000);
        assert.match(caught.error.message, /no-such-package-at-all/);
    });

    describe("what is too much, or in the wrong form", () => {
        it("messages faster than the service: they wait, counted, up to a bound; then a clear error, and none is lost",
            async () => {
                const code = "import time\nif data == 0:\n"
                    + "    while not flow.get('go', default=False): time.sleep(0.01)\nreturn data";
                const flow = await block(code, { keepState: true });
                const numbers = Array.from({ length: 1100 }, (_, i) => i);
                numbers.forEach((payload) => flow.send({ payload }));
                await until(() => flow.statusTexts.includes("running-queued"), 5000, () => "a count");
                const refused = await flow.at("caught", 99);
                assert.deepEqual(refused.map((msg) => msg.payload), numbers.slice(1001));
                assert.equal(refused[0].error.message, "Error: code-block.error.queue-full");
                flow.block.context().flow.set("go", true);
                const sent = await flow.at("out0", 1001, 50_000);
                assert.deepEqual(sent.map((msg) => msg.payload), numbers.slice(0, 1001));
                assert.equal(flow.seen.caught.length, 99);
            });

        it("50 MB there and back, and what the editor may see of it", async () => {
            const flow = await block("return data");
            const payload = Buffer.alloc(50_000_000, 7);
            flow.send({ payload });
            const [msg] = await flow.at("out0", 1, 50_000);
            assert.ok(msg.payload.equals(payload));
            assert.equal(lastSeen("block").tooBig, true);
        });

        it("what holds itself stays, and comes back; a payload that does is an error with its path", async () => {
            const flow = await block("msg['payload'] = sorted(msg)\nreturn msg");
            const circle = { name: "c" };
            circle.self = circle;
            flow.send({ payload: 1, circle });
            const [msg] = await flow.at("out0");
            assert.equal(msg.circle, circle);
            assert.deepEqual(msg.payload, ["_msgid", "payload"]);
            flow.send({ payload: { circle } });
            const [caught] = await flow.at("caught");
            assert.match(caught.error.message, /msg\.payload\.circle\.self: a value that contains itself can't travel/);
        });

        it("functions and sockets come back by reference", async () => {
            const socket = new (class Socket {})();
            const helpers = { twice: (x) => 2 * x };
            const flow = await block("return {'payload': 1}");
            flow.send({ payload: 0, socket, helpers });
            const [msg] = await flow.at("out0");
            assert.equal(msg.socket, socket);
            assert.equal(msg.helpers, helpers);
        });

        it("a node that is deleted while it runs: what ran is cancelled, and nothing is left of it", async () => {
            const flow = await block("import time\ntime.sleep(20)");
            flow.send({ payload: 1 });
            flow.send({ payload: 2 });
            await running(flow);
            assert.deepEqual(lastSeen("block").msg.payload, 2);
            const begun = Date.now();
            await helper.setFlows(flow.nodes.filter(({ id }) => id !== "block"), "nodes");
            assert.ok(Date.now() - begun < 3000);
            assert.deepEqual([helper.getNode("block"), lastSeen("block")], [null, null]);
            assert.deepEqual(flow.seen.caught, []);
        });

        it("a block with a wrong setting still keeps what came, to be tried once it is right", async () => {
            const flow = await block("return data", { outputs: 1, memory: -1 });
            flow.send({ payload: "kept" });
            await flow.at("caught");
            assert.equal(lastSeen("block").msg.payload, "kept");
        });

        it("the last message that came is there for the editor, from one deployment to the next", async () => {
            const flow = await block("return data");
            flow.send({ payload: { at: new Date(5), bytes: Buffer.from("x") }, req: {}, later: () => 1 });
            await flow.at("completed");
            const heard = await unloadAndListen();
            const { msg } = lastSeen("block");
            delete msg._msgid;
            assert.deepEqual(msg, { payload: { at: new Date(5), bytes: Buffer.from("x") } });
            assert.deepEqual(heard, []);
        });
    });
});
