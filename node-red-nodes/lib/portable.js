/*
 * The error for a value that can't travel, and the paths that such errors name.
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

/** `msg.payload` + `rows` is `msg.payload.rows`; a key that is no identifier is written in brackets. */
function childPath(path, key) {
    return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

module.exports = { ValueNotPortable, childPath };
