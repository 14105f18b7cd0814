/*
 * The Inputs tab: which of the nodes wired to a block are its data sources, in which order and under which names.
 */
(function (cellblock) {
    "use strict";

    /**
     * The nodes that a block's messages may come from, the nearest first, those as near from the top of the workspace
     * to its bottom. Junctions and link nodes hand on what others send, and the input of a subflow is no node: they are
     * none of them.
     */
    cellblock.upstream = (node) => {
        const seen = new Set([node]);
        const found = [];
        for (let near = sendersOf(node, seen, linkedTo); near.length > 0;) {
            found.push(...near.sort((one, other) => one.y - other.y || one.x - other.x));
            // Behind another node, the runtime follows wires only.
            near = near.flatMap((each) => sendersOf(each, seen, () => []));
        }
        return found;
    };

    /** The nodes that send to this one, by wires or handed on. */
    function sendersOf(node, seen, linked) {
        const wired = RED.nodes.filterLinks({ target: node }).map(({ source }) => source);
        const handing = linked(node);
        return [...wired, ...handing].flatMap((sender) => {
            if (seen.has(sender)) {
                return [];
            }
            seen.add(sender);
            if (sender.type === "junction" || sender.type === "link in" || handing.includes(sender)) {
                return sendersOf(sender, seen, linked);
            }
            return sender._def ? [sender] : [];
        });
    }

    /** The link nodes that lead to a link in node. */
    function linkedTo({ id, type }) {
        const linking = type !== "link in" ? []
            : ["link out", "link call"].flatMap((each) => RED.nodes.filterNodes({ type: each }));
        return linking.filter(({ links, mode }) => links?.includes(id) && mode !== "return");
    }

    function labelOf(node) {
        return String(RED.utils.getNodeLabel(node, node.type) || node.type);
    }

    /**
     * What the list shows: the sources that were picked, in their order, then whatever else is wired to the block.
     *
     * @param {{id: string, name: string}[]} sources
     * @param {object[]} upstream
     */
    cellblock.sourceRows = (sources, upstream) => {
        const picked = (sources ?? []).map(({ id, name }) => {
            const wired = upstream.find((node) => node.id === id);
            return { id, name, picked: true, node: wired ?? RED.nodes.node(id), wired: Boolean(wired) };
        });
        const known = new Set(picked.map(({ id }) => id));
        const others = upstream.filter(({ id }) => !known.has(id));
        return [...picked, ...others.map((node) => ({ id: node.id, name: "", picked: false, node, wired: true }))];
    };

    /** What is wrong with a block's sources, for `validate`. @returns {true|string} */
    cellblock.sourcesVerdict = (node, sources) => {
        if (node.mode !== "join") {
            return true;
        }
        const list = Array.isArray(sources) ? sources : [];
        const missing = list.find(({ id }) => !RED.nodes.node(id));
        if (missing) {
            return cellblock.text("error.source-gone", { name: missing.name });
        }
        const names = list.map(({ name }) => name);
        const twice = names.find((name, i) => names.indexOf(name) !== i);
        if (twice !== undefined) {
            return cellblock.text("error.source-twice", { name: twice });
        }
        return list.length > 0 || cellblock.text("error.no-sources");
    };

    /** Follow sources that were copied with their block: a copy has new ids, and `sources` still the old ones. */
    cellblock.adoptSources = (node) => {
        const adopted = adoptedSources(node);
        if (adopted !== null) {
            node.sources = adopted;
            RED.editor.validateNode(node);
            RED.view.redraw();
        }
    };

    /** @returns {?object[]} the sources as they should be, null if they are right */
    function adoptedSources(node) {
        const sources = node.sources ?? [];
        const upstream = cellblock.upstream(node);
        const wired = new Set(upstream.map(({ id }) => id));
        const free = upstream.filter(({ id }) => !sources.some((source) => source.id === id));
        let changed = false;
        const adopted = sources.map((source) => {
            const original = RED.nodes.node(source.id);
            const at = wired.has(source.id) ? -1 : free.findIndex((each) => (original
                ? each.type === original.type && labelOf(each) === labelOf(original)
                : labelOf(each) === source.name));
            if (at < 0) {
                return source;
            }
            changed = true;
            return { ...source, id: free.splice(at, 1)[0].id };
        });
        return changed ? adopted : null;
    }

    /** Prepare the tab. @returns {{sources: () => object[]}} */
    cellblock.inputsForm = (node) => {
        const list = $("#code-block-sources");
        list.editableList({
            addButton: false, removable: false, sortable: ".cellblock-grip",
            addItem: (element, _, row) => sourceRow(element, row, unusedName, update),
        });
        const rows = () => list.editableList("items").map((_, item) => $(item).data("data")).get();
        const unusedName = (wanted) => {
            const taken = new Set(rows().filter(({ picked }) => picked).map(({ name }) => name));
            let name = wanted;
            for (let n = 2; taken.has(name); n++) {
                name = `${wanted} ${n}`;
            }
            return name;
        };
        function update() {
            const names = rows().filter(({ picked }) => picked).map(({ name }) => name);
            rows().forEach(({ picked, name, input }) => input.toggleClass("input-error",
                picked && (name === "" || names.indexOf(name) !== names.lastIndexOf(name))));
        }
        cellblock.sourceRows(node.sources, cellblock.upstream(node))
            .forEach((row) => list.editableList("addItem", row));
        const empty = rows().length === 0;
        $("#code-block-no-sources").toggle(empty);
        list.closest(".red-ui-editableList").toggle(!empty);
        mirrorMode();
        return { sources: () => rows().filter(({ picked }) => picked).map(({ id, name }) => ({ id, name })) };
    };

    function sourceRow(element, row, unusedName, update) {
        const label = row.node ? labelOf(row.node) : cellblock.text("inputs.deleted");
        const box = $("<input>", { type: "checkbox", "aria-label": cellblock.text("inputs.use", { node: label }) })
            .prop("checked", row.picked);
        const hint = cellblock.text("inputs.name");
        row.input = $("<input>", {
            type: "text", class: "cellblock-source-name", "aria-label": hint, placeholder: hint,
        }).val(row.name);
        const shown = cellblock.element("span", "cellblock-source-node");
        if (row.node) {
            RED.utils.createNodeIcon(row.node, false).appendTo(shown);
        }
        shown.append(cellblock.element("span", "cellblock-source-label", label));
        if (!row.wired) {
            const warning = cellblock.icon("exclamation-triangle").addClass("cellblock-unwired").appendTo(shown);
            RED.popover.tooltip(warning, cellblock.text(row.node ? "inputs.unwired" : "inputs.gone"));
        }
        const picked = (on) => {
            row.picked = on;
            if (on && row.name === "") {
                row.name = unusedName(label);
                row.input.val(row.name);
            }
            row.input.css("visibility", on ? "visible" : "hidden");
        };
        box.on("change", () => {
            picked(box.prop("checked"));
            update();
        });
        row.input.on("input change", () => {
            row.name = row.input.val().trim();
            update();
        });
        element.addClass("cellblock-source").append(
            cellblock.icon("bars").addClass("cellblock-grip"), box, shown, row.input);
        picked(row.picked);
    }

    /** The mode is a row of Setup. It decides what this tab is for, so it can be changed here too. */
    function mirrorMode() {
        const original = $("#node-input-mode");
        const mirror = $("#code-block-mode").empty().append(original.children().clone());
        const show = () => {
            const mode = original.val();
            mirror.val(mode);
            $(".cellblock-join-only").toggle(mode === "join");
            $(".cellblock-item-only").toggle(mode === "item");
            $("#code-block-not-joining").toggle(mode !== "join");
        };
        original.on("change", show);
        mirror.on("change", () => original.val(mirror.val()).trigger("change"));
        show();
    }
})(window.CellblockEditor = window.CellblockEditor || {});
