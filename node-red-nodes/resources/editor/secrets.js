/*
 * Secrets of a block: names in the flow, values in its credentials, `secret0` to `secret15`.
 *
 * Node-RED doesn't give the editor a password that it has, so a value can't move to another slot: a secret keeps its
 * slot, and one that is taken away leaves it empty for the next.
 */
(function (cellblock) {
    "use strict";

    const SLOTS = 16;
    const KEPT = "__PWRD__";

    cellblock.secretSlots = () => Array.from({ length: SLOTS }, (_, slot) => `secret${slot}`);

    /** What is wrong with the names, for `validate`. @returns {true|string} */
    cellblock.secretsVerdict = (names) => {
        const used = (Array.isArray(names) ? names : []).filter((name) => name !== "");
        const twice = used.find((name, i) => used.indexOf(name) !== i);
        return twice === undefined || cellblock.text("error.secret-twice", { name: twice });
    };

    /** Prepare the rows of the Setup tab. @returns {{names: () => string[], typed: () => object}} */
    cellblock.secretsForm = (node) => {
        const list = $("#code-block-secrets");
        const store = $("#code-block-secret-values");
        cellblock.secretSlots().forEach((slot) => $(`#node-input-${slot}`).appendTo(store));
        const rows = () => list.editableList("items").map((_, item) => $(item).data("data")).get();
        list.editableList({
            addButton: cellblock.text("secrets.add"), removable: true, sortable: false,
            addItem(element, _, row) {
                row.slot ??= freeSlot();
                if (row.slot < 0) {
                    setTimeout(() => list.editableList("removeItem", row), 0);
                    RED.notify(cellblock.text("error.too-many-secrets", { limit: SLOTS }), "warning");
                    return;
                }
                row.name ??= "";
                const hint = cellblock.text("secrets.name");
                const name = $("<input>", {
                    type: "text", class: "cellblock-secret-name", placeholder: hint, "aria-label": hint,
                }).val(row.name);
                name.on("input change", () => {
                    row.name = name.val().trim();
                    check();
                });
                row.nameInput = name;
                const value = $(`#node-input-secret${row.slot}`).attr({
                    placeholder: cellblock.text("secrets.value"), "aria-label": cellblock.text("secrets.value"),
                });
                element.addClass("cellblock-secret").append(name, value);
            },
            removeItem(row) {
                if (row.slot >= 0) {
                    $(`#node-input-secret${row.slot}`).val("").appendTo(store);
                }
                setTimeout(check, 0);
            },
        });
        function freeSlot() {
            const taken = new Set(rows().map(({ slot }) => slot));
            return Array.from({ length: SLOTS }, (_, slot) => slot).find((slot) => !taken.has(slot)) ?? -1;
        }
        function check() {
            const names = rows().map(({ name }) => name);
            rows().forEach(({ name, nameInput }) => nameInput?.toggleClass("input-error",
                name === "" || names.indexOf(name) !== names.lastIndexOf(name)));
        }
        (Array.isArray(node.secretNames) ? node.secretNames : []).slice(0, SLOTS).forEach((name, slot) => {
            if (name !== "") {
                list.editableList("addItem", { name, slot });
            }
        });
        return {
            names() {
                const names = [];
                for (const { slot, name } of rows().filter((row) => row.slot >= 0 && row.name)) {
                    names[slot] = name;
                }
                return Array.from(names, (name) => name ?? "");
            },
            /** Values that were typed and aren't deployed yet. */
            typed: () => Object.fromEntries(rows()
                .map(({ slot }) => [`secret${slot}`, $(`#node-input-secret${slot}`).val()])
                .filter(([, value]) => value !== KEPT && value !== undefined)),
        };
    };
})(window.CellblockEditor = window.CellblockEditor || {});
