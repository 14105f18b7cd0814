/*
 * Secrets reach the block, and nothing else: no log, Node-RED's and the service's at their most talkative, no record,
 * nothing that the editor gets. Whether a run ends well, fails, is refused, or is tried out in the dialog.
 */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { OwnService, freePort } = require("../service");
const { nodeRedWith } = require("./red-with");

const SECRETS = { stored: "stored-f3a9c1d27b", typed: "typed-8e04b65a1c", token: "token-d7720cc9e3" };
const WORKS = "node.trace('traced')\nprint(len(env['KEY']))\nreturn env['KEY'].upper()[::-1]";

/** What runs, by the topic that a message of it has; each has the secret. */
const BLOCKS = {
    works: { code: WORKS },
    kept: { code: WORKS, keepState: true, initialize: "key = env['KEY']", finalize: "node.trace(len(env['KEY']))" },
    fails: { code: "key = env['KEY']\nreturn key / 2" },
    late: { code: "key = env['KEY']\nwhile True: pass", timeout: 0.3 },
    refused: { code: WORKS, memory: 4096 },
    unable: { code: WORKS, packages: ["no requirement at all"] },
};

describe("secrets", function () {
    this.timeout(120_000);
    let service;
    let nodeRed;
    let served = "";
    let answers = "";

    before(async function () {
        this.timeout(150_000);
        service = new OwnService(await freePort(), {
            CELLBLOCK_LOG_LEVEL: "debug", CELLBLOCK_LOG_FORMAT: "json", CELLBLOCK_TOKEN: SECRETS.token,
        });
        const starting = service.start();
        for (const stream of [service.process.stdout, service.process.stderr]) {
            stream.on("data", (chunk) => { served += chunk; });
        }
        await starting;
        nodeRed = nodeRedWith({ logging: { console: { level: "trace", audit: true, metrics: true } } });
        await nodeRed.start();
        await nodeRed.deploy(flow());
    });

    after(async () => {
        await nodeRed?.stop();
        await service?.stop();
    });

    /** A block each, whose results and errors a debug node shows whole. */
    function flow() {
        const names = Object.keys(BLOCKS);
        const placed = { z: "tab", x: 100, y: 100 };
        const debug = { type: "debug", active: true, tosidebar: true, console: true, complete: "true", ...placed };
        return [
            { id: "tab", type: "tab" },
            { id: "service", type: "cellblock-service", url: service.url, credentials: { token: SECRETS.token } },
            ...names.map((name) => ({ id: `inject-${name}`, type: "inject", props: [{ p: "payload" }], payload: "1",
                payloadType: "num", wires: [[name]], ...placed })),
            ...names.map((name) => ({ id: name, type: "code-block", name, service: "service", secretNames: ["KEY"],
                credentials: { secret0: SECRETS.stored }, wires: [["sent"]], ...placed, ...BLOCKS[name] })),
            { id: "catch", type: "catch", scope: null, wires: [["caught"]], ...placed },
            { id: "sent", name: "sent", ...debug },
            { id: "caught", name: "caught", ...debug },
        ];
    }

    async function tryOut(name, typed) {
        const body = {
            id: `try-${name}`, service: "service", node: name, part: "code", input: "msg", msg: { payload: 1 },
            config: { secretNames: ["KEY"], ...BLOCKS[name] }, secrets: typed ? { secret0: typed } : {},
        };
        const told = await (await nodeRed.admin("POST", "cellblock/run", body)).text();
        answers += told;
        return JSON.parse(told.trim().split("\n").at(-1));
    }

    const reversed = (secret) => secret.toUpperCase().split("").reverse().join("");

    it("reach a block whose run ends well, fails or is refused", async () => {
        for (const name of Object.keys(BLOCKS)) {
            await nodeRed.inject(`inject-${name}`);
        }
        const sent = await nodeRed.debug("sent", 2);
        assert.deepEqual(sent.map(({ value }) => value.payload), Array(2).fill(reversed(SECRETS.stored)));
        const caught = (await nodeRed.debug("caught", 4)).map(({ value }) => value.error);
        const of = (name) => caught.find(({ source }) => source.id === name);
        assert.match(of("fails").message, /^TypeError: .*\(line 2/);
        assert.equal(of("late").code, "timeout");
        assert.match(of("refused").message, /memory/);
        assert.match(of("unable").message, /no requirement at all/);
    });

    it("reach a block that is tried out, those that were typed and those that are stored", async () => {
        assert.equal((await tryOut("works", SECRETS.typed)).value.msg, reversed(SECRETS.typed));
        assert.equal((await tryOut("works")).value.msg, reversed(SECRETS.stored));
        assert.equal((await tryOut("fails", SECRETS.typed)).error.name, "TypeError");
        assert.equal((await tryOut("refused", SECRETS.typed)).status, "error");
    });

    it("are told by nobody", async () => {
        await nodeRed.deploy([]); // On Stop
        const flows = await (await nodeRed.admin("GET", "flows")).text();
        await service.end("SIGTERM");
        const records = fs.readdirSync(service.folder).map((name) => fs.readFileSync(path.join(service.folder, name)));
        const places = {
            "Node-RED's log": [nodeRed.logged, /\[trace\] \[code-block:works\] traced/],
            "the service's log": [served, /"level": ?"debug"/],
            "its records": [Buffer.concat(records).toString("latin1"), /TypeError/],
            "the debug sidebar": [JSON.stringify(nodeRed.debugged), /TypeError/],
            "statuses": [JSON.stringify(nodeRed.statuses), /TypeError/],
            "what Run answers": [answers, /TypeError/],
            "the flows": [flows, /\[/],
        };
        for (const [place, [text, expected]] of Object.entries(places)) {
            assert.match(text, expected, place);
            for (const [which, secret] of Object.entries(SECRETS)) {
                assert.deepEqual(formsOf(secret).filter((form) => text.includes(form)), [], `${which} in ${place}`);
            }
        }
    });
});

/** A secret as it is, and as encodings of a whole message would show it. */
function formsOf(secret) {
    const bytes = Buffer.from(secret);
    // base64 in the middle of something may begin at each of three places.
    const shifted = [0, 1, 2].map((by) => bytes.subarray(by, by + 12).toString("base64"));
    return [secret, bytes.toString("hex"), [...bytes].join(), [...bytes].join(", "), ...shifted];
}
