/*
 * A service that isn't there, comes back, or wants a token.
 */
"use strict";

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const { createHash, randomUUID } = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { NodeRed, addingFlow } = require("../node-red");
const { COMMAND, OwnService, freePort } = require("../service");
const { helper, load, until } = require("./flows");

describe("cellblock-service", function () {
    this.timeout(180_000);

    before(() => helper.startServer());
    after(() => helper.stopServer());
    afterEach(() => helper.unload());

    it("unreachable: a red ring and an error for each message, then all is well when the service comes", async () => {
        const service = new OwnService(await freePort());
        const flow = await load(service.url, { code: "return data + 1" });
        await until(() => flow.lastStatus?.text === "code-block.status.unreachable", 5000, () => "the red ring");
        assert.deepEqual([flow.lastStatus.fill, flow.lastStatus.shape], ["red", "ring"]);
        flow.send({ payload: 1 });
        const [caught] = await flow.at("caught");
        assert.match(caught.error.message, /can't be reached/);
        assert.equal(caught.error.code, "service_unreachable");

        await service.start();
        try {
            await until(() => flow.lastStatus?.fill === undefined, 30_000, () => "the ring to go away");
            flow.send({ payload: 1 });
            assert.equal((await flow.at("out0"))[0].payload, 2);

            await service.end("SIGTERM");
            flow.send({ payload: 1 });
            await flow.at("caught", 2);
            assert.equal(flow.lastStatus.text, "code-block.status.unreachable");

            await service.start();
            await until(() => flow.lastStatus?.fill === undefined, 30_000, () => "the ring to go away again");
            flow.send({ payload: 5 });
            assert.equal((await flow.at("out0", 2))[1].payload, 6);
        } finally {
            await service.stop();
        }
    });

    it("a block's packages are loaded before it runs, and the status says so", async () => {
        // Modules that nobody imports together: an image for them isn't there, and makes room when this test ends.
        const submodules = ["combinatorics", "geometry", "logic", "ntheory", "sets", "stats", "tensor", "vector"];
        const some = submodules.filter(() => Math.random() < 0.5);
        const code = `import sympy.core, ${["sympy.plotting", ...some.map((name) => `sympy.${name}`)].join(", ")}\n`
            + "return str(sympy.factor(sympy.Symbol('x')**2 - 1))";
        const service = new OwnService(await freePort(), {
            CELLBLOCK_IMAGES_DISK_MB: "0", CELLBLOCK_FULL_BUNDLE: "on-demand",
        });
        await service.start();
        try {
            const flow = await load(service.url, { code });
            flow.send({ payload: null });
            assert.equal((await flow.at("out0", 1, 120_000))[0].payload, "(x - 1)*(x + 1)");
            const loading = flow.statuses.filter((shown) => shown.text?.startsWith("code-block.status.loading"));
            assert.ok(loading.length > 0, JSON.stringify(flow.statuses));
        } finally {
            await service.stop();
        }
    });

    it("a package of the node's list is installed from a folder; one that is nowhere is named", async () => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cellblock-wheels-"));
        const secret = randomUUID();
        makeWheel(folder, "riverlevels", "1.5", `SECRET = "${secret}"`);
        const service = new OwnService(await freePort(), {
            CELLBLOCK_SOURCES: folder, CELLBLOCK_IMAGES_DISK_MB: "0", CELLBLOCK_FULL_BUNDLE: "on-demand",
        });
        await service.start();
        try {
            const code = "import riverlevels\nfrom importlib.metadata import version\n"
                + "return [riverlevels.SECRET, version('riverlevels')]";
            const flow = await load(service.url, { code, packages: ["riverlevels>=1,<2"] });
            flow.send({ payload: null });
            assert.deepEqual((await flow.at("out0", 1, 120_000))[0].payload, [secret, "1.5"]);
            assert.ok(flow.statusTexts.some((text) => text.startsWith("loading")), JSON.stringify(flow.statuses));
            await helper.unload();
            const other = await load(service.url, { code, packages: ["riverlevels>=2"] });
            other.send({ payload: null });
            const [caught] = await other.at("caught", 1, 120_000);
            assert.match(caught.error.message, /riverlevels/);
        } finally {
            await service.stop();
            fs.rmSync(folder, { recursive: true });
        }
    });

    it("a token opens a service that wants one; without it, or with a wrong one, the refusal is clear", async () => {
        const service = new OwnService(await freePort(), { CELLBLOCK_TOKEN: "open-sesame" });
        await service.start();
        try {
            for (const token of [undefined, "open-barley"]) {
                const stranger = await load(service.url, { code: "return data" }, { token });
                stranger.send({ payload: 1 });
                const [caught] = await stranger.at("caught");
                assert.equal(caught.error.code, "unauthorized");
                assert.match(caught.error.message, /refused the request: send a token that is valid now/);
                assert.ok(!caught.error.message.includes("open-"), caught.error.message);
                await until(() => stranger.lastStatus?.fill === "red", 5000, () => "a red status");
                assert.deepEqual(stranger.seen.out0, []);
                await helper.unload();
            }
            const guest = await load(service.url, { code: "return data" }, { token: "open-sesame" });
            guest.send({ payload: 1 });
            assert.equal((await guest.at("out0"))[0].payload, 1);
        } finally {
            await service.stop();
        }
    });

    it("a token that is put right is used from the next deployment on", async () => {
        const service = new OwnService(await freePort(), { CELLBLOCK_TOKEN: "open-sesame" });
        await service.start();
        const flow = (token) => addingFlow(1, {
            id: "service", type: "cellblock-service", url: service.url, credentials: { token },
        });
        const nodeRed = new NodeRed();
        try {
            await nodeRed.start();
            await nodeRed.deploy(flow("open-barley"));
            const shown = () => nodeRed.statuses.some(({ id, text }) => id === "block" && text === "service refuses");
            await nodeRed.until(shown, "the refusal");
            await nodeRed.deploy(flow("open-sesame"), "nodes");
            await nodeRed.inject("inject");
            assert.equal((await nodeRed.debug("debug"))[0].value, 2);
            assert.ok(!/open-(barley|sesame)/.test(nodeRed.logged), "a token is in the log");
        } finally {
            await nodeRed.stop();
            await service.stop();
        }
    });

    it("an address that is none is an error of the configuration, not a crash", async () => {
        const flow = await load("ftp://nowhere", { code: "return data" });
        flow.send({ payload: 1 });
        const [caught] = await flow.at("caught");
        assert.match(caught.error.message, /"ftp:\/\/nowhere" is not an http or https address/);
    });
});

/** Put a wheel with one module into a folder. */
function makeWheel(folder, name, version, code) {
    const info = `${name}-${version}.dist-info`;
    const files = {
        [`${name}/__init__.py`]: code,
        [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
        [`${info}/WHEEL`]: "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    };
    const lines = Object.entries(files).map(([file, text]) => `${file},sha256=${hashOf(text)},\n`);
    files[`${info}/RECORD`] = `${lines.join("")}${info}/RECORD,,\n`;
    const content = fs.mkdtempSync(path.join(os.tmpdir(), "cellblock-wheel-"));
    for (const [file, text] of Object.entries(files)) {
        fs.mkdirSync(path.join(content, path.dirname(file)), { recursive: true });
        fs.writeFileSync(path.join(content, file), text);
    }
    const wheel = path.join(folder, `${name}-${version}-py3-none-any.whl`);
    const python = path.join(path.dirname(COMMAND), "python");
    execFileSync(python, ["-m", "zipfile", "-c", wheel, name, info], { cwd: content });
    fs.rmSync(content, { recursive: true });
}

function hashOf(text) {
    return createHash("sha256").update(text).digest("base64url");
}
