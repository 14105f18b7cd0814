/*
 * Checking one of a block's three texts.
 *
 * In a block that keeps its state they are one program: what On Start binds, On Message may use. So whatever the
 * checker says of one text alone counts only if it says it of the whole program too.
 */
"use strict";

/**
 * @param {{code: string, before?: string, after?: string}} text the code, and what runs in the same interpreter before
 *     and after it
 * @param {(code: string) => Promise<{problems: object[]}>} check the service's
 * @returns {Promise<object[]>} the problems of `code`, in its own lines
 */
async function check({ code, before = "", after = "" }, checkCode) {
    const { problems } = await checkCode(code);
    if (problems.length === 0 || isBlank(before + after)) {
        return problems;
    }
    const offset = isBlank(before) ? 0 : linesOf(before);
    const whole = [...(offset > 0 ? [before] : []), code, after].join("\n");
    const inWhole = (await checkCode(whole)).problems;
    if (didNotCompile(inWhole)) {
        return problems;
    }
    const told = new Set(inWhole.map((problem) => keyOf(problem, problem.line - offset)));
    return problems.filter((problem) => told.has(keyOf(problem, problem.line)));
}

/** How far a text is moved down by what is put before it. */
function linesOf(text) {
    return isBlank(text) ? 0 : text.split(/\r\n|\r|\n/).length;
}

function isBlank(text) {
    return text.trim() === "";
}

/** The compiler stops at the first thing that it refuses, and then nothing is known of names. */
function didNotCompile(problems) {
    return problems.length === 1 && problems[0].severity === "error" && !/^undefined name|^local variable/
        .test(problems[0].message);
}

function keyOf({ column, message }, line) {
    // What was bound before is named in some messages by its line.
    return JSON.stringify([line, column, message.replace(/ from line \d+$/, "")]);
}

module.exports = { check, linesOf };
