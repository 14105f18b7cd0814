/*
 * One block and its runs: from a message to a request, from an answer to messages.
 */
"use strict";

const { blockError } = require("./failures");
const { messagesFor, splitMessage } = require("./messages");
const { Printed } = require("./printed");
const values = require("./values");

class Block {
    #fresh = true;

    /**
     * @param {object} settings of `readSettings`
     * @param {object} surroundings
     * @param {string} surroundings.id which block this is, to the service: for its order and its kept state
     * @param {Connection} surroundings.connection
     * @param {(call: object) => Promise<object>} surroundings.onCall answers the block's calls
     * @param {(stream: "stdout"|"stderr", text: string) => void} surroundings.show takes lines that it prints
     */
    constructor(settings, surroundings) {
        this.settings = settings;
        Object.assign(this, surroundings);
    }

    /**
     * Run it on one message.
     *
     * @param {object} msg
     * @param {{signal: AbortSignal, onStatus: Function, onWaiting: Function}} options of `Connection.execute`
     * @returns {Promise<{outgoing: object[][], timings: object, stateLost: boolean}>} `outgoing`: for each output what
     *     it sends; `stateLost`: state that was kept is gone, and this run began with a new one
     * @throws {Error} what the message's `done` gets
     */
    async run(msg, options) {
        const { travels, stays } = splitMessage(msg);
        const printed = { stdout: this.#printed("stdout"), stderr: this.#printed("stderr") };
        let answer;
        try {
            answer = await this.connection.execute(this.#request(travels), {
                ...options,
                onOutput: (stream, text) => printed[stream].write(text),
                onCall: this.onCall,
            });
        } finally {
            Object.values(printed).forEach((each) => each.end());
        }
        const stateLost = !this.#fresh && answer.state === "new";
        this.#fresh = false;
        if (answer.status !== "completed") {
            throw blockError(answer);
        }
        const { outputs, frames, arrays } = this.settings;
        const outgoing = messagesFor(values.decode(answer.result, { frames, arrays }), outputs, msg, stays);
        for (const first of outgoing.flat().slice(0, answer.figures ? 1 : 0)) {
            first.figures = answer.figures;
        }
        return { outgoing, timings: answer.timings_ms, stateLost };
    }

    #printed(stream) {
        return new Printed((text) => this.show(stream, text));
    }

    #request(msg) {
        const { code, name, timeoutS, order, keepState } = this.settings;
        return {
            code,
            name,
            // Its payload is the block's `data`: see docs/values.md.
            msg,
            timeout_s: timeoutS,
            block: this.id,
            order,
            // State is kept from one deployment to the next, as the code is: the first run begins anew.
            ...(keepState && { keep_state: true, reset_state: this.#fresh }),
        };
    }
}

module.exports = { Block };
