/*
 * One block and its runs: from values to a request, from an answer to a result.
 */
"use strict";

const { blockError } = require("./failures");
const { Kept } = require("./kept");
const values = require("./values");

/** What a block consists of, by the names of its settings: as errors and tracebacks call them. */
const TABS = Object.freeze({ initialize: "On Start", code: "On Message", finalize: "On Stop" });
// The service takes names of 200 characters.
const MAX_TITLE = 180;
const MAX_FACT = 1000;

class Block {
    #kept = new Kept();

    /**
     * @param {object} settings of `readSettings`
     * @param {object} surroundings
     * @param {string} surroundings.id which block this is, to the service: for its order and its kept state
     * @param {{id: string, name?: string, path?: string}} surroundings.facts what the block's `node` says of itself
     * @param {object} surroundings.secrets name and value of each
     * @param {Connection} surroundings.connection
     * @param {() => void} surroundings.onStateLost state that was kept is gone, and a run began with a new one
     */
    constructor(settings, surroundings) {
        this.settings = settings;
        Object.assign(this, surroundings);
    }

    /**
     * Run a part of it.
     *
     * @param {"initialize"|"code"|"finalize"} part
     * @param {{msg?: object, inputs?: Map, timeout_s?: number}} fields of the request, in wire form
     * @param {{signal: AbortSignal, onStatus: Function, onWaiting: Function, onOutput: Function, onCall: Function}}
     *     handlers of `Connection.execute`
     * @returns {Promise<{value: *, figures?: object[], timings: object}>} its result, decoded
     * @throws {Error} what the message's `done` gets
     */
    async run(part, fields, handlers) {
        const answer = await this.#execute(this.settings[part], { name: this.#title(part), ...fields }, handlers);
        // On Start makes what was lost.
        if (this.#kept.lost && part !== "initialize") {
            this.onStateLost();
        }
        if (answer.status !== "completed") {
            throw blockError(answer, TABS[part]);
        }
        return { value: this.decode(answer.result), figures: answer.figures, timings: answer.timings_ms };
    }

    /** A value that the block gave, as its settings have it. */
    decode(bytes) {
        const { frames, arrays } = this.settings;
        return values.decode(bytes, { frames, arrays });
    }

    /** Ask whether kept state is still there, if there is reason to: `onStateLost` hears if it isn't. */
    async checkState(handlers) {
        if (this.settings.keepState && this.#kept.doubtful) {
            await this.#execute("", { name: this.settings.name }, handlers);
            if (this.#kept.lost) {
                this.onStateLost();
            }
        }
    }

    /** There is reason to ask, the next time. */
    doubt() {
        this.#kept.unheard();
    }

    /** Forget kept state. */
    reset() {
        this.#kept.reset();
    }

    async #execute(code, fields, handlers) {
        let answer;
        try {
            answer = await this.connection.execute(this.#request(code, fields), handlers);
        } catch (error) {
            this.#kept.unheard();
            throw error;
        }
        if (this.settings.keepState) {
            this.#kept.heard(answer);
        }
        return answer;
    }

    #request(code, fields) {
        const { timeoutS, memoryMb, packages, order, keepState } = this.settings;
        return {
            code,
            timeout_s: timeoutS,
            block: this.id,
            order,
            node: this.#facts(),
            ...(memoryMb !== null && { memory_mb: memoryMb }),
            ...(packages.length > 0 && { packages }),
            ...(Object.keys(this.secrets).length > 0 && { env: this.secrets }),
            ...(keepState && { ...this.#kept.fields(), also: this.#others(code) }),
            // A message's payload is the block's `data`: see docs/values.md.
            ...fields,
        };
    }

    /** The parts that run in the same kept sandbox: state lives in one image, which has what any of them imports. */
    #others(code) {
        return Object.keys(TABS).map((part) => this.settings[part]).filter((text) => text !== "" && text !== code);
    }

    /** Functions of On Start may be called in On Message: tracebacks tell their lines apart by the name. */
    #title(part) {
        const { name } = this.settings;
        return part === "code" ? name : `${Array.from(name).slice(0, MAX_TITLE).join("")} (${TABS[part]})`;
    }

    #facts() {
        const texts = Object.entries(this.facts).filter(([, text]) => typeof text === "string" && text !== "");
        return {
            ...Object.fromEntries(texts.map(([name, text]) => [name, text.slice(0, MAX_FACT)])),
            outputCount: this.settings.outputs,
        };
    }
}

module.exports = { Block, TABS };
