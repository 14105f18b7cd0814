/*
 * Who may do what, in a Node-RED with adminAuth: to run code, with a block's stored secrets or a service's token, takes
 * the right to write.
 */
"use strict";

const assert = require("node:assert/strict");
const { createRequire } = require("node:module");
const { startService } = require("../service");
const { nodeRedWith } = require("./red-with");

const bcrypt = createRequire(require.resolve("node-red/package.json"))("bcryptjs");
const PASSWORD = "of the test";

describe("rights", function () {
    this.timeout(60_000);
    let service;
    let nodeRed;
    const tokens = {};

    before(async function () {
        this.timeout(150_000);
        service = await startService();
        const password = bcrypt.hashSync(PASSWORD, 4);
        const users = [["reader", "read"], ["writer", "*"]]
            .map(([username, permissions]) => ({ username, password, permissions }));
        nodeRed = nodeRedWith({ adminAuth: { type: "credentials", users } });
        await nodeRed.start();
        for (const { username, permissions: scope } of users) {
            const login = { client_id: "node-red-admin", grant_type: "password", scope, username, password: PASSWORD };
            tokens[username] = (await (await nodeRed.admin("POST", "auth/token", login)).json()).access_token;
        }
        await deploy();
    });

    after(async () => {
        await nodeRed?.stop();
        await service?.stop();
    });

    const authorization = (who) => (who === "nobody" ? {} : { authorization: `Bearer ${tokens[who]}` });

    async function deploy() {
        const placed = { z: "tab", x: 100, y: 100 };
        const flows = [
            { id: "tab", type: "tab" },
            { id: "service", type: "cellblock-service", url: service.url },
            { id: "block", type: "code-block", service: "service", code: "return 1", secretNames: ["KEY"],
                credentials: { secret0: "of the block" }, wires: [[]], ...placed },
        ];
        const before = nodeRed.logged.length;
        await nodeRed.admin("POST", "flows", flows, authorization("writer"));
        await nodeRed.until(() => nodeRed.logged.slice(before).includes("Started flows"), "the deployment");
    }

    const questions = {
        "run a block": ["POST", "cellblock/run", {
            id: "one", service: "service", node: "block", part: "code", input: "msg", msg: {},
            config: { code: "return env['KEY']", secretNames: ["KEY"] },
        }],
        "cancel a run": ["DELETE", "cellblock/run/one"],
        "test a connection": ["POST", "cellblock/test", () => ({ id: "service", url: service.url })],
        "check a text": ["POST", "cellblock/check", { service: "service", code: "retrun 1" }],
        "complete a name": ["POST", "cellblock/complete", { service: "service", code: "dat", line: 1, column: 3 }],
        "look for a package": ["GET", "cellblock/packages?service=service&search=pandas"],
        "list the images": ["GET", "cellblock/images?service=service"],
        "see the last message": ["GET", "cellblock/last/block"],
    };
    const WRITES = ["run a block", "cancel a run", "test a connection"];

    /** The status and the text of an answer. */
    async function ask(who, name) {
        const [method, place, body] = questions[name];
        const response = await fetch(`${nodeRed.url}/${place}`, {
            method,
            headers: { "content-type": "application/json", ...authorization(who) },
            body: body && JSON.stringify(body instanceof Function ? body() : body),
        });
        return { status: response.status, text: await response.text() };
    }

    for (const name of Object.keys(questions)) {
        const refused = WRITES.includes(name) ? ["nobody", "reader"] : ["nobody"];
        it(`to ${name} takes the right to ${refused.includes("reader") ? "write" : "read"}`, async () => {
            for (const who of ["nobody", "reader", "writer"]) {
                const { status, text } = await ask(who, name);
                assert.equal(status, refused.includes(who) ? 401 : 200, `${who}: ${text}`);
                assert.ok(who === "writer" || !text.includes("of the block"), text);
            }
        });
    }

    it("who may write gets what the block does with its secrets, and the service's word", async () => {
        const run = (await ask("writer", "run a block")).text.trim().split("\n").map((line) => JSON.parse(line));
        assert.equal(run.at(-1).value.msg, "of the block");
        assert.equal(JSON.parse((await ask("writer", "test a connection")).text).ok, true);
    });

    it("are asked for at each address that the nodes add", () => {
        const asked = Object.values(questions).map(([method, place]) => `${method} /${place.split("?")[0]}`);
        const added = addresses();
        assert.equal(added.length, asked.length, JSON.stringify(added));
        for (const { method, pattern } of added) {
            const expected = new RegExp(`^${method} ${pattern.replaceAll(/:[a-z]+/g, "[^/]+")}$`);
            assert.ok(asked.some((each) => expected.test(each)), `${method} ${pattern}`);
        }
    });
});

/** What the nodes add to Node-RED's admin API. */
function addresses() {
    const added = [];
    const noting = (method) => [method.toLowerCase(), (pattern) => added.push({ method, pattern })];
    const httpAdmin = Object.fromEntries(["GET", "POST", "PUT", "PATCH", "DELETE"].map(noting));
    const anything = new Proxy(() => anything, { get: () => anything });
    const RED = new Proxy({ httpAdmin, settings: {} }, { get: (own, key) => own[key] ?? anything });
    require("../../nodes/cellblock-service")(RED);
    require("../../nodes/code-block")(RED);
    return added;
}
