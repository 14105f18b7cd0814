/*
 * What the dialog asks Node-RED for, over the admin API, with the real service behind it.
 */
"use strict";

const assert = require("node:assert/strict");
const lastSeen = require("../../lib/last-seen");
const { helper } = require("./flows");
const { withService } = require("./with-service");

describe("the editor's questions", () => {
    const { url, block } = withService();

    async function run(body) {
        const answer = await helper.request().post("/cellblock/run")
            .send({ id: "one", service: "service", node: "block", part: "code", ...body })
            .buffer(true).parse(asText);
        assert.equal(answer.status, 200, answer.body);
        return answer.body.trim().split("\n").map((line) => JSON.parse(line));
    }

    const valueOf = ({ value }) => (["string", "null"].includes(value.format.split("[")[0]) ? value.msg
        : JSON.parse(value.msg));
    const onPayload = (code, payload, config = {}) =>
        run({ input: "msg", msg: { payload }, config: { code, ...config } });

    it("what is wrong with a text, alone and after what runs before it", async () => {
        await block("");
        const ask = (body) => helper.request().post("/cellblock/check").send({ service: "service", ...body });
        const alone = await ask({ code: "count += 1\nother" });
        assert.deepEqual(alone.body.problems.map(({ line, message }) => [line, message]),
            [[1, "undefined name 'count'"], [2, "undefined name 'other'"]]);
        const after = await ask({ code: "count += 1\nother", before: "count = 0" });
        assert.deepEqual(after.body.problems.map(({ line }) => line), [2]);
    });

    it("how a name goes on, also one that On Start binds", async function () {
        this.timeout(60_000);
        await block("");
        const { body } = await helper.request().post("/cellblock/complete")
            .send({ service: "service", before: "counter = 0", code: "coun", line: 1, column: 5 });
        assert.equal(body.items[0].label, "counter");
    });

    it("which packages and images there are", async () => {
        await block("");
        const packages = await helper.request().get("/cellblock/packages?service=service&search=pandas");
        assert.equal(packages.body.packages[0].name, "pandas");
        const images = await helper.request().get("/cellblock/images?service=service");
        assert.ok(images.body.images.length > 0);
    });

    it("a run: what is printed as it comes, then the value, its table and timings", async () => {
        await block("");
        const events = await onPayload("import pandas as pd\nprint('hello')\npd.DataFrame(data)", [{ a: 1 }]);
        assert.ok(events.some(({ event, text }) => event === "stdout" && text.includes("hello")));
        const result = events.at(-1);
        assert.equal(result.event, "result");
        assert.equal(result.status, "completed");
        assert.deepEqual(valueOf(result), [{ a: 1 }]);
        assert.deepEqual(result.table.rows, [[0, 1]]);
        assert.ok(result.timings.total > 0);
        assert.deepEqual(result.limits, { timeout: 30, memory: 1024 }, "the service's, where the block has none");
    });

    it("a run's limits are the block's own, also if it fails", async () => {
        await block("");
        const events = await onPayload("1 / 0", 1, { timeout: "7", memory: "512" });
        assert.deepEqual(events.at(-1).limits, { timeout: 7, memory: 512 });
    });

    it("a run on the message that the node saw last", async () => {
        lastSeen.forget("block"); // other tests have a block of this name
        const flow = await block("return data");
        const early = { id: "early", service: "service", node: "block", input: "last", config: { code: "1" } };
        const none = await helper.request().post("/cellblock/run").send(early);
        assert.equal(none.status, 404);
        flow.send({ payload: [1, 2], topic: "t", res: { socket: true } });
        await flow.at("out0");
        const { body } = await helper.request().get("/cellblock/last/block");
        assert.ok(Date.now() - body.at < 60_000);
        assert.equal(JSON.parse(body.json).topic, "t");
        const events = await run({ input: "last", config: { code: "return [msg['topic'], sum(data)]" } });
        assert.deepEqual(valueOf(events.at(-1)), ["t", 3]);
    });

    it("a run of a block with an error names type and line, once", async () => {
        await block("");
        const { status, error } = (await onPayload("x = 1\n1 / 0", 1)).at(-1);
        assert.equal(status, "error");
        assert.deepEqual([error.name, error.message, error.line], ["ZeroDivisionError", "division by zero", 2]);
        assert.match(error.traceback, /ZeroDivisionError/);
    });

    it("a run sends nothing into the flow, and reads the node's context", async () => {
        const flow = await block("return data");
        flow.block.context().flow.set("seven", 7);
        const events = await onPayload("node.send('sent')\nnode.warn('careful')\nnode.status('busy')\n"
            + "return flow.get('seven')", 1);
        assert.equal(valueOf(events.at(-1)), 7);
        const said = events.filter(({ event }) => event === "node");
        assert.deepEqual(said.map(({ op }) => op), ["send", "warn", "status"]);
        assert.deepEqual(flow.seen.out0, []);
    });

    it("a node that isn't deployed has no context", async () => {
        await block("");
        const events = await run({ node: "new", input: "msg", msg: {}, config: { code: "flow.get('x')" } });
        assert.match(events.at(-1).error.message, /deploy first/);
    });

    it("a node in a subflow's template has the context, environment and name of an instance", async () => {
        const instance = (id, station) => ({
            id, z: "tab", type: "subflow:sub", env: [{ name: "STATION", type: "str", value: station }], wires: [],
        });
        const flow = await block("return data", { z: "sub" }, { as: "one-block", nodes: [
            { id: "sub", type: "subflow", name: "sub", in: [{ wires: [{ id: "block" }] }], out: [],
                env: [{ name: "STATION", type: "str", value: "" }] },
            instance("one", "north"), instance("two", "south"),
        ] });
        assert.equal(flow.block._alias, "block");
        flow.block.context().flow.set("level", 1.5);
        const look = async () => {
            const code = "return [env.get('STATION'), flow.get('level'), node.id, node.name]";
            return valueOf((await run({ input: "msg", msg: {}, config: { code } })).at(-1));
        };
        assert.match((await look())[0], /^(north|south)$/, "before any message");
        helper.getNode("one-block").receive({ payload: 1 });
        assert.deepEqual(await look(), ["north", 1.5, "one-block", "my block"]);
        helper.getNode("two-block").receive({ payload: 1 });
        assert.deepEqual(await look(), ["south", null, "two-block", "my block"]);
        await Promise.all(["one-block", "two-block"].map((id) => helper.getNode(id).close()));
        const events = await run({ input: "msg", msg: {}, config: { code: "flow.get('level')" } });
        assert.match(events.at(-1).error.message, /deploy first/);
    });

    it("On Message goes on from On Start where state is kept, each time anew", async () => {
        await block("");
        const config = { keepState: true, initialize: "count = 0", mode: "message" };
        for (let i = 0; i < 2; i++) {
            const events = await onPayload("count += 1\nreturn count", null, config);
            assert.equal(valueOf(events.at(-1)), 1);
        }
    });

    it("a join's sources by name, an item of a list, a secret that was typed", async () => {
        await block("");
        const sources = [{ id: "a", name: "level" }, { id: "b", name: "rain" }];
        const payload = { level: 1, rain: 2 };
        const joined = await onPayload("return [data, inputs['rain']]", payload, { mode: "join", sources });
        assert.deepEqual(valueOf(joined.at(-1)), [[1, 2], 2]);
        const item = await onPayload("return data", [5, 6], { mode: "item" });
        assert.equal(valueOf(item.at(-1)), 5);
        const secret = await run({
            input: "msg", msg: {}, secrets: { secret1: "hush" },
            config: { code: "return env['KEY']", secretNames: ["", "KEY"] },
        });
        assert.equal(valueOf(secret.at(-1)), "hush");
    });

    it("a run is cancelled", async () => {
        await block("");
        const running = onPayload("while True: pass", 1);
        for (let cancelled = false; !cancelled;) {
            ({ cancelled } = (await helper.request().delete("/cellblock/run/one")).body);
        }
        assert.equal((await running).at(-1).status, "cancelled");
    });

    it("a service that is missing, or away, is a refusal with words", async () => {
        await block("");
        const missing = await helper.request().post("/cellblock/check").send({ service: "nobody", code: "x" });
        assert.equal(missing.status, 503);
        assert.match(missing.body.message, /"nobody" is missing/);
        assert.ok(url());
    });
});

function asText(response, done) {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (piece) => { text += piece; }).on("end", () => done(null, text));
}
