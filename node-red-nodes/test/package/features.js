/*
 * A flow that needs what Node-RED has to do for a Code Block: hooks to tell a join's sources, messages for each item,
 * flows that start and stop, context, credentials and the environment of a flow.
 */
"use strict";

const placed = { z: "fea7000000000001", x: 100, y: 100 };
const ITEMS = "fea7000000000003";
const COUNT = "fea7000000000004";

/** @param {string} service the id of its service node @returns {object[]} as it is saved, so without the secret */
function features(service) {
    const block = (id, name, more) => ({ id, type: "code-block", name, service, ...placed, ...more });
    return [
        { id: placed.z, type: "tab", label: "Features", disabled: false, info: "",
            env: [{ name: "UNIT", value: "cm", type: "str" }] },
        { id: "fea7000000000002", type: "inject", name: "a list", props: [{ p: "payload" }], payload: "[1, 2, 3]",
            payloadType: "json", wires: [[ITEMS, COUNT]], ...placed },
        block(ITEMS, "items", { code: "return 2 * data", mode: "item", wires: [["fea7000000000005"]] }),
        block(COUNT, "count", {
            keepState: true,
            initialize: "count = 100",
            code: "count += len(data)\nreturn count",
            finalize: "node.log(f'stopped at {count}')",
            wires: [["fea7000000000005"]],
        }),
        block("fea7000000000005", "together", {
            mode: "join",
            sources: [{ id: ITEMS, name: "doubled" }, { id: COUNT, name: "count" }],
            secretNames: ["KEY"],
            code: "return [inputs['doubled'], inputs['count'], env.get('UNIT'), env['KEY'][::-1]]",
            wires: [["fea7000000000006"]],
        }),
        { id: "fea7000000000006", type: "debug", name: "all of it", active: true, tosidebar: true, complete: "payload",
            targetType: "msg", wires: [], ...placed },
    ];
}

/** The flow as it is deployed first: with the secret, as the editor sends it when it was typed. */
function withSecret(flow) {
    return flow.map((node) => (node.secretNames ? { ...node, credentials: { secret0: "a secret" } } : node));
}

/** What its debug node shows for each message in turn, from its start on. */
const SHOWN = [103, 106].map((count) => [[2, 4, 6], count, "cm", "terces a"]);

module.exports = { SHOWN, features, withSecret };
