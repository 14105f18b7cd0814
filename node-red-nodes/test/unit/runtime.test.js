/*
 * The parts of a node's runtime, one by one: what is kept, started, joined, traced, remembered, asked.
 */
"use strict";

const assert = require("node:assert/strict");
const { EventEmitter } = require("node:events");
const { setTimeout: sleep } = require("node:timers/promises");
const { forGroup, forItemsOf, forMessage } = require("../../lib/assignments");
const { Block } = require("../../lib/block");
const { callAnswers } = require("../../lib/calls");
const { Connection } = require("../../lib/connection");
const { variableOf } = require("../../lib/environment");
const { blockError, failedMessage } = require("../../lib/failures");
const { Hub } = require("../../lib/hub");
const { runEach } = require("../../lib/items");
const { makeJoin } = require("../../lib/join");
const { Kept } = require("../../lib/kept");
const lastSeen = require("../../lib/last-seen");
const { Provenance } = require("../../lib/provenance");
const { ServiceError } = require("../../lib/refusals");
const { readSettings } = require("../../lib/settings");
const { Sources } = require("../../lib/sources");
const { Start } = require("../../lib/start");
const { decode, encode } = require("../../lib/values");

const COMPLETED = Object.freeze({ status: "completed", result: encode(1), timings_ms: {} });

describe("a block's requests", () => {
    /** A block whose service answers like this, and what it was asked. */
    function blockOf(config, { secrets = {}, answers = [] } = {}) {
        const asked = [];
        let lost = 0;
        const connection = {
            async execute(request) {
                asked.push(request);
                return { ...COMPLETED, ...answers.shift() };
            },
        };
        const block = new Block(readSettings({ code: "m", initialize: "s", finalize: "e", ...config }), {
            id: "b1", facts: { id: "b1", name: "n".repeat(1200), path: undefined }, secrets, connection,
            onStateLost: () => { lost += 1; },
        });
        return { block, asked, lost: () => lost };
    }

    it("have what the node is set to, and nothing of what isn't set", async () => {
        const { block, asked } = blockOf({ name: "blk" });
        await block.run("code", { msg: { payload: 1 } }, {});
        assert.deepEqual(asked, [{
            code: "m", name: "blk", timeout_s: 30, block: "b1", order: "in-order", msg: { payload: 1 },
            node: { id: "b1", name: "n".repeat(1000), outputCount: 1 },
        }]);
    });

    it("have memory, packages and secrets; a message's own timeout holds", async () => {
        const { block, asked } = blockOf({ memory: 64, packages: [" six ", ""] }, { secrets: { KEY: "v" } });
        await block.run("code", forMessage({ payload: 1, timeout: 2.5 }).fields, {});
        const [{ memory_mb: memory, packages, env, timeout_s: timeout }] = asked;
        assert.deepEqual([memory, packages, env, timeout], [64, ["six"], { KEY: "v" }, 2.5]);
    });

    it("tell the parts apart by the name, which stays short enough", async () => {
        const { block, asked } = blockOf({ name: "x".repeat(200) });
        for (const part of ["initialize", "code", "finalize"]) {
            await block.run(part, {}, {});
        }
        assert.deepEqual(asked.map(({ code, name }) => [code, name.length, name.slice(180)]),
            [["s", 191, " (On Start)"], ["m", 200, "x".repeat(20)], ["e", 190, " (On Stop)"]]);
    });

    it("begin a kept state anew once; a lost one is told, also by a run that fails", async () => {
        const answers = [{ state: "new" }, { state: "kept" },
            { state: "new", status: "error", error: { type: "E", message: "m" } }];
        const { block, asked, lost } = blockOf({ keepState: true }, { answers });
        await block.run("initialize", {}, {});
        await block.run("code", {}, {});
        await assert.rejects(block.run("code", {}, {}), /m/);
        assert.deepEqual(asked.map((request) => request.reset_state), [true, false, false]);
        assert.equal(lost(), 1);
    });

    it("ask whether a state is there only if there is reason to", async () => {
        const { block, asked } = blockOf({ keepState: true });
        await block.checkState({});
        await block.run("code", {}, {});
        await block.checkState({});
        assert.equal(asked.length, 1);
        block.doubt();
        await block.checkState({});
        assert.deepEqual([asked.length, asked[1].code], [2, ""]);
    });
});

describe("kept state", () => {
    it("is doubtful after anything but success, and never before it began", () => {
        const kept = new Kept();
        assert.equal(kept.doubtful, false);
        kept.heard({ status: "completed", state: "new" });
        assert.deepEqual([kept.lost, kept.doubtful], [false, false]);
        kept.heard({ status: "timeout", state: "kept" });
        assert.equal(kept.doubtful, true);
        kept.heard({ status: "completed", state: "new" });
        assert.equal(kept.lost, true);
        kept.unheard();
        assert.equal(kept.doubtful, true);
        kept.reset();
        assert.deepEqual([kept.doubtful, kept.fields().reset_state], [false, true]);
    });
});

describe("On Start", () => {
    it("is run once; an error of the block stays, one of the service doesn't", async () => {
        const errors = [new ServiceError("service_unreachable", "away"), new Error("wrong"), null];
        let runs = 0;
        const start = new Start(async () => {
            const error = errors[runs++];
            if (error) {
                throw error;
            }
        });
        start.begin();
        await assert.rejects(start.ready(), /away/);
        await assert.rejects(start.ready(), /wrong/);
        await assert.rejects(start.ready(), /wrong/);
        assert.equal(runs, 2);
        start.again();
        await Promise.all([start.ready(), start.ready()]);
        assert.equal(runs, 3);
    });

    it("that is cancelled has ended before the next one begins", async () => {
        const ends = [];
        let under = 0;
        const start = new Start(async (signal) => {
            under += 1;
            assert.equal(under, 1);
            await new Promise((resolve) => ends.push(resolve));
            under -= 1;
            if (signal.aborted) {
                throw new ServiceError("cancelled", "cancelled");
            }
        });
        const first = start.ready();
        await sleep(0);
        start.cancel();
        const second = start.ready();
        await sleep(0);
        assert.equal(ends.length, 1);
        ends[0]();
        await assert.rejects(first, { code: "cancelled" });
        await sleep(0);
        ends[1]();
        await second;
        assert.equal(start.ready(), second);
        start.cancel();
        assert.equal(start.ready(), second);
    });

    it("is cancelled too if what it makes was to be forgotten, and another one waits", async () => {
        const start = new Start((signal) => new Promise((_, reject) => {
            const end = () => reject(new ServiceError("cancelled", "cancelled"));
            signal.addEventListener("abort", end);
            if (signal.aborted) {
                end();
            }
        }));
        const first = start.ready();
        await sleep(0);
        start.again();
        const second = start.ready();
        start.cancel();
        await assert.rejects(first, { code: "cancelled" });
        await assert.rejects(second, { code: "cancelled" });
    });
});

describe("joining", () => {
    const seen = [];
    const joinOf = (rule, rules) => makeJoin(rule, { size: 3, count: 3, ...rules }, {
        onGroup: ({ members, settled }) => seen.push([members, settled]),
        onTimeout: ({ members, settled }) => seen.push(["late", members, settled]),
        onPassed: (item) => seen.push(["passed", item]),
    });
    const take = () => seen.splice(0);

    it("each: one of each source, in the order in which they came", () => {
        const join = joinOf("each");
        join.add(1, "b1");
        join.add(1, "b2");
        join.add(2, "c1");
        assert.deepEqual([take(), join.waiting, join.present], [[], 3, 2]);
        join.add(0, "a1");
        assert.deepEqual([take(), join.waiting], [[[["a1", "b1", "c1"], ["b1", "c1", "a1"]]], 1]);
        assert.deepEqual([join.clear(), join.waiting], [["b2"], 0]);
    });

    it("each: what is enough, and no more than agreed waits", () => {
        const join = joinOf("each", { count: 2, limit: 1 });
        assert.deepEqual([join.add(0, "a1"), join.add(0, "a2")], [true, false]);
        join.clear();
        join.add(2, "c1");
        assert.equal(joinOf("each", { count: 1 }).add(1, "b1"), true);
        assert.deepEqual(take(), [[[null, "b1", null], ["b1"]]]);
        join.clear();
    });

    it("latest: what was in a group before isn't settled again, what nobody used is passed", () => {
        const join = joinOf("latest");
        ["a1", "a2"].forEach((item) => join.add(0, item));
        join.add(1, "b1");
        join.add(2, "c1");
        join.add(1, "b2");
        assert.deepEqual(take(), [
            ["passed", "a1"], [["a2", "b1", "c1"], ["a2", "b1", "c1"]], [["a2", "b2", "c1"], ["b2"]],
        ]);
        assert.equal(join.waiting, 0);
    });

    it("a timeout counts from a group's first message; nothing is left to end after the last", async () => {
        const join = joinOf("each", { timeoutMs: 60 });
        join.add(0, "a1");
        join.add(0, "a2");
        await sleep(150);
        assert.deepEqual(take(), [["late", ["a1", null, null], ["a1"]], ["late", ["a2", null, null], ["a2"]]]);
        const latest = joinOf("latest", { timeoutMs: 40 });
        latest.add(2, "c1");
        await sleep(120);
        assert.deepEqual(take(), [["late", [null, null, "c1"], ["c1"]]]);
    });

    it("gives a block the inputs in declared order, even if names look like numbers", () => {
        const byName = new Map([["2", { payload: "two" }], ["1", null], ["x", { payload: undefined }]]);
        const { fields, msg } = forGroup([{ a: 1, b: 1, payload: 0 }, { b: 2 }], byName);
        assert.deepEqual([...fields.inputs], [["2", "two"], ["1", null], ["x", null]]);
        assert.deepEqual([msg, fields.msg], [{ a: 1, b: 2 }, { a: 1, b: 2 }]);
    });
});

describe("items", () => {
    it("are begun in order, no more than so many at once, and none after an error", async () => {
        const begun = [];
        const run = async (item) => {
            begun.push(item);
            await sleep(item === 2 ? 1 : 20);
            if (item === 2) {
                throw new Error("two");
            }
            return -item;
        };
        await assert.rejects(runEach([1, 2, 3, 4, 5], run, 2), /two/);
        await sleep(60);
        assert.deepEqual(begun, [1, 2]);
        assert.deepEqual(await runEach([1, 3], run, 9), [-1, -3]);
    });

    it("have the properties of their message, and parts", () => {
        const stuck = () => 1;
        const assign = forItemsOf({ payload: ["a"], topic: "t", parts: { id: "o" }, stuck }, { id: "i", count: 1 });
        const { msg, fields, stays } = assign("a", 0);
        const parts = { id: "i", type: "array", index: 0, count: 1, len: 1, parts: { id: "o" } };
        assert.deepEqual(fields.msg, { topic: "t", payload: "a", parts });
        assert.deepEqual([msg, stays], [{ topic: "t", stuck, payload: "a", parts }, { stuck }]);
    });
});

describe("where messages come from", () => {
    /** Hooks as Node-RED has them, and a delivery. */
    function wiring() {
        const hooks = new EventEmitter();
        const names = new Map();
        const provenance = new Provenance({
            add: (name, callback) => {
                names.set(name, callback);
                hooks.on(name.split(".")[0], callback);
            },
            remove: (name) => {
                hooks.off(name.split(".")[0], names.get(name));
                names.delete(name);
            },
        }, "test");
        const deliver = (source, destination, msg, copy = msg) => {
            const event = { source: { node: source }, destination: { node: destination }, msg };
            hooks.emit("onSend", [event]);
            event.msg = copy;
            hooks.emit("preDeliver", event);
            return event.msg;
        };
        return { provenance, deliver, names };
    }

    const block = { id: "block", type: "code-block" };
    const junction = { id: "j", type: "junction" };

    it("is remembered through what hands on, clones and all, and only while somebody wants it", () => {
        const { provenance, deliver, names } = wiring();
        provenance.watch();
        provenance.watch();
        const msg = deliver({ id: "a", type: "inject" }, junction, {});
        assert.deepEqual(provenance.wayOf(deliver(junction, block, msg, {})), ["j", "a"]);
        const change = { id: "f", type: "function" };
        assert.deepEqual(provenance.wayOf(deliver(change, block, deliver(junction, change, msg))), ["f"]);
        assert.deepEqual(provenance.wayOf({}), []);
        provenance.unwatch();
        assert.equal(names.size, 2);
        provenance.unwatch();
        assert.equal(names.size, 0);
    });

    it("names the subflows around a node", () => {
        const { provenance, deliver } = wiring();
        provenance.watch();
        const outer = { subflowInstance: { id: "s1" }, parent: {} };
        const inner = { subflowInstance: { id: "s1-s2", _alias: "s2" }, parent: outer };
        const msg = deliver({ id: "s1-s2-n", _alias: "n", type: "x", _flow: inner }, block, {});
        assert.deepEqual(provenance.wayOf(msg), ["s1-s2-n", "n", "s1-s2", "s2", "s1"]);
    });

    const configs = [
        { id: "tab", type: "tab" }, { id: "off", type: "tab", disabled: true },
        { id: "a", z: "tab", wires: [["x"], ["y"]] }, { id: "b", z: "tab", wires: [["y"]] },
        { id: "x", z: "tab", wires: [["x2"]] }, { id: "x2", z: "tab", wires: [["block", "x"]] },
        { id: "y", z: "tab", wires: [["block"]] }, { id: "block", z: "tab", wires: [["a"]] },
        { id: "c", z: "tab", d: true }, { id: "e", z: "off" },
    ];
    const sourcesOf = (...ids) => new Sources(ids.map((id) => ({ id, name: `n${id}` })), "block", () => configs);

    it("the nearest source of the way, else the one that wires lead back to", () => {
        const sources = sourcesOf("a", "b");
        assert.equal(sources.placeOf(["j", "b", "a"]), 1);
        assert.equal(sources.placeOf(["x2"]), 0);
        assert.throws(() => sources.placeOf(["y"]), /the node y: it may be of "na" or "nb"/);
        assert.throws(() => sources.placeOf(["stranger"]), /none of the sources/);
        assert.throws(() => sources.placeOf([]), /by no wire/);
    });

    it("sources that are deleted or disabled, alone or with their flow, are missing", () => {
        assert.deepEqual(sourcesOf("a", "c", "e", "gone").missing().map(({ id }) => id), ["c", "e", "gone"]);
    });
});

describe("last seen", () => {
    afterEach(() => lastSeen.forget("n"));

    const seenOf = (msg) => {
        lastSeen.remember("n", msg);
        return lastSeen.lastSeen("n");
    };

    it("is a copy of what is data, with its types", () => {
        const payload = { text: "t", date: new Date(1), bytes: Buffer.from("x"), typed: new Float32Array([1]),
            set: new Set([1]), map: new Map([[1, 2]]), big: 5n, list: [1, null] };
        const circle = {};
        circle.self = circle;
        const msg = { payload, req: {}, res: {}, f: () => 1, socket: new (class Socket {})(), circle };
        const { msg: kept, at } = seenOf(msg);
        assert.deepEqual(kept, { payload, circle: {} });
        assert.ok(Date.now() - at < 1000);
        payload.list.push(3);
        assert.equal(kept.payload.list.length, 2);
        const frames = Object.assign(new Uint8Array(4), { dtype: "|b1", shape: [2, 2], order: "F" });
        assert.deepEqual(seenOf({ payload: frames }).msg.payload, frames);
    });

    it("is too big above 256 KiB as JSON, whatever it is made of, and that takes no time", () => {
        const small = { text: "x".repeat(200_000), bytes: Buffer.alloc(10_000) };
        assert.deepEqual(seenOf({ payload: small }).msg.payload, small);
        const shared = new Float64Array(2 ** 20).subarray(0, 4);
        assert.equal(seenOf({ payload: shared }).msg.payload.buffer.byteLength, 32);
        const begun = Date.now();
        for (const payload of ["x".repeat(300_000), Buffer.alloc(50_000_000), new Array(10_000_000).fill(null),
            new Float64Array(1e6), Array.from({ length: 1000 }, () => ({ k: "x".repeat(300) }))]) {
            assert.equal(seenOf({ payload }).tooBig, true);
        }
        assert.ok(Date.now() - begun < 2000);
    });

    it("of a node that joins is the last of each source, by name, and what the newest has beside its payload", () => {
        const say = (msg, name, all = ["level", "rain"]) => lastSeen.remember("n", msg, { name, all });
        say({ payload: 1, topic: "level", unit: "m" }, "level");
        say({ payload: 2 }, "rain");
        say({ payload: 3, topic: "rain" }, "rain");
        assert.deepEqual(lastSeen.lastSeen("n").msg, { topic: "rain", unit: "m", payload: { level: 1, rain: 3 } });
        say({ payload: "x".repeat(300_000) }, "level");
        assert.equal(lastSeen.lastSeen("n").tooBig, true);
        say({ payload: 4 }, "level");
        assert.deepEqual(lastSeen.lastSeen("n").msg.payload, { level: 4, rain: 3 });
        say({ payload: 5 }, "rain", ["rain", "snow"]);
        assert.deepEqual(lastSeen.lastSeen("n").msg.payload, { rain: 5 });
        assert.deepEqual(seenOf({ payload: 5 }).msg, { payload: 5 });
    });

    it("is nothing before a message came, and after the node is gone", () => {
        assert.equal(lastSeen.lastSeen("n"), null);
        seenOf({});
        lastSeen.forget("n");
        assert.equal(lastSeen.lastSeen("n"), null);
    });
});

describe("what a block asks of its flow", () => {
    const told = [];
    const tell = (name) => (...args) => { told.push([name, ...args]); };
    const answer = callAnswers(async () => ({ error: "context" }), {
        send: tell("send"), log: tell("log"), error: tell("error"), status: tell("status"),
        env: (name) => ({ KNOWN: "yes", FUNCTION: () => 1 })[name],
    });
    const ask = async (op, value, key = null) => {
        const packed = value === undefined ? {} : { value: encode(value) };
        const { value: reply, error } = await answer({ op, scope: "node", store: null, key, ...packed });
        return error ?? decode(reply);
    };

    it("is passed on, and answered with nil", async () => {
        for (const [op, value] of [["log", "a"], ["warn", { b: 1 }], ["debug", 1], ["trace", null]]) {
            assert.equal(await ask(op, value), null);
        }
        await ask("error", ["bad", null]);
        await ask("error", ["bad", { payload: 1 }]);
        assert.deepEqual(told.splice(0), [["log", "log", "a"], ["log", "warn", { b: 1 }], ["log", "debug", 1],
            ["log", "trace", null], ["error", "bad", null], ["error", "bad", { payload: 1 }]]);
    });

    it("a status is text or fill, shape and text; nil clears it", async () => {
        await ask("status", "busy");
        await ask("status", { fill: "red" });
        await ask("status", null);
        await ask("status", { text: "x".repeat(2000), constructor: [], link: "javascript:" });
        const { text, ...rest } = told.pop()[1];
        assert.deepEqual([text.length, rest], [1000, {}]);
        assert.deepEqual(told.splice(0), [["status", { text: "busy" }], ["status", { fill: "red" }], ["status", {}]]);
    });

    it("a variable is its value or nil; everything else is for the context", async () => {
        assert.deepEqual([await ask("env", undefined, "KNOWN"), await ask("env", undefined, "UNKNOWN")], ["yes", null]);
        assert.match(await ask("env", undefined, "FUNCTION"), /env\["FUNCTION"\]: a function can't travel/);
        assert.equal(await ask("get", undefined, "x"), "context");
        assert.equal(await ask("constructor"), "context");
    });
});

describe("variables of the environment", () => {
    const globalFlow = { _env: { G: 1, BOTH: "global" }, parent: {} };
    const tab = { _env: { T: 2, BOTH: "tab" }, parent: globalFlow, getGroupNode: (id) => ({ g1: group })[id] };
    const group = { _env: { IN: 3 }, parent: tab };
    const subflow = { _env: { S: 4 }, subflowInstance: { g: "g1" }, parent: tab };
    const read = (node, ...names) => names.map((name) => variableOf(node, name, () => `got ${name}`, ["OPEN"]));

    it("are those of the groups and flows around a node, Node-RED's own, and those allowed", () => {
        assert.deepEqual(read({ g: "g1", _flow: tab }, "IN", "T", "G", "S", "NR_FLOW_ID", "OPEN", "HOME"),
            ["got IN", "got T", "got G", undefined, "got NR_FLOW_ID", "got OPEN", undefined]);
        assert.deepEqual(read({ _flow: subflow }, "S", "IN", "T"), ["got S", "got IN", "got T"]);
        assert.deepEqual(read({ _flow: tab }, "IN"), [undefined]);
    });

    it("of a parent, as Node-RED looks for them", () => {
        assert.deepEqual(read({ _flow: tab }, "$parent.T", "$parent.BOTH", "$parent.$parent.HOME", "$parent.HOME"),
            [undefined, "got $parent.BOTH", undefined, undefined]);
    });
});

describe("errors of a part", () => {
    it("name it, unless it is On Message", () => {
        const error = { type: "E", message: "m", line: 2, column: 3 };
        assert.equal(blockError({ status: "error", error }, "On Start").message, "m (On Start, line 2, col 3)");
        assert.equal(blockError({ status: "error", error }, "On Message").message, "m (line 2, col 3)");
        assert.equal(blockError({ status: "timeout" }, "On Stop").message,
            "the block ran longer than its time limit (On Stop)");
        assert.equal(blockError({ status: "error", error }, "On Stop").cause.tab, "On Stop");
    });

    it("make the message that catch nodes get", () => {
        const error = Object.assign(new TypeError("no"), { code: "c", stack: "s" });
        const source = { id: "n", type: "code-block", name: "x" };
        assert.deepEqual(failedMessage({ payload: 1, error: "older" }, error, source), {
            payload: 1, _error: "older",
            error: { message: "TypeError: no", code: "c", stack: "s", source: { ...source, count: 1 } },
        });
    });
});

describe("a hub", () => {
    it("listens once, while anybody does", () => {
        const events = new EventEmitter();
        const hub = new Hub(events, "x");
        const heard = [];
        const listeners = Array.from({ length: 20 }, (_, i) => () => heard.push(i));
        listeners.forEach((listener) => hub.add(listener));
        events.emit("x");
        assert.deepEqual([heard.length, events.listenerCount("x")], [20, 1]);
        listeners.forEach((listener) => hub.remove(listener));
        assert.equal(events.listenerCount("x"), 0);
    });
});

describe("a connection that is to end", () => {
    it("waits for its last user", async () => {
        const connection = new Connection({ url: "http://127.0.0.1:9" });
        const user = {};
        connection.register(user);
        let ended = false;
        const end = connection.closeWhenUnused().then(() => { ended = true; });
        await sleep(20);
        assert.equal(ended, false);
        connection.unregister(user);
        await end;
    });
});
