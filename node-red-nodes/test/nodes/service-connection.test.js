/*
 * "Test connection" and https: a real service with a certificate of its own and tokens of its own.
 */
"use strict";

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { tryConnection } = require("../../lib/local/trial");
const { version } = require("../../package.json");
const { NodeRed, removeFolder } = require("../node-red");
const { COMMAND, OwnService, freePort, usualHome } = require("../service");

describe("cellblock-service: its connection", function () {
    this.timeout(150_000);
    let home;
    let service;
    let ca;
    let tokens;

    before(async () => {
        home = fs.mkdtempSync(`${usualHome()}-test-`);
        execFileSync("cp", ["-al", path.join(usualHome(), "bundles"), path.join(usualHome(), "images"), home]);
        const python = path.join(path.dirname(COMMAND), "python");
        execFileSync(python, ["-m", "trustme", "--quiet", "--dir", home, "--identities", "127.0.0.1"]);
        ca = path.join(home, "client.pem");
        const token = (...scopes) => execFileSync(COMMAND,
            ["token", "create", "test", ...scopes.flatMap((scope) => ["--scope", scope])],
            { env: { ...process.env, CELLBLOCK_HOME: home }, stdio: ["ignore", "pipe", "ignore"] },
        ).toString().trim();
        tokens = { both: token("execute", "images"), execute: token("execute"), images: token("images") };
        service = new OwnService(await freePort(), {
            CELLBLOCK_HOME: home,
            CELLBLOCK_TLS_CERTIFICATE: path.join(home, "server.pem"),
            CELLBLOCK_TLS_KEY: path.join(home, "server.key"),
        });
        await service.start();
    });

    after(async () => {
        await service?.stop();
        await removeFolder(home);
    });

    const tried = (more) => tryConnection({ url: service.url, ca: fs.readFileSync(ca, "utf8"), ...more });

    it("tells the versions and the images when all is well", async () => {
        const outcome = await tried({ token: tokens.both });
        assert.equal(outcome.ok, true, outcome.detail);
        assert.deepEqual([outcome.node, outcome.mismatch, outcome.url], [version, false, service.url]);
        assert.match(outcome.service, /^\d+\.\d+\.\d+/);
        assert.match(outcome.python, /^3\.\d+\.\d+$/);
        const data = outcome.images.find(({ names }) => names.includes("data"));
        assert.ok(data.packages > 3 && data.bytes > 1e6, JSON.stringify(data));
        assert.equal(data.status, "ready");
    });

    it("says what is in the way: the certificate, no token, a wrong one, one that may not do enough", async () => {
        assert.equal((await tryConnection({ url: service.url, token: tokens.both })).problem, "certificate");
        assert.equal((await tried({})).problem, "token_wanted");
        assert.equal((await tried({ token: "wrong" })).problem, "token_wrong");
        assert.equal((await tried({ token: tokens.images })).problem, "scope");
        const enough = await tried({ token: tokens.execute });
        assert.deepEqual([enough.ok, enough.images], [true, null]);
        const trusting = await tryConnection({ url: service.url, token: tokens.both, rejectUnauthorized: false });
        assert.equal(trusting.ok, true, trusting.detail);
        const plain = await tried({ url: service.url.replace("https", "http") });
        assert.ok(["unreachable", "not_cellblock"].includes(plain.problem), plain.problem);
    });

    it("a flow runs over https with a CA file, and is tested before it is saved", async () => {
        const nodeRed = new NodeRed();
        const config = { id: "service", type: "cellblock-service", url: service.url, caFile: ca };
        const flow = (more) => [
            { id: "tab", type: "tab" },
            { id: "inject", z: "tab", x: 1, y: 1, type: "inject", props: [{ p: "payload" }], payload: "20",
                payloadType: "num", wires: [["block"]] },
            { id: "block", z: "tab", x: 2, y: 1, type: "code-block", service: "service", code: "data + 1", outputs: 1,
                wires: [["debug"]] },
            { id: "debug", z: "tab", x: 3, y: 1, type: "debug", active: true, tosidebar: true, complete: "payload",
                targetType: "msg", wires: [] },
            { ...config, credentials: { token: tokens.both }, ...more },
        ];
        try {
            await nodeRed.start();
            const unsaved = { ...config, token: tokens.both, rejectUnauthorized: true };
            const test = async (more) =>
                (await nodeRed.admin("POST", "cellblock/test", { ...unsaved, ...more })).json();
            assert.equal((await test({})).ok, true);
            assert.equal((await test({ caFile: "" })).problem, "certificate");
            assert.equal((await test({ caFile: "/no/such.pem" })).problem, "ca_file");
            assert.equal((await test({ caFile: path.join(home, "server.key") })).problem, "ca_file");
            await nodeRed.deploy(flow());
            await nodeRed.inject("inject");
            assert.equal((await nodeRed.debug("debug"))[0].value, 21);
            assert.equal((await test({ token: "__PWRD__" })).ok, true, "the token that is kept");
            await nodeRed.deploy(flow({ caFile: "" }));
            const told = () => /certificate of the Cellblock service .* isn't trusted/.test(nodeRed.logged);
            await nodeRed.until(told, "the refusal");
        } finally {
            await nodeRed.stop();
        }
    });
});
