/*
 * The configuration of a Code Block, checked. The editor checks the same rules; a flow file may come from elsewhere.
 */
"use strict";

const MAX_OUTPUTS = 500;
const MAX_NAME = 200;
const MAX_TIMEOUT_S = 86_400;
// What a setting may be; the first is what it is when nothing is said.
const CHOICES = {
    order: ["in-order", "parallel"],
    frames: ["records", "columns", "arrays"],
    arrays: ["nested", "typed"],
};

/**
 * @param {object} config as the flow file has it
 * @returns {{language: string, code: string, outputs: number, timeoutS: number, name: string, order: string,
 *     keepState: boolean, frames: string, arrays: string}} `frames` and `arrays` are options of `values.decode`
 * @throws {RangeError} whose message says which setting is wrong, what it is and what it may be
 */
function readSettings(config) {
    return {
        language: readLanguage(config.language),
        code: typeof config.code === "string" ? config.code : "",
        outputs: readNumber("outputs", config.outputs, { fallback: 1, min: 0, max: MAX_OUTPUTS, whole: true }),
        timeoutS: readNumber("timeout", config.timeout, { fallback: 30, min: 0.001, max: MAX_TIMEOUT_S }),
        name: readName(config.name),
        ...readOrder(config),
        frames: readChoice("frames", config.frames),
        arrays: readChoice("arrays", config.arrays),
    };
}

function readChoice(name, value) {
    const choices = CHOICES[name];
    if (value && !choices.includes(value)) {
        throw new RangeError(`${name} must be ${choices.join(" or ")}, not ${JSON.stringify(value)}`);
    }
    return value || choices[0];
}

function readOrder(config) {
    const order = readChoice("order", config.order);
    const { keepState = false } = config;
    if (typeof keepState !== "boolean") {
        throw new RangeError(`keepState must be true or false, not ${JSON.stringify(keepState)}`);
    }
    if (keepState && order !== "in-order") {
        throw new RangeError("order must be in-order for a block that keeps its state");
    }
    return { order, keepState };
}

/** The block's name as tracebacks show it: printable, and not endless. */
function readName(name) {
    const printable = String(name || "").replace(/[\p{C}\p{Z}]+/gu, " ").trim();
    return Array.from(printable).slice(0, MAX_NAME).join("") || "block";
}

function readLanguage(language = "python") {
    if (language !== "python") {
        throw new RangeError(`language must be "python", not ${JSON.stringify(language)}`);
    }
    return language;
}

function readNumber(name, value, { fallback, min, max, whole = false }) {
    if (value === undefined || value === null || String(value).trim() === "") {
        return fallback;
    }
    const number = Number(value);
    if (!(number >= min && number <= max) || (whole && !Number.isInteger(number))) {
        const kind = whole ? "a whole number" : "a number";
        throw new RangeError(`${name} must be ${kind} from ${min} to ${max}, not ${JSON.stringify(value)}`);
    }
    return number;
}

module.exports = { readSettings };
