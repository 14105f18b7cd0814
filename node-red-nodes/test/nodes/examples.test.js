/*
 * Each example, imported as it is into a real Node-RED with the real service behind it, and driven as its comment says.
 */
"use strict";

const assert = require("node:assert/strict");
const { createHmac } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { NodeRed, ROOT } = require("../node-red");
const { startService } = require("../service");

const FOLDER = path.join(ROOT, "examples");
const PNG = "89504e470d0a1a0a";

describe("examples", function () {
    // The first that needs matplotlib waits for an image that has it.
    this.timeout(180_000);
    let service;
    let nodeRed;
    let flow;
    let seen;

    before(async () => {
        service = await startService();
        // What the examples' service node doesn't say comes from here.
        nodeRed = new NodeRed({ env: { CELLBLOCK_URL: service.url } });
        await nodeRed.start();
    });

    after(async () => {
        await nodeRed?.stop();
        await service?.stop();
    });

    const open = async (name) => {
        flow = JSON.parse(fs.readFileSync(path.join(FOLDER, `${name}.json`), "utf8"));
        seen = {};
        nodeRed.debugged.length = 0;
        await nodeRed.deploy(flow);
    };

    const idOf = (type, name) => {
        const found = flow.filter((node) => node.type === type && node.name === name);
        assert.equal(found.length, 1, `a ${type} node called ${name}`);
        return found[0].id;
    };

    const press = (name) => nodeRed.inject(idOf("inject", name));

    /** The next value at a debug node. */
    const next = async (name) => {
        seen[name] = (seen[name] ?? 0) + 1;
        return (await nodeRed.debug(idOf("debug", name), seen[name])).at(seen[name] - 1).value;
    };

    /** What a browser gets. */
    const page = async (address) => {
        const response = await fetch(`${nodeRed.url}${address}`);
        assert.equal(response.status, 200);
        return { type: response.headers.get("content-type"), body: Buffer.from(await response.arrayBuffer()) };
    };

    it("hello", async () => {
        await open("hello");
        await press("a name");
        assert.match(await next("greeting"), /^Hello Node-RED, from Python 3\.\d+\.\d+ on emscripten$/);
    });

    it("sensor-batch", async () => {
        await open("sensor-batch");
        await press("a batch of readings");
        assert.deepEqual(await next("summary"), [
            { station: "08188500", readings: 5, mean_m: 1.59, rise_cm: 52 },
            { station: "08188800", readings: 6, mean_m: 0.89, rise_cm: 4 },
        ]);
        const printed = () => nodeRed.debugged.some(({ msg }) => /1 reading left out/.test(msg));
        await nodeRed.until(printed, "the printed text");
    });

    it("context", async () => {
        await open("context");
        const levels = [];
        for (let i = 0; i < 3; i += 1) {
            await press("a level");
            const { level, highest } = await next("highest so far");
            levels.push(level);
            assert.equal(highest, Math.max(...levels));
        }
        await press("forget it");
        await press("a level");
        const { level, highest } = await next("highest so far");
        assert.equal(highest, level);
    });

    it("kept-state", async () => {
        await open("kept-state");
        for (const count of [1, 2, 3]) {
            await press("a reading");
            const { readings, mean } = await next("mean so far");
            assert.equal(readings, count);
            assert.ok(mean >= 1 && mean <= 2);
        }
        await open("kept-state");
        await press("a reading");
        assert.equal((await next("mean so far")).readings, 1);
    });

    it("join", async () => {
        await open("join");
        for (const source of ["forecast", "river gauge", "rain gauge"]) {
            await press(source);
        }
        const expected = { level_m: 1.94, rain_mm: 18, expected_mm: 20, warning: "high water possible until 18:00" };
        assert.deepEqual(await next("situation"), expected);
        for (const source of ["river gauge", "rain gauge", "forecast"]) {
            await press(source);
        }
        assert.deepEqual(await next("situation"), expected);
        assert.equal(nodeRed.debugged.length, 2);
    });

    it("per-item", async () => {
        await open("per-item");
        await press("lines of a logger");
        const expected = [["08188500", 1.42], ["08188800", 0.86], ["08189200", null], ["08188500", 1.44]]
            .map(([station, level_m]) => ({ station, level_m }));
        assert.deepEqual(await next("list"), expected);
        assert.deepEqual(await next("joined"), expected);
    });

    it("retry", async () => {
        await open("retry");
        await press("slow instrument");
        assert.deepEqual(await next("reading"), { station: "08188500", level_m: 1.42, attempts: 3 });
        await press("dead instrument");
        const { attempt, reason, payload } = await next("gave up");
        assert.deepEqual([attempt, payload.station], [3, "08188800"]);
        assert.match(reason, /TimeoutError: station 08188800 doesn't answer, attempt 3 \(line 4/);
    });

    it("plot-http", async () => {
        await open("plot-http");
        const { type, body } = await page("/cellblock/plot?hours=48");
        assert.equal(type, "image/png");
        assert.equal(body.subarray(0, 8).toString("hex"), PNG);
        assert.ok(body.readUInt32BE(16) >= 700, "as wide as it says");
        const other = await page("/cellblock/plot");
        assert.notDeepEqual(other.body, body);
    });

    it("hydrograph", async () => {
        await open("hydrograph");
        const { flow_m3s: measured } = JSON.parse(flow.find(({ type }) => type === "template").template);
        await press("separate");
        const summary = await next("baseflow index");
        assert.deepEqual([summary.station, summary.days], ["08188500", 120]);
        assert.ok(Math.abs(summary.baseflow_index - baseflowIndex(measured)) < 1e-4, JSON.stringify(summary));
        assert.ok(summary.baseflow_index > 0.3 && summary.baseflow_index < 0.8);
        assert.equal(await next("picture"), "image/png");
        const { type, body } = await page("/cellblock/hydrograph");
        assert.equal(type, "image/png");
        assert.equal(body.subarray(0, 8).toString("hex"), PNG);
    });

    it("signed-token", async () => {
        await open("signed-token");
        await press("a reading");
        assert.match((await next("error")).message, /SIGNING_KEY has no value: type one under Setup, Secrets/);

        // A value is typed in the dialog, and the flow deployed again.
        const key = "an example's key of 32 characters";
        const signer = flow.find(({ name }) => name === "Sign a token");
        const typed = flow.map((node) => (node === signer ? { ...node, credentials: { secret0: key } } : node));
        for (const number of [1, 2]) {
            await nodeRed.deploy(typed);
            await press("a reading");
            const { authorization } = await next("headers");
            const [head, body, signature] = authorization.replace(/^Bearer /, "").split(".");
            assert.equal(signature, createHmac("sha256", key).update(`${head}.${body}`).digest("base64url"));
            const reading = { station: "08188500", level_m: 1.42 };
            assert.deepEqual(JSON.parse(Buffer.from(body, "base64url")), { ...reading, number });
            assert.equal(await next("printed"), `token ${number} is for 08188500\n`);
        }
        await nodeRed.deploy([]);
        assert.match(nodeRed.logged, /\[code-block:Sign a token\] 2 tokens signed so far/);
        assert.ok(!nodeRed.logged.includes(key));
    });

    it("long-run", async () => {
        await open("long-run");
        await press("a large area");
        assert.deepEqual(await next("progress"), { area: "Nueces", percent: 5 });
        await press("a small area");
        assert.deepEqual(await next("result"), { area: "Frio", done: 20 });
        await press("for half a second");
        assert.match((await next("stopped")).message, /time limit of 0\.5 s/);
        await press("cancel");
        assert.equal((await next("stopped")).code, "cancelled");
        const progress = await nodeRed.debug(idOf("debug", "progress"));
        assert.deepEqual(progress.map(({ value }) => value).filter(({ area }) => area === "Frio"),
            [{ area: "Frio", percent: 50 }, { area: "Frio", percent: 100 }]);
        for (const area of ["Nueces", "Frio"]) {
            assert.ok(nodeRed.statuses.some(({ text }) => text?.startsWith(`${area}: 1 of `)), area);
        }
        assert.equal((await nodeRed.debug(idOf("debug", "result"))).length, 1);
    });

    it("are all here", () => {
        const tested = this.tests.map(({ title }) => title);
        const there = fs.readdirSync(FOLDER).map((name) => path.basename(name, ".json"));
        assert.ok(there.length >= 8);
        assert.deepEqual(there.filter((name) => !tested.includes(name)), []);
    });
});

/** The same filter once more: Lyne and Hollick, three passes. */
function baseflowIndex(flow) {
    const total = (numbers) => numbers.reduce((sum, number) => sum + number, 0);
    const pass = (series) => {
        let quick = 0;
        return series.map((value, day) => {
            quick = day === 0 ? 0 : 0.925 * quick + 1.925 / 2 * (value - series[day - 1]);
            return value - Math.min(Math.max(quick, 0), value);
        });
    };
    const base = pass(pass(pass(flow).toReversed()).toReversed());
    return total(base) / total(flow);
}
