/*
 * Messages through Node-RED, one after another: from a function node that notes the time, through the node under test,
 * to a function node that notes the time again. Run by `cellblock bench`.
 *
 *     node bench/messages.mjs SERVICE_URL [RUNS]
 *
 * Prints {"codeBlock": [ms, ...], "function": [ms, ...], "large": [ms, ...], "rate": [messages a second, ...]}: "large"
 * for messages of 8 MB, "rate" for many at once through the Code Block, all of which have to arrive, in order.
 */
import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const RED = createRequire(import.meta.url)("node-red");
const [url, runs = "100"] = process.argv.slice(2);
const WARM_UP = 5;
const ROUNDS = 5;
const AT_ONCE = 500;
const LARGE_RUNS = 20;
// As many large results as the service keeps: then it has had all memory before that it takes.
const LARGE_WARM_UP = 34;
const LARGE = new Float64Array(1_000_000).map(Math.random);

let arrived = () => {};

function flow(id, underTest) {
    return [
        { id: `${id}-tab`, type: "tab", label: id },
        { id: `${id}-in`, type: "function", z: `${id}-tab`, outputs: 1, wires: [[`${id}-node`]],
            func: "msg.started = global.get('now')(); return msg;" },
        { id: `${id}-node`, z: `${id}-tab`, wires: [[`${id}-out`]], outputs: 1, ...underTest },
        { id: `${id}-out`, type: "function", z: `${id}-tab`, outputs: 0, wires: [],
            func: "global.get('arrived')(global.get('now')() - msg.started, msg.payload);" },
    ];
}

async function measure(id, payloadOf = (run) => run, warmUp = WARM_UP, count = Number(runs)) {
    const samples = [];
    const first = RED.nodes.getNode(`${id}-in`);
    for (let run = 0; run < warmUp + count; run += 1) {
        const elapsed = await new Promise((resolve, reject) => {
            arrived = resolve;
            sleep(30_000, null, { ref: false }).then(() => reject(new Error("no message came out within 30 s")));
            first.receive({ payload: payloadOf(run) });
        });
        if (run >= warmUp) {
            samples.push(elapsed);
        }
    }
    return samples;
}

async function measureRate(id) {
    const first = RED.nodes.getNode(`${id}-in`);
    const rates = [];
    for (let round = 0; round < ROUNDS; round += 1) {
        const started = performance.now();
        await new Promise((resolve, reject) => {
            let expected = 0;
            sleep(60_000, null, { ref: false }).then(() => reject(new Error(`message ${expected} was lost`)));
            arrived = (_, payload) => {
                if (payload !== expected) {
                    reject(new Error(`message ${payload} arrived in the place of ${expected}`));
                }
                expected += 1;
                if (expected === AT_ONCE) {
                    resolve();
                }
            };
            for (let payload = 0; payload < AT_ONCE; payload += 1) {
                first.receive({ payload });
            }
        });
        rates.push(AT_ONCE / (performance.now() - started) * 1000);
    }
    return rates;
}

const userDir = fs.mkdtempSync(path.join(os.tmpdir(), "cellblock-bench-"));
fs.writeFileSync(path.join(userDir, "flows.json"), JSON.stringify([
    { id: "service", type: "cellblock-service", name: "", url },
    ...flow("codeBlock", { type: "code-block", service: "service", language: "python", code: "return data",
        timeout: 30 }),
    ...flow("large", { type: "code-block", service: "service", language: "python", code: "return msg", timeout: 30,
        arrays: "typed" }),
    ...flow("function", { type: "function", func: "return msg;" }),
]));
RED.init(http.createServer(), {
    userDir,
    flowFile: "flows.json",
    nodesDir: [path.resolve(fileURLToPath(import.meta.url), "../..")],
    httpAdminRoot: false,
    httpNodeRoot: false,
    telemetry: { enabled: false, updateNotification: false },
    functionGlobalContext: { now: () => performance.now(), arrived: (...told) => arrived(...told) },
    logging: { console: { level: "error" } },
});
await RED.start();
while (!RED.nodes.getNode("function-out")) {
    await sleep(20);
}
console.log(JSON.stringify({
    codeBlock: await measure("codeBlock"),
    function: await measure("function"),
    rate: await measureRate("codeBlock"),
    large: await measure("large", () => LARGE, LARGE_WARM_UP, LARGE_RUNS),
}));
await RED.stop();
fs.rmSync(userDir, { recursive: true, force: true });
process.exit(0);
