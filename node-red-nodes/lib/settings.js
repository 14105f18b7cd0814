/*
 * The configuration of a Code Block, checked. The editor checks the same rules; a flow file may come from elsewhere.
 */
"use strict";

const MAX_OUTPUTS = 500;
const MAX_NAME = 200;
const MAX_TIMEOUT_S = 86_400;
const MAX_JOIN_S = 7 * 86_400;
// WebAssembly's memory has 32-bit addresses.
const MAX_MEMORY_MB = 4096;
const MAX_SECRETS = 16;
// What a setting may be; the first is what it is when nothing is said.
const CHOICES = {
    order: ["in-order", "parallel"],
    frames: ["records", "columns", "arrays"],
    arrays: ["nested", "typed"],
    mode: ["message", "item", "join"],
    itemsAs: ["list", "messages"],
    joinRule: ["each", "latest"],
    joinOnTimeout: ["run", "error"],
};

/**
 * @param {object} config as the flow file has it
 * @returns {object} {language, code, initialize, finalize, outputs, printPort, errorPort, timeoutS, memoryMb,
 *     packages, name, mode, itemsAs, join, order, keepState, frames, arrays, secretNames}. `outputs` counts the block's
 *     own ports; `printPort` and `errorPort` are places behind them, null if off; `memoryMb` is null for the service's
 *     own limit; `join` is {sources, rule, count, timeoutMs, onTimeout}, null in other modes; `frames` and `arrays` are
 *     options of `values.decode`; a secret's place in `secretNames` is its slot, "" where there is none
 * @throws {RangeError} whose message says which setting is wrong, what it is and what it may be
 */
function readSettings(config) {
    return {
        language: readLanguage(config.language),
        code: readCode(config.code),
        initialize: readCode(config.initialize),
        finalize: readCode(config.finalize),
        ...readPorts(config),
        timeoutS: readNumber("timeout", config.timeout, { fallback: 30, min: 0.001, max: MAX_TIMEOUT_S }),
        memoryMb: readNumber("memory", config.memory, { fallback: null, min: 1, max: MAX_MEMORY_MB, whole: true }),
        packages: readTexts("packages", config.packages).filter((text) => text !== ""),
        name: readName(config.name),
        mode: readChoice("mode", config.mode),
        itemsAs: readChoice("itemsAs", config.itemsAs),
        join: config.mode === "join" ? readJoin(config) : null,
        ...readOrder(config),
        frames: readChoice("frames", config.frames),
        arrays: readChoice("arrays", config.arrays),
        secretNames: readSecretNames(config.secretNames),
    };
}

/** Code as it is, since its line numbers are told; nothing but space is no code. */
function readCode(code) {
    return typeof code === "string" && code.trim() !== "" ? code : "";
}

/** `outputs` in the flow file counts all ports: the block's own, that for printed text, that for errors. */
function readPorts(config) {
    const printed = readFlag("printOutput", config.printOutput);
    const failed = readFlag("errorOutput", config.errorOutput);
    const extra = Number(printed) + Number(failed);
    const all = readNumber("outputs", config.outputs, {
        fallback: 1 + extra, min: extra, max: MAX_OUTPUTS + extra, whole: true,
    });
    const outputs = all - extra;
    return { outputs, printPort: printed ? outputs : null, errorPort: failed ? all - 1 : null };
}

function readFlag(name, value = false) {
    if (typeof value !== "boolean") {
        throw new RangeError(`${name} must be true or false, not ${JSON.stringify(value)}`);
    }
    return value;
}

function readTexts(name, value) {
    const texts = value ?? [];
    if (!Array.isArray(texts) || !texts.every((text) => typeof text === "string")) {
        throw new RangeError(`${name} must be a list of texts, not ${JSON.stringify(value)}`);
    }
    return texts.map((text) => text.trim());
}

function readSecretNames(value) {
    const names = readTexts("secretNames", value);
    const given = names.filter((name) => name !== "");
    if (names.length > MAX_SECRETS || new Set(given).size < given.length) {
        throw new RangeError(`secretNames must be up to ${MAX_SECRETS} different names, not ${JSON.stringify(value)}`);
    }
    return names;
}

function readJoin(config) {
    const sources = readSources(config.sources);
    const timeoutS = readNumber("joinTimeout", config.joinTimeout, { fallback: null, min: 0.001, max: MAX_JOIN_S });
    return {
        sources,
        rule: readChoice("joinRule", config.joinRule),
        count: readNumber("joinCount", config.joinCount, {
            fallback: sources.length, min: 1, max: sources.length, whole: true,
        }),
        timeoutMs: timeoutS === null ? null : timeoutS * 1000,
        onTimeout: readChoice("joinOnTimeout", config.joinOnTimeout),
    };
}

/** A source without a name of its own goes by its id. */
function readSources(value) {
    const given = Array.isArray(value) ? value : [];
    const sources = given.map((source) => {
        const { id, name } = Object(source);
        return { id, name: typeof name === "string" && name.trim() !== "" ? name.trim() : id };
    });
    const isWrong = ({ id }) => typeof id !== "string" || id === "";
    if (sources.length === 0 || sources.some(isWrong)) {
        throw new RangeError("sources must be a list with the id and the name of at least one node, in mode join, "
            + `not ${JSON.stringify(value)}`);
    }
    for (const part of ["id", "name"]) {
        if (new Set(sources.map((source) => source[part])).size < sources.length) {
            throw new RangeError(`sources must differ in their ${part}s, not ${JSON.stringify(value)}`);
        }
    }
    return sources;
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
    const keepState = readFlag("keepState", config.keepState);
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

module.exports = { MAX_MEMORY_MB, MAX_TIMEOUT_S, readSettings };
