/*
 * The outputs of a block: its own, which the dialog counts, and after them one for printed text and one for errors.
 *
 * Node-RED saves how many there are in all. When some are added or taken away in front of others, wires move with the
 * ports that they belong to.
 */
(function (cellblock) {
    "use strict";

    const MAX_OUTPUTS = 500;

    /** How many of a node's outputs are the block's own. */
    cellblock.ownOutputs = ({ outputs, printOutput, errorOutput }) => {
        const all = outputs === undefined || outputs === "" ? 1 : Number(outputs);
        return all - Number(Boolean(printOutput)) - Number(Boolean(errorOutput));
    };

    cellblock.validOutputs = (own) => Number.isInteger(own) && own >= 0 && own <= MAX_OUTPUTS;

    /** The names of all ports, in their order. */
    function portsOf({ own, printOutput, errorOutput }) {
        const further = [...(printOutput ? ["print"] : []), ...(errorOutput ? ["error"] : [])];
        return [...Array.from({ length: own }, (_, i) => i), ...further];
    }

    /**
     * The value for Node-RED's field `outputs`: a number, or a map of old places to new ones if any port moves.
     *
     * @param {{own: number, printOutput: boolean, errorOutput: boolean}} before
     * @param {{own: number, printOutput: boolean, errorOutput: boolean}} after
     * @returns {string}
     */
    cellblock.outputsValue = (before, after) => {
        const old = portsOf(before);
        const now = portsOf(after);
        const places = Object.fromEntries(old.map((port, i) => [i, now.indexOf(port)]));
        const stays = ([i, place]) => (place === -1 ? Number(i) >= now.length : place === Number(i));
        if (Object.entries(places).every(stays)) {
            return String(now.length);
        }
        // Keys that are no number are new ports.
        now.forEach((port, i) => {
            if (!old.includes(port)) {
                places[`new${i}`] = i;
            }
        });
        return JSON.stringify(places);
    };

    /** The label of a port, as the workspace shows it. */
    cellblock.outputLabel = (node, index) => {
        const own = cellblock.ownOutputs(node);
        if (index < own) {
            return cellblock.text("port.output", { number: index + 1 });
        }
        return cellblock.text(node.printOutput && index === own ? "port.printed" : "port.error");
    };

    /** Prepare the rows of the Setup tab. @returns {{save: () => void}} */
    cellblock.portsForm = (node) => {
        const count = $("#code-block-outputs");
        const print = $("#node-input-printOutput");
        const error = $("#node-input-errorOutput");
        const before = {
            own: cellblock.ownOutputs(node),
            printOutput: Boolean(node.printOutput),
            errorOutput: Boolean(node.errorOutput),
        };
        count.val(before.own).spinner({ min: 0, max: MAX_OUTPUTS });
        const check = () => count.toggleClass("input-error", !cellblock.validOutputs(Number(count.val() || NaN)));
        count.on("change spinchange spinstop keyup", check);
        return {
            save() {
                const own = count.val().trim() === "" ? 1 : Number(count.val());
                const after = { own, printOutput: print.prop("checked"), errorOutput: error.prop("checked") };
                // What is no number of outputs stays for the red triangle to tell of.
                $("#node-input-outputs").val(cellblock.validOutputs(own) ? cellblock.outputsValue(before, after)
                    : String(own + Number(after.printOutput) + Number(after.errorOutput)));
            },
        };
    };
})(window.CellblockEditor = window.CellblockEditor || {});
