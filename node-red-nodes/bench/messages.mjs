/*
 * Messages through Node-RED, one after another: from a function node that notes the time, through the node under test,
 * to a function node that notes the time again. Run by `cellblock bench`.
 *
 *     node bench/messages.mjs SERVICE_URL [RUNS]
 *
 * Prints {"codeBlock": [ms, ...], "function": [ms, ...]}.
 */
import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const RED = createRequire(import.meta.url)("node-red");
const [url, runs = "100"] = process.argv.slice(2);
const WARM_UP = 5;

let arrived = () => {};

function flow(id, underTest) {
    return [
        { id: `${id}-tab`, type: "tab", label: id },
        { id: `${id}-in`, type: "function", z: `${id}-tab`, outputs: 1, wires: [[`${id}-node`]],
            func: "msg.started = process.hrtime.bigint().toString(); return msg;",
            libs: [{ var: "process", module: "process" }] },
        { id: `${id}-node`, z: `${id}-tab`, wires: [[`${id}-out`]], outputs: 1, ...underTest },
        { id: `${id}-out`, type: "function", z: `${id}-tab`, outputs: 0, wires: [],
            func: "global.get('arrived')(process.hrtime.bigint() - BigInt(msg.started));",
            libs: [{ var: "process", module: "process" }] },
    ];
}

async function measure(id) {
    const samples = [];
    const first = RED.nodes.getNode(`${id}-in`);
    for (let run = 0; run < WARM_UP + Number(runs); run += 1) {
        const elapsed = await new Promise((resolve, reject) => {
            arrived = resolve;
            setTimeout(reject, 30_000, new Error("no message came out within 30 s")).unref();
            first.receive({ payload: run });
        });
        if (run >= WARM_UP) {
            samples.push(Number(elapsed) / 1e6);
        }
    }
    return samples;
}

const userDir = fs.mkdtempSync(path.join(os.tmpdir(), "cellblock-bench-"));
RED.init(http.createServer(), {
    userDir,
    nodesDir: [path.resolve(fileURLToPath(import.meta.url), "../..")],
    httpAdminRoot: false,
    httpNodeRoot: false,
    telemetry: { enabled: false, updateNotification: false },
    functionGlobalContext: { arrived: (elapsed) => arrived(elapsed) },
    logging: { console: { level: "error" } },
});
await RED.start();
const started = new Promise((resolve) => { RED.events.once("flows:started", resolve); });
await RED.runtime.flows.setFlows({ flows: { flows: [
    { id: "service", type: "cellblock-service", name: "", url },
    ...flow("codeBlock", { type: "code-block", service: "service", language: "python", code: "return data + 1",
        timeout: 30 }),
    ...flow("function", { type: "function", func: "msg.payload += 1; return msg;", libs: [] }),
] }, deploymentType: "full" });
await started;
console.log(JSON.stringify({ codeBlock: await measure("codeBlock"), function: await measure("function") }));
await RED.stop();
fs.rmSync(userDir, { recursive: true, force: true });
process.exit(0);
