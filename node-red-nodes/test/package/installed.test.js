/*
 * The package as users get it: packed, installed by the palette manager into a clean user directory of each Node-RED
 * that it is for, and put to work. And a flow that an older version saved.
 */
"use strict";

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const manifest = require("../../package.json");
const { readSettings } = require("../../lib/settings");
const { NodeRed, ROOT } = require("../node-red");
const { startService } = require("../service");
const { definitionOf, scriptsOf } = require("./definitions");
const { SHOWN, features, withSecret } = require("./features");
const { VERSIONS, provide } = require("./versions");

const OLD_FLOW = path.join(ROOT, "test/fixtures/flow-0.1.0.json");
const INSTALL_MS = 10 * 60_000;

describe("installed package", function () {
    this.timeout(180_000);
    let folder;
    let packed;
    let service;
    let oldFlow;
    let flow;

    before(async () => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "cellblock-pack-"));
        const told = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], { cwd: ROOT });
        [packed] = JSON.parse(told);
        service = await startService();
        oldFlow = JSON.parse(fs.readFileSync(OLD_FLOW, "utf8"));
        const serviceNode = oldFlow.find(({ type }) => type === "cellblock-service");
        serviceNode.url = service.url;
        flow = [...oldFlow, ...features(serviceNode.id)];
    });

    after(async () => {
        await service?.stop();
        fs.rmSync(folder, { recursive: true, force: true });
    });

    it("holds what users need, and nothing else", () => {
        const names = packed.files.map((file) => file.path);
        for (const name of ["package.json", "README.md", "LICENSE", "nodes/icons/code-block.svg",
            "nodes/locales/de/cellblock-service.json", "examples/hello.json", "lib/local/service.js",
            ...Object.keys(manifest["node-red"].nodes).flatMap(scriptsOf).map(({ file }) => file)]) {
            assert.ok(names.includes(name), name);
        }
        assert.deepEqual(names.filter((name) => /^(test|demo|bench|node_modules)\//.test(name)), []);
        assert.ok(packed.size < 300_000, `${packed.size} bytes`);
    });

    for (const version of VERSIONS) {
        const title = `Node-RED ${version.nodeRed} on Node.js ${version.node}`;
        it(`${title}: the palette installs it, it runs, and does so after a restart`, async function () {
            this.timeout(INSTALL_MS);
            const { red, node, bin } = await provide(version);
            const env = { PATH: `${bin}${path.delimiter}${process.env.PATH}` };
            const nodeRed = new NodeRed({ red, node, env, installed: true });
            try {
                await nodeRed.start();
                assert.match(nodeRed.logged, new RegExp(`Node-RED version: v${version.nodeRed}\\s`));
                assert.match(nodeRed.logged, new RegExp(`Node.js  version: v${version.node}\\s`));
                const told = await nodeRed.install(path.join(folder, packed.filename));
                assert.deepEqual([told.name, told.version], [manifest.name, manifest.version]);
                assert.deepEqual(told.nodes.map(({ types, enabled, err }) => [types, enabled, err]),
                    Object.keys(manifest["node-red"].nodes).map((type) => [[type], true, undefined]));
                await nodeRed.deploy(withSecret(flow));
                await works(nodeRed);

                await nodeRed.stopProcess();
                assert.match(nodeRed.logged, /\[code-block:count\] stopped at 106/);
                await nodeRed.start(flow);
                await works(nodeRed);
                const kept = await (await nodeRed.admin("GET", "flows")).json();
                assert.deepEqual(kept, flow);
            } finally {
                await nodeRed.stop();
            }
        });
    }

    /** Each setting of the old flow does what it did, and the flow that needs everything runs. */
    async function works(nodeRed) {
        nodeRed.debugged.length = 0;
        await oldFlowWorks(nodeRed);
        const [press, shown] = ["a list", "all of it"].map(idOf);
        for (const [at, expected] of SHOWN.entries()) {
            await nodeRed.inject(press);
            assert.deepEqual((await nodeRed.debug(shown, at + 1))[at].value, expected);
        }
    }

    const idOf = (name) => flow.find((node) => node.name === name).id;

    async function oldFlowWorks(nodeRed) {
        await nodeRed.inject(idOf("three rows"));
        const typed = ["BigInt64Array", 1, 2, 3];
        assert.deepEqual((await nodeRed.debug(idOf("frame")))[0].value, [["a", typed]]);
        assert.equal((await nodeRed.debug(idOf("runs")))[0].value, 1);
        assert.deepEqual((await nodeRed.debug(idOf("typed")))[0].value, typed);
        // Node-RED 4.0 gives catch nodes no code.
        assert.match((await nodeRed.debug(idOf("error")))[0].value.message, /time limit of 0\.5 s/);
        await nodeRed.inject(idOf("three rows"));
        assert.equal((await nodeRed.debug(idOf("runs"), 2))[1].value, 2);
    }

    it("a flow of version 0.1.0: the runtime reads each setting as it was", () => {
        const read = (name) => readSettings(oldFlow.find((node) => node.name === name));
        const { code } = oldFlow.find(({ name }) => name === "kept");
        const kept = { language: "python", code, outputs: 3, timeoutS: 12.5, name: "kept", order: "in-order",
            keepState: true, frames: "columns", arrays: "typed" };
        assert.deepEqual({ ...read("kept"), ...kept }, read("kept"));
        const parallel = { timeoutS: 0.5, order: "parallel", keepState: false, frames: "arrays", arrays: "nested" };
        assert.deepEqual({ ...read("parallel"), ...parallel }, read("parallel"));
    });

    it("a flow of version 0.1.0: the editor knows each setting, and finds it valid", () => {
        const own = new Set(["id", "type", "z", "x", "y", "wires"]);
        for (const node of oldFlow.filter(({ type }) => type in manifest["node-red"].nodes)) {
            const { defaults } = definitionOf(node.type);
            for (const [name, value] of Object.entries(node).filter(([name]) => !own.has(name))) {
                assert.ok(name in defaults, `${node.type}.${name}`);
                const { validate = () => true } = defaults[name];
                assert.equal(validate.call({ ...node, _: (key) => key }, value, {}), true, `${node.type}.${name}`);
            }
            for (const [name, { validate, required }] of Object.entries(defaults)) {
                if (!(name in node)) {
                    assert.ok(!required, name);
                    const valid = validate?.call({ ...node, _: (key) => key }, undefined, {}) ?? true;
                    assert.equal(valid, true, `${node.type}.${name}, which is new`);
                }
            }
        }
    });
});
