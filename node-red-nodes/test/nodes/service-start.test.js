/*
 * A config node, or a block without one, that starts the real service: in a real Node-RED, which is stopped, killed and
 * deployed again.
 */
"use strict";

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const { once } = require("node:events");
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");
const { NodeRed, removeFolder } = require("../node-red");
const { COMMAND, OwnService, freePort, usualHome } = require("../service");

describe("cellblock-service that starts the service", function () {
    this.timeout(150_000);
    let nodeRed;
    let url;

    beforeEach(async () => {
        nodeRed = new NodeRed();
        url = `http://127.0.0.1:${await freePort()}`;
    });
    afterEach(() => nodeRed.stop());

    const flowOf = (service, code = "return data + 1", ids = ["one"]) => [
        { id: "tab", type: "tab" },
        { id: "inject", z: "tab", x: 1, y: 1, type: "inject", props: [{ p: "payload" }], payload: "1",
            payloadType: "num", wires: [["block"]] },
        { id: "block", z: "tab", x: 2, y: 1, type: "code-block", service: ids[0], code, outputs: 1,
            wires: [["debug"]] },
        { id: "debug", z: "tab", x: 3, y: 1, type: "debug", active: true, tosidebar: true, complete: "payload",
            targetType: "msg", wires: [] },
        ...ids.map((id) => ({ id, type: "cellblock-service", url, start: true, command: COMMAND, ...service })),
    ];

    const statusTexts = () => nodeRed.statuses.filter(({ id }) => id === "block").map(({ text }) => text ?? "");
    const results = async (count) => (await nodeRed.debug("debug", count)).map(({ value }) => value);
    const pids = () => [...nodeRed.logged.matchAll(/is ready at (\S+) \(process (\d+)\)/g)]
        .map(([, where, pid]) => ({ where, pid: Number(pid) }));

    it("a message waits for its start; a deployment leaves it running; Node-RED's end is its end", async () => {
        await nodeRed.start(flowOf({}, "return data + 1", ["one", "two"]));
        await nodeRed.inject("inject");
        assert.deepEqual(await results(1), [2]);
        assert.ok(statusTexts().some((text) => /starting/.test(text)), statusTexts().join());
        assert.match(nodeRed.logged, /\[cellblock-service\] worker_ready/);
        const [{ where, pid }] = pids();
        assert.equal(where, url);
        assert.ok(fs.existsSync(path.join(nodeRed.userDir, ".cellblock", `records-${new URL(url).port}.sqlite3`)));

        await nodeRed.deploy(flowOf({}, "return data + 2", ["one", "two"]));
        await nodeRed.inject("inject");
        assert.deepEqual(await results(2), [2, 3]);
        assert.equal(pids().length, 1);

        await nodeRed.stop("SIGTERM");
        await gone(pid);
    });

    it("ends when Node-RED is killed", async () => {
        await nodeRed.start(flowOf());
        await nodeRed.until(() => pids().length > 0, "the service");
        const [{ pid }] = pids();
        await nodeRed.stop("SIGKILL");
        await gone(pid);
    });

    for (const signal of ["SIGTERM", "SIGINT"]) {
        it(`On Stop runs, with kept state, before both end by ${signal}`, async () => {
            const [tab, inject, block, ...more] = flowOf({}, "n += data\nreturn n");
            await nodeRed.start([tab, inject, {
                ...block, keepState: true, initialize: "n = 40", finalize: "node.log(f'On Stop was left {n}')",
            }, ...more]);
            await nodeRed.inject("inject");
            assert.deepEqual(await results(1), [41]);
            const [{ pid }] = pids();
            const { stdout } = nodeRed.process;
            await nodeRed.stopProcess(signal);
            if (!stdout.readableEnded) {
                await once(stdout, "end");
            }
            assert.match(nodeRed.logged, /\[code-block:block\] On Stop was left 41\n/);
            await gone(pid);
        });
    }

    it("is started again when it crashes, and is stopped when its node is deleted", async () => {
        await nodeRed.start(flowOf());
        await nodeRed.until(() => pids().length > 0, "the service");
        const [{ pid }] = pids();
        process.kill(pid, "SIGKILL");
        await nodeRed.until(() => statusTexts().some((text) => /again in 1 s/.test(text)), "the status");
        await nodeRed.inject("inject");
        assert.deepEqual(await results(1), [2]);
        assert.match(nodeRed.logged, /was ended by SIGKILL.*; starting it again in 1 s/);
        assert.equal(pids().length, 2);
        await nodeRed.deploy([{ id: "tab", type: "tab" }]);
        await gone(pids()[1].pid);
    });

    it("takes a free port when another program has the address's, and has a token if one is set", async () => {
        const other = net.createServer().listen(Number(new URL(url).port), "127.0.0.1");
        try {
            const flow = flowOf();
            flow.at(-1).credentials = { token: "open-sesame" };
            await nodeRed.start();
            await nodeRed.deploy(flow);
            await nodeRed.inject("inject");
            assert.deepEqual(await results(1), [2]);
            const [{ where }] = pids();
            assert.notEqual(where, url);
            assert.equal((await fetch(`${where}/v1/images`)).status, 401);
            const outcome = await (await nodeRed.admin("POST", "cellblock/test", {
                id: "one", url, token: "__PWRD__", start: true, command: COMMAND,
            })).json();
            assert.deepEqual([outcome.ok, outcome.url, outcome.command], [true, where, COMMAND]);
        } finally {
            other.close();
        }
    });

    it("uses a service that runs at the address, and starts one when that goes away", async () => {
        const service = new OwnService(new URL(url).port);
        await service.start();
        try {
            await nodeRed.start(flowOf());
            await nodeRed.inject("inject");
            assert.deepEqual(await results(1), [2]);
            assert.match(nodeRed.logged, /using the Cellblock service that runs at/);
            assert.equal(pids().length, 0);
        } finally {
            await service.stop();
        }
        await nodeRed.until(() => pids().length > 0, "its own service", 60_000);
        await nodeRed.inject("inject");
        assert.deepEqual(await results(2), [2, 2]);
    });

    it("makes the images that are missing first, and shows how far it is", async () => {
        const home = fs.mkdtempSync(`${usualHome()}-test-`);
        try {
            // Links: the bundles are large.
            execFileSync("cp", ["-al", path.join(usualHome(), "bundles"), home]);
            nodeRed.env = { CELLBLOCK_HOME: home };
            await nodeRed.start(flowOf());
            await nodeRed.inject("inject");
            assert.equal((await nodeRed.debug("debug", 1, 120_000))[0].value, 2);
            const shown = statusTexts();
            assert.ok(shown.some((text) => /^preparing images: boot and import/.test(text)), shown.join());
        } finally {
            await nodeRed.stop();
            await removeFolder(home);
        }
    });

    it("takes each limit that a block may have: 600 s, the most memory, and msg.timeout", async () => {
        const [tab, inject, block, ...more] = flowOf({}, "return msg['timeout']");
        const timeout = { p: "timeout", v: "86400", vt: "num" };
        await nodeRed.start([tab, { ...inject, props: [...inject.props, timeout] },
            { ...block, timeout: 600, memory: 4096 },
            { ...inject, id: "plain", wires: [["usual"]] },
            { ...block, id: "usual", timeout: 600, memory: 4096, code: "return 'no timeout of its own'" }, ...more]);
        await nodeRed.inject("inject");
        assert.deepEqual(await results(1), [86400]);
        await nodeRed.inject("plain");
        assert.deepEqual(await results(2), [86400, "no timeout of its own"]);
    });

    it("has the user's maxima, if the environment has any", async () => {
        nodeRed.env = { CELLBLOCK_MAX_TIMEOUT_S: "60" };
        const [tab, inject, block, ...more] = flowOf();
        await nodeRed.start([tab, inject, { ...block, timeout: 61 }, ...more,
            { id: "catch", z: "tab", type: "catch", x: 1, y: 2, wires: [["caught"]] },
            { id: "caught", z: "tab", x: 2, y: 2, type: "debug", active: true, tosidebar: true, complete: "error",
                targetType: "msg", wires: [] }]);
        await nodeRed.inject("inject");
        const [{ value }] = await nodeRed.debug("caught");
        assert.match(value.message, /timeout_s.*60/s);
    });

    it("a command that isn't there: the node, its errors and the dialog say what to type", async () => {
        await nodeRed.start([...flowOf({ command: "/nowhere/cellblock" }),
            { id: "catch", z: "tab", type: "catch", x: 1, y: 2, wires: [["caught"]] },
            { id: "caught", z: "tab", x: 2, y: 2, type: "debug", active: true, tosidebar: true, complete: "error",
                targetType: "msg", wires: [] }]);
        await nodeRed.until(() => statusTexts().at(-1) === "type: pip install cellblock", "the status");
        await nodeRed.inject("inject");
        const [{ value }] = await nodeRed.debug("caught");
        assert.match(value.message, /no command "\/nowhere\/cellblock" on this machine; type: pip install cellblock/);
        await nodeRed.until(() => statusTexts().at(-1) === "type: pip install cellblock", "the status again");
        const outcome = await (await nodeRed.admin("POST", "cellblock/test", {
            id: "one", url, start: true, command: "/nowhere/cellblock", look: true,
        })).json();
        assert.deepEqual(outcome, {
            command: null, install: "pip install cellblock", local: { name: "missing", command: "/nowhere/cellblock" },
        });
    });

    it("an address elsewhere is refused", async () => {
        await nodeRed.start(flowOf({ url: "http://example.invalid:8765" }));
        const told = () => /can be started only at an address of this machine/.test(nodeRed.logged);
        await nodeRed.until(told, "the error");
    });
});

describe("a Code Block that names no service", function () {
    this.timeout(150_000);
    let nodeRed;
    let url;

    beforeEach(async () => {
        const port = await freePort();
        url = `http://127.0.0.1:${port}`;
        nodeRed = new NodeRed({
            env: {
                CELLBLOCK_URL: "", CELLBLOCK_PORT: String(port),
                PATH: `${path.dirname(COMMAND)}${path.delimiter}${process.env.PATH}`,
            },
        });
    });
    afterEach(() => nodeRed.stop());

    const flow = [
        { id: "tab", type: "tab" },
        { id: "inject", z: "tab", x: 1, y: 1, type: "inject", props: [{ p: "payload" }], payload: "1",
            payloadType: "num", wires: [["block"]] },
        { id: "block", z: "tab", x: 2, y: 1, type: "code-block", code: "return data + 1", outputs: 1,
            wires: [["debug"]] },
        { id: "debug", z: "tab", x: 3, y: 1, type: "debug", active: true, tosidebar: true, complete: "payload",
            targetType: "msg", wires: [] },
        { id: "catch", z: "tab", type: "catch", x: 1, y: 2, wires: [["caught"]] },
        { id: "caught", z: "tab", x: 2, y: 2, type: "debug", active: true, tosidebar: true, complete: "error",
            targetType: "msg", wires: [] },
    ];
    const results = async (count) => (await nodeRed.debug("debug", count)).map(({ value }) => value);
    const started = () => [...nodeRed.logged.matchAll(/is ready at (\S+) \(process (\d+)\)/g)]
        .map(([, where, pid]) => ({ where, pid: Number(pid) }));
    const check = (code) => fetch(`${nodeRed.url}/cellblock/check`, {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ service: "", code }),
    });

    it("starts it; it outlives a deployment, and ends with the last such block", async () => {
        await nodeRed.start(flow);
        await nodeRed.inject("inject");
        assert.deepEqual(await results(1), [2]);
        const [{ where, pid }] = started();
        assert.equal(where, url);
        await nodeRed.deploy(flow.map((node) => (node.id === "block" ? { ...node, code: "return data + 2" } : node)));
        await nodeRed.inject("inject");
        assert.deepEqual(await results(2), [2, 3]);
        assert.equal(started().length, 1);
        await nodeRed.deploy([{ id: "tab", type: "tab" }]);
        await gone(pid);
    });

    it("finds one that is there", async () => {
        const service = new OwnService(new URL(url).port);
        await service.start();
        try {
            await nodeRed.start(flow);
            await nodeRed.inject("inject");
            assert.deepEqual(await results(1), [2]);
            assert.deepEqual(started(), []);
        } finally {
            await service.stop();
        }
    });

    it("shares the one that a service node starts, with its token", async () => {
        await nodeRed.start();
        await nodeRed.deploy([...flow,
            { ...flow[1], id: "inject2", wires: [["block2"]] },
            { ...flow[2], id: "block2", service: "service" },
            { id: "service", type: "cellblock-service", url, start: true, command: COMMAND,
                credentials: { token: "open-sesame" } }]);
        await nodeRed.inject("inject");
        await nodeRed.inject("inject2");
        assert.deepEqual(await results(2), [2, 2]);
        assert.equal(started().length, 1);
        assert.equal((await fetch(`${url}/v1/images`)).status, 401);
    });

    it("in the dialog, before it is deployed: its text is checked as soon as the service runs", async () => {
        await nodeRed.start();
        const early = await check("dta");
        assert.equal(early.status, 503);
        assert.match((await early.json()).message, /is being started/);
        await nodeRed.until(() => started().length > 0, "the service");
        const [problem] = (await (await check("dta")).json()).problems;
        assert.equal(problem.message, "undefined name 'dta'");
    });

    it("without the command: the node, its errors and the dialog say the one line to type", async () => {
        Object.assign(nodeRed.env, { PATH: "/nowhere", HOME: nodeRed.userDir });
        await nodeRed.start(flow);
        const line = "type: pip install cellblock";
        await nodeRed.until(() => nodeRed.statuses.some(({ id, text }) => id === "block" && text === line),
            "the status");
        await nodeRed.inject("inject");
        const [{ value }] = await nodeRed.debug("caught");
        assert.match(value.message, /no command "cellblock" on this machine; type: pip install cellblock$/);
        assert.match((await (await check("1")).json()).message, /type: pip install cellblock$/);
    });
});

/** Wait until a process has ended; nobody may have waited for it yet. */
async function gone(pid) {
    const file = `/proc/${pid}/stat`;
    for (const end = Date.now() + 15_000; Date.now() < end;) {
        if (!fs.existsSync(file) || /\) Z/.test(fs.readFileSync(file, "utf8"))) {
            return;
        }
        await sleep(50);
    }
    throw new Error(`the process ${pid} is still there`);
}
