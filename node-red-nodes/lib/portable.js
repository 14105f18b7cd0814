/*
 * The errors for values that can't travel, one for each direction, and the paths that they name.
 */
"use strict";

/** A value that has no form in the value format. `path` says where it is, `typeName` what it is. */
class ValueNotPortable extends Error {
    constructor(path, typeName) {
        super(`${path}: ${typeName} can't travel to Python`);
        this.name = "ValueNotPortable";
        this.path = path;
        this.typeName = typeName;
    }
}

/** A result that Python could write and JavaScript can't hold. */
class ResultNotPortable extends Error {
    constructor(reason) {
        super(`the result has no JavaScript form: ${reason}`);
        this.name = "ResultNotPortable";
        this.code = "result_not_portable";
    }
}

/** `msg.payload` + `rows` is `msg.payload.rows`; a key that is no identifier is written in brackets. */
function childPath(path, key) {
    return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

module.exports = { ValueNotPortable, ResultNotPortable, childPath };
