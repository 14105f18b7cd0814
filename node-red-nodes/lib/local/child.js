/*
 * A child process of ours: its lines read, its end told, and ended with us.
 */
"use strict";

const { spawn } = require("node:child_process");
const { readLines } = require("./lines");
const { watchOver } = require("./watchdog");

// Below the 15 s after which Node-RED gives up on a node that closes.
const GRACE_S = 8;
const REMEMBERED_LINES = 20;
const LAST_WORDS_MS = 1_000;

class Child {
    #lines = [];

    /**
     * Start it.
     *
     * @param {string} command
     * @param {string[]} args
     * @param {object} options
     * @param {object} [options.env] beside this process's own
     * @param {(line: string) => void} options.onLine gets what it writes
     * @param {(error: Error) => void} options.onTrouble when nothing will end it if this process is killed
     * @param {number} [options.graceS] seconds between asking it to end and insisting
     */
    constructor(command, args, { env = {}, onLine, onTrouble, graceS = GRACE_S }) {
        this.graceS = graceS;
        this.process = spawn(command, args, {
            env: { ...process.env, ...env },
            stdio: ["ignore", "pipe", "pipe"],
            // Ctrl-C reaches Node-RED, which ends this one when it is done with it.
            detached: true,
        });
        const take = (line) => {
            this.#lines = [...this.#lines, line].slice(-REMEMBERED_LINES);
            onLine(line);
        };
        readLines(this.process.stdout, take);
        readLines(this.process.stderr, take);
        const callOff = this.process.pid === undefined ? () => {} : watchOver(this.process.pid, graceS, onTrouble);
        /** How it ended, for people: "ended with code 1". Never rejects. */
        this.ended = new Promise((resolve) => {
            const tell = (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`);
            this.process.once("error", (error) => resolve(`couldn't be started: ${error.message}`));
            // Its last words come before "close". Whoever inherited its pipes may keep that from coming.
            this.process.once("close", tell);
            this.process.once("exit", (...how) => {
                callOff();
                setTimeout(tell, LAST_WORDS_MS, ...how).unref();
            });
        });
    }

    get running() {
        return this.process.pid !== undefined && this.process.exitCode === null && this.process.signalCode === null;
    }

    /** The last thing it said, which mostly is why it ended. */
    get lastWords() {
        return this.#lines.at(-1) ?? "";
    }

    /** End it: ask, and after the grace insist. */
    async stop() {
        if (this.running) {
            this.process.kill("SIGTERM");
            const late = setTimeout(() => this.process.kill("SIGKILL"), this.graceS * 1000);
            await this.ended;
            clearTimeout(late);
        }
    }
}

module.exports = { Child };
