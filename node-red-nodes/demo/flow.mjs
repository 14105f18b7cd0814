/*
 * The example flow as the demonstration sees it: put in place, set off through Node-RED's admin API, and watched
 * through the same websocket that feeds the editor's debug sidebar.
 */
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { tryGet, until } from "./children.mjs";

const EXAMPLE = fileURLToPath(new URL("../examples/sensor-batch.json", import.meta.url));
export const IDS = {
    inject: "cb5e000000000004",
    block: "cb5e000000000005",
    debug: "cb5e000000000006",
    error: "cb5e000000000008",
};
const RESULT_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 20_000;

/**
 * Put the example flow into a user directory, unless the user has changed the one that is there.
 *
 * @returns {boolean} whether the flow that will run is the example
 */
export function installExample(userDir) {
    const flows = path.join(userDir, "flows.json");
    const installed = path.join(userDir, ".installed-example.json");
    fs.mkdirSync(userDir, { recursive: true });
    if (fs.existsSync(flows) && readOrNull(installed) !== fs.readFileSync(flows, "utf8")) {
        return false;
    }
    fs.copyFileSync(EXAMPLE, flows);
    fs.copyFileSync(EXAMPLE, installed);
    return true;
}

function readOrNull(file) {
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : null;
}

/** Whether Node-RED has loaded its flows: its admin API answers before that, with an error. */
export async function flowsAreLoaded(editorUrl) {
    return await loadedFlows(editorUrl) !== null;
}

/** Whether the running flow still has the nodes that `runOnce` needs. */
export async function hasExample(editorUrl) {
    const ids = new Set((await loadedFlows(editorUrl)).map((node) => node.id));
    return Object.values(IDS).every((id) => ids.has(id));
}

async function loadedFlows(editorUrl) {
    const response = await tryGet(new URL("flows", editorUrl));
    return response?.ok ? response.json() : null;
}

/**
 * Press the inject button and wait for what the debug node shows.
 *
 * @returns {Promise<{output: string, failed: boolean, blockTime: ?string, totalMs: number}>}
 * @throws {Error} if the flow doesn't start or nothing arrives in time
 */
export async function runOnce(editorUrl) {
    const socket = await openComms(editorUrl);
    try {
        const outcome = waitForOutcome(socket);
        let start = 0;
        // Loaded flows take a moment more to start; until then there is no node to inject into.
        await until("the start of the flow", async () => {
            start = performance.now();
            return (await fetch(new URL(`inject/${IDS.inject}`, editorUrl), { method: "POST" })).ok;
        }, START_TIMEOUT_MS);
        return await outcome.then((found) => ({ ...found, totalMs: found.at - start }));
    } finally {
        socket.close();
    }
}

async function openComms(editorUrl) {
    const address = new URL("comms", editorUrl);
    address.protocol = "ws:";
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    for (const topic of ["debug", "status/#"]) {
        socket.send(JSON.stringify({ subscribe: topic }));
    }
    return socket;
}

/** The debug message may come before or after the block's last status: wait until both are there. */
function waitForOutcome(socket) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("no debug message came")), RESULT_TIMEOUT_MS);
        let shown = null;
        let blockTime = null;
        socket.on("message", (data) => {
            for (const { topic, data: event } of [JSON.parse(data)].flat()) {
                if (topic === "debug" && [IDS.debug, IDS.error].includes(event.id)) {
                    shown = { output: event.msg, failed: event.id === IDS.error, at: performance.now() };
                } else if (topic === `status/${IDS.block}` && event.fill !== "blue" && event.text) {
                    blockTime = event.text;
                }
            }
            if (shown && blockTime) {
                clearTimeout(timer);
                resolve({ ...shown, blockTime });
            }
        });
    });
}
