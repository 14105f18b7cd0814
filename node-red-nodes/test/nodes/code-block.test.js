/*
 * The nodes in Node-RED's runtime, against the real service.
 */
"use strict";

const assert = require("node:assert/strict");
const { helper, load, until } = require("./flows");
const { withService } = require("./with-service");

describe("code-block in a flow", function () {
    this.timeout(60_000);
    const { block, url } = withService();

    /** What comes out of a block for one message. */
    async function outcome(code, msg, config) {
        const flow = await block(code, config);
        flow.send(msg);
        // The first figure may wait for its image to be built.
        return (await flow.at("out0", 1, 60_000))[0];
    }

    describe("results", () => {
        it("a value becomes the payload; the rest of the message stays", async () => {
            const msg = await outcome("return data * 2", { payload: 21, topic: "t", _msgid: "m1" });
            assert.deepEqual(msg, { payload: 42, topic: "t", _msgid: "m1" });
        });

        it("pandas: records in, records out, and digits in strings stay strings", async () => {
            const payload = [["08188500", 1.5], ["08188500", 2.5], ["012", 4]].map(([station, m]) => ({ station, m }));
            const code = "import pandas as pd\nframe = pd.DataFrame(data)\n"
                + "return frame.groupby('station', sort=False).m.mean().reset_index()";
            const msg = await outcome(code, { payload });
            assert.deepEqual(msg.payload, [{ station: "08188500", m: 2 }, { station: "012", m: 4 }]);
        });

        it("the message itself, with what could not travel put back", async () => {
            const res = { send: () => "sent" };
            const req = { headers: {}, socket: new (class Socket {})() };
            const code = "msg['payload'] = data.upper()\ndel msg['topic']\nmsg['seen'] = sorted(msg)\nreturn msg";
            const msg = await outcome(code, { payload: "x", topic: "t", _msgid: "m1", req, res });
            assert.deepEqual([msg.payload, msg._msgid, "topic" in msg], ["X", "m1", false]);
            assert.deepEqual(msg.seen, ["_msgid", "payload"]);
            assert.equal(msg.res, res);
            assert.equal(msg.req, req);
        });

        it("data is the message's own payload: what is done to it is in the message", async () => {
            assert.deepEqual((await outcome("data.append(3)\nreturn msg", { payload: [1, 2] })).payload, [1, 2, 3]);
        });

        it("None sends nothing, and the message is complete", async () => {
            const flow = await block("print('only this')");
            flow.send({ payload: 1 });
            await flow.at("completed");
            assert.equal(flow.seen.out0.length, 0);
        });

        it("several outputs", async () => {
            const flow = await block("return data, None, [{'payload': 1}, {'payload': 2}]", { outputs: 3 });
            flow.send({ payload: "a" });
            await flow.at("out2", 2);
            assert.deepEqual(flow.seen.out0.map((m) => m.payload), ["a"]);
            assert.deepEqual(flow.seen.out1, []);
            assert.deepEqual(flow.seen.out2.map((m) => m.payload), [1, 2]);
        });
    });

    describe("values, to Python and back", () => {
        const same = {
            "integers up to any size": [0, -1, 2 ** 40, 1767225600000, 2n ** 63n, 2n ** 100n, -(2n ** 100n)],
            "floats": [0.1, -Infinity, NaN],
            "text": ["08188500", "Süd 水位 🌊", ""],
            "nothing and truth": [null, true, false],
            "bytes": Buffer.from([0, 1, 255]),
            "a date": new Date("2026-03-14T06:00:00.123Z"),
            "nesting": { a: [{ b: [] }], "": {} },
        };
        for (const [name, payload] of Object.entries(same)) {
            it(name, async () => {
                assert.deepEqual((await outcome("return data", { payload })).payload, payload);
            });
        }

        it("tuples, sets and complex numbers of another block, as it sent them", async () => {
            const flow = await block("if data is None:\n    return (1, {frozenset([3])}, [4j])\nreturn repr(data)");
            flow.send({ payload: null });
            const [{ payload }] = await flow.at("out0");
            assert.deepEqual(payload, [1, [[3]], [{ re: 0, im: 4 }]]);
            flow.send({ payload });
            assert.equal((await flow.at("out0", 2))[1].payload, "(1, {frozenset({3})}, [4j])");
        });

        it("typed arrays are numpy arrays of their kind", async () => {
            const code = "return [type(data).__name__, str(data.dtype), data.tolist(), data]";
            const msg = await outcome(code, { payload: new Float32Array([1.5, 2]) });
            assert.deepEqual(msg.payload, ["ndarray", "float32", [1.5, 2], [1.5, 2]]);
        });

        it("what only Python has", async () => {
            const code = [
                "import numpy as np, pandas as pd, datetime as dt, decimal",
                "return {'array': np.arange(6).reshape(2, 3), 'series': pd.Series([1.5, None]), 'tuple': (1, 2),",
                "        'set': {3}, 'complex': 1+2j, 'decimal': decimal.Decimal('1.10'), 'date': dt.date(2026, 1, 2),",
                "        'time': dt.time(3, 4, 5), 'delta': dt.timedelta(seconds=1.5),",
                "        'stamp': pd.Timestamp(0, unit='s'), 1: 'int key',",
                "        'fortran': np.asfortranarray([[1, 2], [3, 4]]), 'bool': np.array([True])}",
            ].join("\n");
            assert.deepEqual((await outcome(code, { payload: null })).payload, {
                array: [[0, 1, 2], [3, 4, 5]], series: [1.5, NaN], tuple: [1, 2], set: [3], complex: { re: 1, im: 2 },
                decimal: "1.10", date: "2026-01-02", time: "03:04:05", delta: 1500, stamp: new Date(0),
                1: "int key", fortran: [[1, 2], [3, 4]], bool: [true],
            });
        });
    });

    describe("what DataFrames, arrays and pictures become", () => {
        const FRAME = "import pandas as pd\nreturn pd.DataFrame({'a': [1, 2], 'b': [0.5, None]})";
        const DRAW = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2])\n";

        const frames = {
            records: [{ a: 1, b: 0.5 }, { a: 2, b: NaN }],
            columns: { a: [1, 2], b: [0.5, NaN] },
        };
        for (const [choice, payload] of Object.entries(frames)) {
            it(`a DataFrame as ${choice}`, async () => {
                assert.deepEqual((await outcome(FRAME, {}, { frames: choice })).payload, payload);
            });
        }

        it("a DataFrame as typed columns", async () => {
            const { columns, length } = (await outcome(FRAME, {}, { frames: "arrays" })).payload;
            assert.equal(length, 2);
            assert.deepEqual(columns.map(({ name, dtype, data }) => [name, dtype, data]), [
                ["a", "<i8", Object.assign(BigInt64Array.of(1n, 2n), { shape: [2] })],
                ["b", "<f8", Object.assign(Float64Array.of(0.5, NaN), { shape: [2] })],
            ]);
        });

        it("an array as a typed array", async () => {
            const code = "import numpy as np\nreturn np.arange(4, dtype='f4').reshape(2, 2)";
            const typed = (await outcome(code, {}, { arrays: "typed" })).payload;
            assert.ok(typed instanceof Float32Array);
            assert.deepEqual([...typed], [0, 1, 2, 3]);
            assert.deepEqual(typed.shape, [2, 2]);
        });

        it("a figure is a Buffer that says what it is", async () => {
            const msg = await outcome(`${DRAW}return fig`, {});
            assert.equal(msg.mime, "image/png");
            assert.equal(msg.payload.subarray(1, 4).toString(), "PNG");
        }).timeout(120_000);

        it("a figure in the message is one too", async () => {
            const msg = await outcome(`${DRAW}msg["payload"] = fig\nreturn msg`, {});
            assert.equal(msg.mime, "image/png");
            assert.equal(msg.payload.subarray(1, 4).toString(), "PNG");
        }).timeout(120_000);

        it("a figure left open comes beside the payload", async () => {
            const msg = await outcome(`${DRAW}return 5`, {});
            assert.equal(msg.payload, 5);
            assert.deepEqual(msg.figures.map(({ mime, data }) => [mime, data.subarray(1, 4).toString()]),
                [["image/png", "PNG"]]);
        }).timeout(120_000);
    });

    describe("errors", () => {
        it("reach catch nodes once, with the user's line, and the next message works", async () => {
            const flow = await block("if data == 0:\n    x = 1\n    1 / data\nreturn data");
            flow.send({ payload: 0, topic: "t" });
            flow.send({ payload: 7 });
            await flow.at("out0");
            const [caught, ...more] = flow.seen.caught;
            assert.deepEqual(more, []);
            assert.equal(caught.topic, "t");
            assert.match(caught.error.message, /^ZeroDivisionError: division by zero \(line 3\b/);
            assert.equal(caught.error.source.id, "block");
            assert.equal(caught.error.cause.type, "ZeroDivisionError");
            assert.equal(caught.error.cause.line, 3);
            assert.match(caught.error.cause.traceback, /line 3[^]*ZeroDivisionError/);
            assert.ok(flow.statuses.some((shown) => shown.fill === "red" && shown.text === "ZeroDivisionError"));
            assert.deepEqual(flow.seen.completed.length, 1);
        });

        it("a syntax error names its line", async () => {
            const flow = await block("x = 1\ny = (2 +");
            flow.send({ payload: 0 });
            const [caught] = await flow.at("caught");
            assert.match(caught.error.message, /^SyntaxError: .*\(line 2/);
        });

        it("an unknown import is named", async () => {
            const flow = await block("import no_such_library");
            flow.send({ payload: 0 });
            const [caught] = await flow.at("caught");
            assert.match(caught.error.message, /no_such_library/);
        });

        it("a block over its time limit is stopped, and the next message works", async () => {
            const flow = await block("while data:\n    pass\nreturn 'free'", { timeout: 0.5 });
            flow.send({ payload: true });
            flow.send({ payload: false });
            assert.equal((await flow.at("out0"))[0].payload, "free");
            const [caught] = flow.seen.caught;
            assert.equal(caught.error.code, "timeout");
            assert.ok(flow.statuses.some((shown) => shown.fill === "red" && shown.text.includes("timeout")));
        });

        it("a payload that can't travel is named", async () => {
            const flow = await block("return data");
            flow.send({ payload: { rows: [() => 1] } });
            const [caught] = await flow.at("caught");
            assert.match(caught.error.message, /msg\.payload\.rows\[0\]: a function can't travel/);
        });

        it("a result that can't travel is named", async () => {
            const flow = await block("return {'a': [1, (n for n in [1])]}");
            flow.send({ payload: 1 });
            const [caught] = await flow.at("caught");
            assert.match(caught.error.message, /result\['a'\]\[1\].*generator/);
        });

        it("a result that JavaScript can't hold is named", async () => {
            const flow = await block("import pandas as pd\nreturn pd.DataFrame([[1, 2]], columns=['a', 'a'])");
            flow.send({ payload: 1 });
            const [caught] = await flow.at("caught");
            assert.match(caught.error.message, /^ResultNotPortable: .*two columns called "a"/);
            assert.equal(caught.error.code, "result_not_portable");
        });

        it("more items than outputs are an error", async () => {
            const flow = await block("return [1, 2, 3]", { outputs: 2 });
            flow.send({ payload: 1 });
            const [caught] = await flow.at("caught");
            assert.match(caught.error.message, /3 items for 2 outputs/);
        });
    });

    it("shows running, then the time taken", async () => {
        const flow = await block("return data");
        flow.send({ payload: 1 });
        await flow.at("completed");
        await until(() => flow.lastStatus?.fill === "green", 2000, () => "a green status");
        assert.ok(flow.statuses.some((shown) => shown.fill === "blue" && shown.text.includes("running")));
        assert.match(flow.lastStatus.text, /^[\d.]+ m?s$/);
    });

    it("keeps messages in order", async () => {
        const flow = await block("import time\ntime.sleep(0.03 if data % 5 == 0 else 0)\nreturn data");
        const numbers = Array.from({ length: 20 }, (_, i) => i);
        for (const payload of numbers) {
            flow.send({ payload });
        }
        const sent = await flow.at("out0", numbers.length, 40_000);
        assert.deepEqual(sent.map((msg) => msg.payload), numbers);
    });

    it("printed text goes to the log, standard error is a warning", async () => {
        const flow = await block("import sys\nprint('to the log')\nprint('careful', file=sys.stderr)\nreturn 1");
        const lines = [];
        flow.block.on("call:log", (call) => lines.push(["log", call.firstArg]));
        flow.block.on("call:warn", (call) => lines.push(["warn", call.firstArg]));
        flow.send({ payload: 1 });
        await flow.at("completed");
        assert.deepEqual(lines, [["log", "to the log"], ["warn", "careful"]]);
    });

    it("stopping the flow cancels what runs, at once and without an error", async () => {
        const flow = await block("import time\ntime.sleep(20)");
        flow.send({ payload: 1 });
        flow.send({ payload: 2 });
        await until(() => flow.lastStatus?.fill === "blue", 2000, () => "a running block");
        const start = Date.now();
        await helper.unload();
        assert.ok(Date.now() - start < 2000);
        assert.deepEqual(flow.seen.caught, []);
    });

    it("without a service node, the address in CELLBLOCK_URL is used", async () => {
        const before = process.env.CELLBLOCK_URL;
        process.env.CELLBLOCK_URL = url();
        try {
            const flow = await load("", { code: "return data + 1" });
            flow.send({ payload: 1 });
            assert.equal((await flow.at("out0"))[0].payload, 2);
        } finally {
            if (before === undefined) {
                delete process.env.CELLBLOCK_URL;
            }
        }
    });

    for (const [config, pattern] of [[{ outputs: 900 }, /outputs must be/], [{ timeout: -1 }, /timeout must be/],
        [{ language: "cobol" }, /language must be/], [{ service: "gone" }, /"gone" is missing/]]) {
        it(`a block configured with ${JSON.stringify(config)} says so to every message`, async () => {
            const flow = await block("return 1", config);
            flow.send({ payload: 1 });
            const [caught] = await flow.at("caught");
            assert.match(caught.error.message, pattern);
        });
    }
});
