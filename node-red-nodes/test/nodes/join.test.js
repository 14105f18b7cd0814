/*
 * A block that joins the messages of several sources.
 */
"use strict";

const assert = require("node:assert/strict");
const { setTimeout: sleep } = require("node:timers/promises");
const functionNode = require("@node-red/nodes/core/function/10-function.js");
const junctionNode = require("@node-red/nodes/core/common/05-junction.js");
const linkNode = require("@node-red/nodes/core/common/60-link.js");
const lastSeen = require("../../lib/last-seen");
const { helper, unloadAndListen, until } = require("./flows");
const { withService } = require("./with-service");

describe("mode join", function () {
    this.timeout(60_000);
    const { block } = withService();

    const ALL = "return [data, inputs]";
    const source = (id, wires = [["block"]]) => ({ id, z: "tab", type: "helper", wires });
    const named = (...ids) => ids.map((id) => ({ id, name: `from ${id}` }));

    /** A block with sources a, b and c, declared in another order than that of their wires. */
    async function joined(config = {}, { nodes = ["a", "b", "c"].map((id) => source(id)), types = [] } = {}) {
        const { code = ALL, sources = named("c", "a", "b"), ...rest } = config;
        return block(code, { mode: "join", sources, ...rest }, { nodes, types });
    }

    const say = (id, msg) => helper.getNode(id).send(typeof msg === "object" ? msg : { payload: msg });

    const payloads = (flow) => flow.seen.out0.map((msg) => msg.payload);
    const group = (c, a, b) => [[c, a, b], { "from c": c, "from a": a, "from b": b }];

    it("data in declared order, inputs by name in that order", async () => {
        const flow = await joined({ code: "return [data, list(inputs), inputs['from a'], 'payload' in msg]" });
        say("a", 1);
        say("b", 2);
        say("c", 3);
        await flow.at("out0");
        assert.deepEqual(payloads(flow), [[[3, 1, 2], ["from c", "from a", "from b"], 1, false]]);
    });

    it("the message has what those of the group had, of the newest if several have it, and what stays comes back",
        async () => {
            const flow = await joined({ code: "msg['payload'] = sorted(msg)\nreturn msg" });
            const res = { send: () => 1 };
            say("a", { payload: 1, topic: "a", res, _msgid: "m1" });
            say("c", { payload: 2, extra: true, _msgid: "m2" });
            say("b", { payload: 3, topic: "b", _msgid: "m3" });
            const [msg] = await flow.at("out0");
            assert.deepEqual([msg.topic, msg.extra, msg._msgid], ["b", true, "m3"]);
            assert.deepEqual(msg.payload, ["_msgid", "extra", "topic"]);
            assert.equal(msg.res, res);
            await flow.at("completed", 3);
        });

    it("the editor runs it on the last message of each source, whether or not they made a group", async () => {
        lastSeen.forget("block"); // other tests have a block of this name
        const flow = await joined({ code: "return data" });
        say("a", 1);
        say("b", { payload: 2, topic: "t" });
        flow.send({ payload: "of no source" });
        await flow.at("caught");
        say("a", 3);
        const config = { code: "return [data, inputs, msg['topic']]", mode: "join", sources: named("c", "a", "b") };
        const { text } = await helper.request().post("/cellblock/run")
            .send({ id: "run", service: "service", node: "block", part: "code", input: "last", config });
        const { value } = JSON.parse(text.trim().split("\n").at(-1));
        assert.deepEqual(JSON.parse(value.msg), [...group(null, 3, 2), "t"]);
    });

    it("each: first come, first served, and nothing is lost", async () => {
        const flow = await joined();
        ["a1", "a2", "a3"].forEach((payload) => say("a", payload));
        say("c", "c1");
        say("b", "b1");
        say("b", "b2");
        say("c", "c2");
        await flow.at("out0", 2);
        assert.deepEqual(payloads(flow), [group("c1", "a1", "b1"), group("c2", "a2", "b2")]);
        say("b", "b3");
        say("c", "c3");
        await flow.at("out0", 3);
        assert.deepEqual(payloads(flow)[2], group("c3", "a3", "b3"));
        await flow.at("completed", 9);
    });

    it("latest: once all have sent, every message runs with the latest of the others", async () => {
        const flow = await joined({ joinRule: "latest" });
        say("a", "a1");
        say("a", "a2");
        say("b", "b1");
        say("c", "c1");
        say("b", "b2");
        say("a", "a3");
        await flow.at("out0", 3);
        assert.deepEqual(payloads(flow), [group("c1", "a2", "b1"), group("c1", "a2", "b2"), group("c1", "a3", "b2")]);
        await flow.at("completed", 6);
        assert.equal(flow.seen.completed.length, 6);
    });

    it("a count of sources is enough: the missing ones are None", async () => {
        const flow = await joined({ joinCount: 2 });
        say("b", "b1");
        say("c", "c1");
        await flow.at("out0");
        assert.deepEqual(payloads(flow), [group("c1", null, "b1")]);
    });

    it("shows how many sources there are, while it waits", async () => {
        const flow = await joined();
        say("b", 1);
        await until(() => flow.statusTexts.includes("joining"), 2000, () => "the status");
    });

    it("a timeout runs with what there is", async () => {
        const flow = await joined({ joinTimeout: 0.3 });
        say("b", "b1");
        say("b", "b2");
        await flow.at("out0", 2);
        assert.deepEqual(payloads(flow), [group(null, null, "b1"), group(null, null, "b2")]);
        ["a", "b", "c"].forEach((id) => say(id, id));
        await flow.at("out0", 3);
        await sleep(400);
        assert.deepEqual(payloads(flow).slice(2), [group("c", "a", "b")]);
    });

    it("or is an error, once, that names what is missing", async () => {
        const flow = await joined({ joinTimeout: 0.2, joinOnTimeout: "error" });
        say("b", { payload: "b1", topic: "x" });
        say("c", { payload: "c1", topic: "y" });
        const [caught] = await flow.at("caught");
        assert.equal(caught.topic, "y");
        assert.equal(caught.error.message, "Error: code-block.error.join-timeout");
        await sleep(300);
        assert.deepEqual([flow.seen.caught.length, flow.seen.out0.length], [1, 0]);
    });

    it("msg.reset forgets what waits", async () => {
        const flow = await joined();
        say("a", "old");
        say("b", "old");
        say("a", { reset: true });
        ["c", "a", "b"].forEach((id) => say(id, id));
        await flow.at("out0");
        assert.deepEqual(payloads(flow), [group("c", "a", "b")]);
        await flow.at("completed", 6);
    });

    it("an error is told once, with the newest message, and the others are done", async () => {
        const flow = await joined({ code: "1 / 0" });
        ["a", "b", "c"].forEach((id) => say(id, { payload: id }));
        await flow.at("caught");
        await flow.at("completed", 2);
        assert.deepEqual(flow.seen.caught.map((msg) => msg.payload), ["c"]);
    });

    it("a payload that can't travel is named by its source", async () => {
        const flow = await joined();
        ["a", "b"].forEach((id) => say(id, id));
        helper.getNode("c").send({ payload: () => 1 });
        const [caught] = await flow.at("caught");
        assert.match(caught.error.message, /inputs\["from c"\]: a function can't travel/);
    });

    it("what still waits when the flow stops is counted", async () => {
        await joined();
        say("a", 1);
        say("b", 2);
        await sleep(50);
        const heard = await unloadAndListen();
        assert.deepEqual(heard.map(({ msg }) => msg), ["code-block.error.cancelled-messages"]);
    });

    describe("where a message comes from", () => {
        const single = (nodes, types, sources = named("a", "b")) => joined({ sources }, { nodes, types });

        it("a source wired to two places is cloned, and known all the same", async () => {
            const flow = await single([source("a", [["other", "block"]]), source("b"), source("other", [])]);
            say("a", 1);
            say("b", 2);
            assert.deepEqual((await flow.at("out0"))[0].payload[0], [1, 2]);
            assert.deepEqual(Object.keys(flow.seen.other[0]).sort(), ["_msgid", "payload"]);
        });

        it("through one junction for both", async () => {
            const flow = await single([
                source("a", [["j"]]), source("b", [["j"]]),
                { id: "j", z: "tab", type: "junction", wires: [["k"]] },
                { id: "k", z: "tab", type: "junction", wires: [["block"]] },
            ], [junctionNode]);
            say("b", 2);
            say("a", 1);
            assert.deepEqual((await flow.at("out0"))[0].payload[0], [1, 2]);
        });

        it("through link nodes, one of them the same for both", async () => {
            const flow = await single([
                source("a", [["la"]]), source("b", [["lb"]]),
                { id: "la", z: "tab", type: "link out", mode: "link", links: ["in"], wires: [] },
                { id: "lb", z: "tab", type: "link out", mode: "link", links: ["in"], wires: [] },
                { id: "in", z: "tab", type: "link in", links: ["la", "lb"], wires: [["block"]] },
            ], [linkNode]);
            say("b", 2);
            say("a", 1);
            assert.deepEqual((await flow.at("out0"))[0].payload[0], [1, 2]);
        });

        it("out of a subflow", async () => {
            const flow = await single([
                { id: "sub", type: "subflow", name: "sub", in: [{ wires: [{ id: "inner" }] }],
                    out: [{ wires: [{ id: "inner", port: 0 }] }] },
                { id: "inner", z: "sub", type: "function", func: "msg.payload += 1; return msg;", wires: [[]] },
                { id: "instance", z: "tab", type: "subflow:sub", wires: [["block"]] },
                source("a", [["instance"]]), source("b"),
            ], [functionNode], named("instance", "b"));
            say("b", 2);
            say("a", 1);
            assert.deepEqual((await flow.at("out0"))[0].payload[0], [2, 2]);
        });

        it("inside a subflow, among its nodes", async () => {
            const pass = (id) => ({ id, z: "sub", type: "function", func: "return msg;", wires: [["block"]] });
            const flow = await block(ALL, { z: "sub", wires: [[]], mode: "join", sources: named("p", "q") }, {
                as: "instance-block", types: [functionNode],
                nodes: [
                    { id: "sub", type: "subflow", name: "sub", in: [{ wires: [{ id: "p" }] }],
                        out: [{ wires: [{ id: "block", port: 0 }] }] },
                    pass("p"), pass("q"),
                    { id: "instance", z: "tab", type: "subflow:sub", wires: [["end"]] },
                    { id: "end", z: "tab", type: "helper" },
                ],
            });
            helper.getNode("instance-q").receive({ payload: 2 });
            helper.getNode("instance").receive({ payload: 1 });
            assert.deepEqual((await flow.at("end"))[0].payload[0], [1, 2]);
        });

        it("from before another node, if its wires lead back to one source only", async () => {
            const change = (id) => ({
                id, z: "tab", type: "function", func: "return {payload: msg.payload * 10};", wires: [["block"]],
            });
            const flow = await single([source("a", [["fa", "both"]]), source("b", [["fb", "both"]]),
                change("fa"), change("fb"), change("both")], [functionNode]);
            say("a", 1);
            say("b", 2);
            assert.deepEqual((await flow.at("out0"))[0].payload[0], [10, 20]);
            const caught = await flow.at("caught", 2);
            assert.match(caught[0].error.message, /came from the node both: it may be of "from a" or "from b"/);
        });

        it("from none of the sources, or by no wire, is an error", async () => {
            const flow = await single([source("a"), source("b"), source("stranger")]);
            say("stranger", 1);
            await flow.at("caught");
            flow.send({ payload: 2 });
            const [first, second] = await flow.at("caught", 2);
            assert.match(first.error.message, /came from the node stranger, which is none of the sources/);
            assert.match(second.error.message, /came by no wire, which is none of the sources/);
        });
    });

    describe("a source that is gone", () => {
        it("is named, in red, and the rest goes on without it", async () => {
            const flow = await joined({ sources: named("a", "gone", "b") });
            await until(() => flow.lastStatus?.text === "code-block.status.source-missing", 2000, () => "the red ring");
            assert.equal(flow.lastStatus.fill, "red");
            say("a", 1);
            say("b", 2);
            assert.deepEqual((await flow.at("out0"))[0].payload[0], [1, null, 2]);
        });

        it("is noticed when it is deleted later, although the block isn't started again", async () => {
            const flow = await joined();
            const before = helper.getNode("block");
            const rest = flow.nodes.filter(({ id }) => id !== "a");
            await helper.setFlows(rest, "nodes");
            assert.equal(helper.getNode("block"), before);
            await until(() => flow.lastStatus?.text === "code-block.status.source-missing", 2000, () => "the red ring");
            assert.deepEqual(flow.linesOf("error"), ["code-block.error.source-missing"]);
            say("b", 2);
            say("c", 3);
            assert.deepEqual((await flow.at("out0"))[0].payload[0], [3, null, 2]);
        });
    });

    it("without sources, or with the same one twice, says so to every message", async () => {
        const flow = await joined({ sources: [] });
        flow.send({ payload: 1 });
        const [caught] = await flow.at("caught");
        assert.match(caught.error.message, /sources must be a list/);
    });
});
