/*
 * Statuses, settings, failures and the queue: small rules, one by one.
 */
"use strict";

const assert = require("node:assert/strict");
const { blockError } = require("../../lib/failures");
const { Display } = require("../../lib/display");
const { Printed } = require("../../lib/printed");
const { Queue } = require("../../lib/queue");
const { remembering } = require("../../lib/translation");
const { readSettings } = require("../../lib/settings");
const status = require("../../lib/status");
const catalogue = require("../../nodes/locales/en-US/code-block.json")["code-block"];

function translate(key, values = {}) {
    const text = key.split(".").reduce((part, name) => part[name], catalogue);
    return text.replace(/__(\w+)__/g, (_, name) => values[name]);
}

describe("status", () => {
    it("shows durations with two figures", () => {
        const shown = [0.0421, 0.999, 1.234, 9.96, 12.4, 999, 1000, 3140, 61_000].map(status.formatDuration);
        assert.deepEqual(shown,
            ["0.04 ms", "1.00 ms", "1.2 ms", "10.0 ms", "12 ms", "999 ms", "1.0 s", "3.1 s", "61 s"]);
    });

    it("running, with what waits", () => {
        assert.deepEqual(status.runningStatus(0, translate), { fill: "blue", shape: "dot", text: "running" });
        assert.equal(status.runningStatus(3, translate).text, "running, 3 waiting");
    });

    it("loading packages, with how far that is", () => {
        const shown = status.loadingStatus({ done: 3, total: 8 }, translate);
        assert.deepEqual(shown, { fill: "blue", shape: "ring", text: "loading packages 37 %" });
        assert.equal(status.loadingStatus({ done: 3, total: null }, translate).text, "loading packages");
        assert.equal(status.loadingStatus({}, translate).text, "loading packages");
        assert.equal(status.loadingStatus({ done: 9, total: 8 }, translate).text, "loading packages 100 %");
    });

    it("queued, and waiting for a service without room or without workers", () => {
        assert.deepEqual(status.queuedStatus(translate), { fill: "blue", shape: "ring", text: "queued" });
        const shown = (code) => Object.values(status.waitingStatus({ code }, translate)).join(" ");
        assert.equal(shown("queue_full"), "yellow ring waiting for the service");
        assert.equal(shown("service_not_ready"), "yellow ring service starting");
    });

    it("done, with the service's own time", () => {
        const shown = status.doneStatus({ total: 1.21 });
        assert.deepEqual(shown, { fill: "green", shape: "dot", text: "1.2 ms" });
    });

    it("failures by what they are", () => {
        const shown = (error) => Object.values(status.failureStatus(error, translate)).join(" ");
        assert.equal(shown({ name: "ZeroDivisionError", code: "error" }), "red dot ZeroDivisionError");
        assert.equal(shown({ name: "TimeoutError", code: "timeout" }), "red dot timeout");
        assert.equal(shown({ name: "ServiceError", code: "service_unreachable" }), "red ring service unreachable");
        assert.equal(shown({ name: "ServiceError", code: "service_not_ready" }), "yellow ring service starting");
        assert.equal(shown({ name: "ServiceError", code: "connection_lost" }), "red dot connection lost");
        assert.equal(shown({ name: "E".repeat(60) }), `red dot ${"E".repeat(31)}…`);
    });

    it("an idle node shows the service only when something is wrong with it", () => {
        assert.deepEqual(status.serviceStatus("ready", translate), {});
        assert.deepEqual(status.serviceStatus("unknown", translate), {});
        assert.deepEqual(status.serviceStatus("unreachable", translate),
            { fill: "red", shape: "ring", text: "service unreachable" });
        assert.deepEqual(status.serviceStatus("refused", translate),
            { fill: "red", shape: "ring", text: "service refuses" });
    });
});

describe("display", () => {
    let texts;
    let queue;
    let display;

    beforeEach(() => {
        texts = [];
        queue = { running: 0, waiting: 0 };
        display = new Display(({ text = "" }) => texts.push(text), translate, queue);
    });

    const seen = () => texts.splice(0);

    it("one run from its beginning to its end", () => {
        queue.running = 1;
        display.begin();
        display.phase("queued");
        display.phase("loading", { done: 1, total: 4 });
        display.phase("running");
        queue.waiting = 1;
        display.waiting();
        display.done({ total: 12 });
        assert.deepEqual(seen(),
            ["queued", "loading packages 25 %", "running", "running, 1 waiting", "12 ms"]);
    });

    it("what waits is counted only while something runs", () => {
        queue.waiting = 1;
        display.refused({ code: "queue_full" });
        display.waiting();
        assert.deepEqual(seen(), ["waiting for the service"]);
    });

    it("a service that goes and comes back in mid-run", () => {
        queue.running = 1;
        display.phase("running");
        display.service("unreachable");
        display.service("ready");
        assert.deepEqual(seen(), ["running", "service unreachable", "running"]);
        queue.running = 0;
        display.service("ready");
        assert.deepEqual(seen(), [""]);
    });

    it("one of several runs ends", () => {
        queue.running = 2;
        display.failed({ name: "KeyError", code: "error" });
        assert.deepEqual(seen(), ["KeyError", "running"]);
    });
});

describe("display of a block's start, sources and own status", () => {
    const shown = [];
    const queue = { running: 0, waiting: 0 };
    const display = new Display((each) => shown.push(each.text ?? ""), translate, queue);
    const seen = () => shown.splice(0);

    it("On Start, and what waits for it", () => {
        display.start();
        queue.running = 1;
        queue.waiting = 2;
        display.begin();
        display.waiting();
        display.phase("running");
        display.service("unreachable");
        display.service("ready");
        queue.waiting = 0;
        display.started();
        display.phase("running");
        queue.running = 0;
        assert.deepEqual(seen(), ["On Start", "On Start, 3 waiting", "On Start, 3 waiting", "service unreachable",
            "On Start, 3 waiting", "running"]);
    });

    it("On Start that failed", () => {
        display.start();
        display.started({ name: "KeyError", code: "error" });
        assert.deepEqual(seen(), ["On Start", "KeyError"]);
    });

    it("a source that is gone, or for which a message waits", () => {
        display.missing("pump");
        display.service("ready");
        display.joining(1, 3);
        display.missing(null);
        assert.deepEqual(seen(), ["no source: pump", "no source: pump", "1 of 3 sources", ""]);
    });

    it("a block's own status stands in place of others, but for what is wrong", () => {
        display.own({ fill: "blue", text: "mine" });
        display.begin();
        display.phase("running");
        display.done({ total: 1 });
        display.failed({ name: "KeyError", code: "error" });
        display.begin();
        display.service("unreachable");
        display.service("ready");
        display.own({});
        display.done({ total: 1 });
        assert.deepEqual(seen(), ["mine", "KeyError", "mine", "service unreachable", "mine", "", "1.0 ms"]);
        display.own({ text: "again" });
        display.stop();
        assert.deepEqual(seen(), ["again", ""]);
    });
});

describe("failures", () => {
    const cause = { type: "ValueError", message: "no", line: 3, column: null, traceback: "ValueError: no" };

    it("name the exception, its message and the line", () => {
        const error = blockError({ status: "error", error: cause });
        assert.equal(String(error), "ValueError: no (line 3)");
        assert.equal(error.code, "error");
        assert.deepEqual(error.cause, cause);
        assert.equal(error.stack, cause.traceback);
    });

    it("name the column where there is one", () => {
        assert.match(String(blockError({ status: "error", error: { ...cause, column: 8 } })), /\(line 3, col 8\)$/);
    });

    it("stand on their own when the service says little", () => {
        const error = blockError({ status: "timeout" });
        assert.equal(String(error), "TimeoutError: the block ran longer than its time limit");
    });
});

describe("settings", () => {
    it("fill in what is blank", () => {
        const read = readSettings({ outputs: "", timeout: undefined, code: undefined });
        assert.deepEqual(read, {
            language: "python", code: "", initialize: "", finalize: "", outputs: 1, printPort: null, errorPort: null,
            timeoutS: 30, memoryMb: null, packages: [], name: "block", mode: "message", itemsAs: "list", join: null,
            order: "in-order", keepState: false, frames: "records", arrays: "nested", secretNames: [],
        });
    });

    it("take numbers as text, as an environment variable gives them", () => {
        const read = readSettings({ outputs: "3", timeout: "0.5", name: "a\tb\u0000" });
        assert.deepEqual([read.outputs, read.timeoutS, read.name], [3, 0.5, "a b"]);
    });

    it("count the ports for printed text and errors behind the block's own", () => {
        const ports = (config) => {
            const { outputs, printPort, errorPort } = readSettings(config);
            return [outputs, printPort, errorPort];
        };
        assert.deepEqual(ports({ outputs: 3, printOutput: true, errorOutput: true }), [1, 1, 2]);
        assert.deepEqual(ports({ outputs: 1, errorOutput: true }), [0, null, 0]);
        assert.deepEqual(ports({ printOutput: true }), [1, 1, null]);
        assert.deepEqual(ports({ outputs: 501, printOutput: true }), [500, 500, null]);
    });

    it("keep code as it is, since its lines are counted", () => {
        const read = readSettings({ initialize: "\n x ", finalize: " \n" });
        assert.deepEqual([read.initialize, read.finalize], ["\n x ", ""]);
    });

    const SOURCES = [{ id: "a", name: " A " }, { id: "b" }];

    it("of a join: a source without a name goes by its id, and all are needed", () => {
        assert.deepEqual(readSettings({ mode: "join", sources: SOURCES, joinTimeout: "1.5" }).join, {
            sources: [{ id: "a", name: "A" }, { id: "b", name: "b" }], rule: "each", count: 2, timeoutMs: 1500,
            onTimeout: "run",
        });
        assert.equal(readSettings({ mode: "item", sources: "whatever", joinCount: -1 }).join, null);
    });

    for (const config of [{ sources: [] }, { sources: undefined }, { sources: [{ name: "x" }] },
        { sources: [{ id: "a" }, { id: "a", name: "x" }] }, { sources: [{ id: "a", name: "b" }, { id: "b" }] },
        { joinCount: 3, sources: SOURCES }, { joinCount: 0, sources: SOURCES }, { joinRule: "all", sources: SOURCES },
        { joinTimeout: 0, sources: SOURCES }, { joinOnTimeout: "drop", sources: SOURCES }]) {
        it(`of a join refuse ${JSON.stringify(config)}`, () => {
            assert.throws(() => readSettings({ mode: "join", ...config }),
                (error) => error.message.startsWith(Object.keys(config)[0]));
        });
    }

    for (const config of [{ memory: 0 }, { memory: 5000 }, { memory: 1.5 }, { packages: "six" }, { packages: [1] },
        { mode: "batch" }, { itemsAs: "set" }, { printOutput: 1 }, { errorOutput: "no" },
        { outputs: 0, printOutput: true },
        { secretNames: ["A", "A"] }, { secretNames: new Array(17).fill("") },
        { outputs: 501 }, { outputs: -1 }, { outputs: 1.5 }, { outputs: "x" },
        { timeout: 0 }, { timeout: "soon" }, { timeout: 1e9 }, { language: "ruby" },
        { order: "random" }, { keepState: "yes" }, { order: "parallel", keepState: true }]) {
        it(`refuse ${JSON.stringify(config)}`, () => {
            assert.throws(() => readSettings(config), (error) => error.message.startsWith(Object.keys(config)[0]));
        });
    }
});

describe("queue", () => {
    let started;
    let gates;
    const work = (item) => {
        started.push(item);
        return new Promise((resolve) => gates.push(resolve));
    };
    const oneEnds = async () => {
        gates.shift()();
        await new Promise(setImmediate);
    };

    beforeEach(() => {
        started = [];
        gates = [];
    });

    it("works on one item at a time, in order, and refuses what is too much", async () => {
        const queue = new Queue(work, { limit: 2 });
        assert.deepEqual([1, 2, 3, 4].map((item) => queue.push(item)), [true, true, true, false]);
        assert.deepEqual([started, queue.waiting, queue.running], [[1], 2, 1]);
        await oneEnds();
        assert.deepEqual(started, [1, 2]);
        assert.deepEqual(queue.clear(), [3]);
        await oneEnds();
        assert.equal(queue.running, 0);
    });

    it("works on several at once if told so", async () => {
        const queue = new Queue(work, { limit: 1, parallel: 2 });
        assert.deepEqual([1, 2, 3, 4].map((item) => queue.push(item)), [true, true, true, false]);
        assert.deepEqual([started, queue.running], [[1, 2], 2]);
        await oneEnds();
        assert.deepEqual([started, queue.running], [[1, 2, 3], 2]);
        await oneEnds();
        await oneEnds();
        assert.equal(queue.running, 0);
    });
});

describe("words", () => {
    it("are looked up once for what is in them, and a thousand are remembered", () => {
        const looked = [];
        const translate = remembering((key, options) => {
            looked.push(key);
            return `${key} ${options?.waiting ?? ""}`;
        });
        const told = [undefined, undefined, { waiting: 1 }, { waiting: 2 }].map((options) => translate("a", options));
        assert.deepEqual(told,
            ["a ", "a ", "a 1", "a 2"]);
        assert.deepEqual([translate("a", { waiting: 2 }), looked.length], ["a 2", 3]);
        Array.from({ length: 2000 }, (_, waiting) => translate("b", { waiting }));
        assert.equal(translate("a"), "a ");
        assert.equal(looked.filter((key) => key === "a").length, 4);
    });
});

describe("printed text", () => {
    const printed = (...pieces) => {
        const shown = [];
        const text = new Printed((lines) => shown.push(lines));
        pieces.forEach((piece) => text.write(piece));
        return { shown, text };
    };

    it("is shown in whole lines as they come, the rest at the end", () => {
        const { shown, text } = printed("a", "b\nc\nd", "e");
        assert.deepEqual(shown, ["ab\nc"]);
        text.end();
        assert.deepEqual(shown, ["ab\nc", "de"]);
    });

    it("is bounded, and the end says how much more there was", () => {
        const { shown, text } = printed("x".repeat(1999), "yz\n", "more\n");
        text.end();
        assert.deepEqual(shown, [`${"x".repeat(1999)}y`, "... 7 more characters"]);
    });

    it("empty lines alone are nothing to show", () => {
        const { shown, text } = printed("\n\n");
        text.end();
        assert.deepEqual(shown, []);
    });
});
