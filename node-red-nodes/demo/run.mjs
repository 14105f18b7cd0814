/*
 * What `make run` starts: the Cellblock service and Node-RED with the example flow, set off once. Stays until Ctrl-C.
 *
 *     node demo/run.mjs PATH_OF_THE_CELLBLOCK_COMMAND
 *
 * Environment: CELLBLOCK_PORT (8765), NODE_RED_PORT (1880), CELLBLOCK_NODE_RED_DIR (Node-RED's user directory, which
 * keeps the flow from one time to the next; default: node-red in CELLBLOCK_HOME).
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import readline from "node:readline";
import { fileURLToPath } from "node:url";
import { Child, portIsFree, tryGet, until } from "./children.mjs";
import { flowsAreLoaded, hasExample, installExample, runOnce } from "./flow.mjs";

const SERVICE_TIMEOUT_MS = 2 * 60_000;
// Workers take a moment to start, and one that can't says so again and again.
const REFUSAL_PATIENCE_MS = 20_000;
const NODE_RED_TIMEOUT_MS = 60_000;

const say = (text) => process.stdout.write(`${text}\n`);

/** Something that the user can put right: shown without a stack. */
class UserError extends Error {}

function portFrom(name, fallback) {
    const text = process.env[name] || String(fallback);
    const port = Number(text);
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
        throw new UserError(`${name} must be a port number from 1 to 65535, not ${JSON.stringify(text)}.`);
    }
    return port;
}

async function checkPorts(servicePort, nodeRedPort) {
    if (!await portIsFree(servicePort)) {
        const live = await tryGet(`http://127.0.0.1:${servicePort}/livez`);
        const who = live?.ok
            ? "A Cellblock service, or something like one, is already running"
            : "Another program is already listening";
        throw new UserError(`${who} on port ${servicePort}. `
            + "Stop it, or choose another port: CELLBLOCK_PORT=8766 make run");
    }
    if (!await portIsFree(nodeRedPort)) {
        throw new UserError(`Another program, perhaps Node-RED, is already listening on port ${nodeRedPort}. `
            + "Stop it, or choose another port: NODE_RED_PORT=1881 make run");
    }
}

function userDirectory() {
    const home = process.env.CELLBLOCK_HOME || path.join(cacheFolder(), "cellblock");
    return process.env.CELLBLOCK_NODE_RED_DIR || path.join(home, "node-red");
}

function cacheFolder() {
    switch (process.platform) {
    case "darwin":
        return path.join(os.homedir(), "Library", "Caches");
    case "win32":
        return process.env.LOCALAPPDATA || os.tmpdir();
    default:
        return process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
    }
}

async function startService(command, port, started) {
    say(`service:  starting ${path.basename(command)} on port ${port}`);
    const service = new Child("The Cellblock service", command, ["serve", "--port", String(port)], {
        // What it warns of belongs on this terminal.
        stdio: ["ignore", "inherit", "inherit"],
        env: { CELLBLOCK_LOG_LEVEL: "warning", ...process.env },
    });
    started.push(service);
    await orDeath(service, until("the start of the service", readiness(port), SERVICE_TIMEOUT_MS));
    say(`service:  ready at http://127.0.0.1:${port}`);
}

/** A check for `until` that gives up on a service which is up and keeps saying why it can't work. */
function readiness(port) {
    let refusedSince = null;
    return async () => {
        const response = await tryGet(`http://127.0.0.1:${port}/readyz`);
        if (response === null || response.ok) {
            return response?.ok;
        }
        const { reasons = [] } = await response.json().catch(() => ({}));
        refusedSince ??= Date.now();
        if (Date.now() - refusedSince > REFUSAL_PATIENCE_MS) {
            throw new UserError(`The Cellblock service can't get ready. ${reasons.join("; ")}`);
        }
        return false;
    };
}

async function startNodeRed(port, servicePort, userDir, started) {
    const red = createRequire(import.meta.url).resolve("node-red/red.js");
    const settings = fileURLToPath(new URL("settings.cjs", import.meta.url));
    const nodeRed = new Child("Node-RED", process.execPath, [red, "--settings", settings], {
        stdio: ["ignore", "pipe", "pipe"],
        env: {
            ...process.env,
            NODE_RED_PORT: String(port),
            CELLBLOCK_NODE_RED_DIR: userDir,
            CELLBLOCK_URL: `http://127.0.0.1:${servicePort}`,
        },
    });
    started.push(nodeRed);
    relayLog(nodeRed.process, path.join(userDir, "node-red.log"));
    const editorUrl = `http://127.0.0.1:${port}/`;
    await orDeath(nodeRed, until("the start of Node-RED",
        () => flowsAreLoaded(editorUrl), NODE_RED_TIMEOUT_MS));
    return editorUrl;
}

/** All of Node-RED's log goes to a file; errors and what this package's nodes say are shown too. */
function relayLog(child, file) {
    const log = fs.createWriteStream(file);
    for (const stream of [child.stdout, child.stderr]) {
        readline.createInterface({ input: stream }).on("line", (line) => {
            log.write(`${line}\n`);
            if (/\[error\]|\] \[(code-block|cellblock-service):/.test(line)) {
                say(`node-red: ${line}`);
            }
        });
    }
}

/** Whatever `promise` gives, unless the child dies first. */
function orDeath(child, promise) {
    return Promise.race([promise, child.exited.then((how) => { throw new UserError(`${child.name} ${how}.`); })]);
}

async function showResult(editorUrl) {
    if (!await hasExample(editorUrl)) {
        say("result:   none: the example flow was changed in the editor, so nothing was set off. "
            + "It is still there under Import, Examples.");
        return;
    }
    const { output, failed, blockTime, totalMs } = await runOnce(editorUrl);
    const timings = `Code Block ${blockTime}, inject to debug ${totalMs.toFixed(0)} ms`;
    say(`${failed ? "failed:" : "result:"}   ${failed ? JSON.parse(output).message : output}   (${timings})`);
}

async function stopAll(started) {
    // Node-RED first: it is the one that uses the other.
    for (const child of started.toReversed()) {
        await child.stop();
    }
}

function interrupted() {
    return new Promise((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
            process.on(signal, () => resolve("interrupted"));
        }
    });
}

async function run(command, started) {
    if (!command) {
        throw new UserError("Which command? Usage: node demo/run.mjs PATH_OF_THE_CELLBLOCK_COMMAND");
    }
    const servicePort = portFrom("CELLBLOCK_PORT", 8765);
    const nodeRedPort = portFrom("NODE_RED_PORT", 1880);
    await checkPorts(servicePort, nodeRedPort);
    const userDir = userDirectory();
    installExample(userDir);
    await startService(path.resolve(command), servicePort, started);
    const editorUrl = await startNodeRed(nodeRedPort, servicePort, userDir, started);
    await showResult(editorUrl);
    say(`editor:   ${editorUrl.slice(0, -1)}`);
    say("Ctrl-C stops both.");
    await Promise.race(started.map((child) => orDeath(child, new Promise(() => {}))));
}

const started = [];
const stopRequested = interrupted();
try {
    await Promise.race([run(process.argv[2], started), stopRequested]);
    say("\nstopping");
} catch (error) {
    process.stderr.write(`${error instanceof UserError ? error.message : error.stack}\n`);
    process.exitCode = 1;
} finally {
    await stopAll(started);
}
process.exit();
