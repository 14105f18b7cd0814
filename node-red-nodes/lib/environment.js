/*
 * Variables of the environment, as far as a block may know them: those that flows define, never those of the process
 * that Node-RED runs in, except for the ones that its settings name.
 */
"use strict";

const LIMIT = 1000;
const PARENT = "$parent.";
// Node-RED itself defines these.
const GIVEN = new Set([
    "NR_NODE_ID", "NR_NODE_NAME", "NR_NODE_PATH", "NR_GROUP_ID", "NR_GROUP_NAME", "NR_FLOW_ID", "NR_FLOW_NAME",
    "NR_SUBFLOW_ID", "NR_SUBFLOW_NAME", "NR_SUBFLOW_PATH",
]);

/**
 * The value of a variable as a node sees it: of its group, its subflow, its flow, the global configuration.
 *
 * @param {object} node a Node-RED node
 * @param {string} name may begin with "$parent."
 * @param {(node: object, name: string) => *} getSetting Node-RED's, which looks into the process too
 * @param {string[]} [allowed] what of the process it may know
 * @returns {*} undefined if there is none
 */
function variableOf(node, name, getSetting, allowed = []) {
    const own = withoutParents(name);
    if (GIVEN.has(own) || allowed.includes(own) || isDefined(node, name)) {
        return getSetting(node, name);
    }
    return undefined;
}

function withoutParents(name) {
    let own = name;
    while (own.startsWith(PARENT)) {
        own = own.slice(PARENT.length);
    }
    return own;
}

/** Whether a flow, or what is in or around it, defines the variable; looked for where Node-RED looks. */
function isDefined(node, name) {
    let key = name;
    let scope = scopeOf(node, node._flow);
    for (let steps = 0; scope?._env && steps < LIMIT; steps++) {
        if (key.startsWith(PARENT)) {
            key = key.slice(PARENT.length);
        } else if (Object.hasOwn(scope._env, key)) {
            return true;
        }
        scope = scope.subflowInstance ? scopeOf(scope.subflowInstance, scope.parent) : scope.parent;
    }
    return false;
}

/** The group that something is in, or else its flow. */
function scopeOf({ g }, flow) {
    return (g && flow?.getGroupNode?.(g)) || flow;
}

module.exports = { variableOf };
