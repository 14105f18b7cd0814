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
const { NodeRed, addingFlow, removeFolder } = require("../node-red");
const { COMMAND, OwnService, freePort, usualHome } = require("../service");
const { Stub } = require("../stub");

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
        const flow = (more) => addingFlow(20, { ...config, credentials: { token: tokens.both }, ...more });
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

describe("cellblock-service: another version", function () {
    this.timeout(60_000);
    const blocks = [
        { id: "tab", type: "tab" },
        ...[["one", "service"], ["two", ""]].map(([id, service]) =>
            ({ id, z: "tab", x: 1, y: 1, type: "code-block", service, code: "data", outputs: 1, wires: [[]] })),
    ];

    it("both versions are shown by blocks with and without a service node, and logged; blocks run", async () => {
        const stub = await Stub.start((talk) => talk.welcome("s1", false, "9.9.9"));
        const nodeRed = new NodeRed({ env: { CELLBLOCK_URL: stub.url.href } });
        const wanted = `service 9.9.9, node ${version}`;
        try {
            await nodeRed.start([...blocks, { id: "service", type: "cellblock-service", url: stub.url.href }]);
            for (const id of ["one", "two"]) {
                const shown = () => nodeRed.statuses.find((status) => status.id === id && status.text === wanted);
                await nodeRed.until(shown, `the status of ${id}`);
                assert.deepEqual([shown().fill, shown().shape], ["yellow", "ring"]);
            }
            const warning = new RegExp(`is version 9\\.9\\.9, this node ${version}: use the same release of both`, "g");
            await nodeRed.until(() => nodeRed.logged.match(warning)?.length === 2, "two warnings");
            const outcome = tryConnection({ url: stub.url.href });
            await nodeRed.until(() => stub.talks.length === 3, "the test's connection");
            const { id } = await stub.talks[2].asked();
            stub.talks[2].result(id, 1, "3.99");
            const { ok, mismatch, service, python } = await outcome;
            assert.deepEqual([ok, mismatch, service, python], [true, true, "9.9.9", "3.99"]);
        } finally {
            await nodeRed.stop();
            await stub.stop();
        }
    });
});
