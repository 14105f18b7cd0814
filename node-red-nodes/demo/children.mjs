/*
 * The processes that the demonstration runs: started in groups of their own, so that Ctrl-C reaches only run.mjs and
 * they are stopped in order, and watched, so that none dies unnoticed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const STOP_GRACE_MS = 10_000;

export class Child {
    /** @param {string} name for people @param {object} options of child_process.spawn */
    constructor(name, command, args, options) {
        this.name = name;
        this.process = spawn(command, args, { ...options, detached: true });
        this.exited = new Promise((resolve) => {
            this.process.once("error", (error) => resolve(`can't be started: ${error.message}`));
            this.process.once("exit", (code, signal) =>
                resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`));
        });
    }

    get running() {
        return this.process.pid !== undefined && this.process.exitCode === null && this.process.signalCode === null;
    }

    /** Ask it to end, and end its whole group if it doesn't in time. */
    async stop() {
        if (!this.running) {
            return;
        }
        this.process.kill("SIGTERM");
        const late = Symbol("late");
        const grace = new AbortController();
        const giveUp = sleep(STOP_GRACE_MS, late, { signal: grace.signal }).catch(() => {});
        const outcome = await Promise.race([this.exited, giveUp]);
        grace.abort();
        if (outcome === late) {
            process.kill(-this.process.pid, "SIGKILL");
            await this.exited;
        }
    }
}

/** Whether a TCP port of this machine is free to listen on. */
export async function portIsFree(port) {
    const server = net.createServer();
    server.listen(port, "127.0.0.1");
    try {
        await once(server, "listening");
    } catch (error) {
        if (error.code === "EADDRINUSE" || error.code === "EACCES") {
            return false;
        }
        throw error;
    }
    server.close();
    await once(server, "close");
    return true;
}

/** Ask again and again until `check` gives something true. @throws {Error} after `timeoutMs` */
export async function until(what, check, timeoutMs, pauseMs = 100) {
    const end = Date.now() + timeoutMs;
    while (Date.now() < end) {
        const found = await check();
        if (found) {
            return found;
        }
        await sleep(pauseMs);
    }
    throw new Error(`${what} took longer than ${Math.round(timeoutMs / 1000)} s`);
}

/** The answer of an HTTP GET, or null while nothing answers. */
export async function tryGet(url, timeoutMs = 2000) {
    try {
        return await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    } catch {
        return null;
    }
}
