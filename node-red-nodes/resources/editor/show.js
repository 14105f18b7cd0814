/*
 * What the Run pane shows of a result: a value as a tree, a DataFrame as a table, an error with the way to its line.
 */
(function (cellblock) {
    "use strict";

    /** A value as the debug sidebar shows it. @param {{msg: string, format: string}} value encoded by the runtime */
    cellblock.tree = ({ msg, format }) => {
        const value = RED.utils.decodeObject(msg, format);
        return RED.utils.createObjectElement(value, {
            typeHint: format, hideKey: false, path: "", rootPath: "", enablePinning: false,
        }).addClass("cellblock-tree");
    };

    /** A result's value: as a table too, if it is one. */
    cellblock.value = ({ value, table }) => {
        const tree = cellblock.tree(value);
        if (!table) {
            return tree;
        }
        const shown = tableElement(table);
        const element = cellblock.element("div");
        const choices = ["table", "tree"].map((name) => {
            const label = cellblock.text(`run.${name}`);
            const choice = cellblock.element("button", "red-ui-button red-ui-button-small toggle", label);
            return choice.attr("type", "button").on("click", (event) => {
                event.preventDefault();
                choose(name);
            });
        });
        function choose(name) {
            shown.toggle(name === "table");
            tree.toggle(name === "tree");
            choices.forEach((choice, i) => choice.toggleClass("selected", ["table", "tree"][i] === name)
                .attr("aria-pressed", String(["table", "tree"][i] === name)));
        }
        choose("table");
        const group = cellblock.element("span", "button-group").append(choices);
        return element.append(cellblock.element("div", "cellblock-views").append(group, sizeOf(table)), shown, tree);
    };

    function sizeOf({ rows, length, columns, width }) {
        const shown = columns.filter((column) => !column.index).length;
        const size = cellblock.text("run.size", { rows: length, columns: width });
        const cut = rows.length < length || shown < width;
        return cellblock.element("span", "cellblock-size",
            cut ? `${size} · ${cellblock.text("run.first", { rows: rows.length, columns: shown })}` : size);
    }

    function tableElement({ columns, rows }) {
        const table = cellblock.element("table", "cellblock-table");
        const head = cellblock.element("tr").appendTo(cellblock.element("thead").appendTo(table));
        columns.forEach(({ name, dtype, index }) => {
            cellblock.element("th", index ? "cellblock-index" : "").attr("scope", "col").append(
                cellblock.element("div", "", name),
                index && name === "" ? "" : cellblock.element("div", "cellblock-dtype", plainDtype(dtype)),
            ).appendTo(head);
        });
        const body = cellblock.element("tbody").appendTo(table);
        rows.forEach((row) => {
            const line = cellblock.element("tr").appendTo(body);
            row.forEach((cell, i) => {
                const numeric = typeof cell === "number" ? "cellblock-number" : "";
                const className = columns[i].index ? "cellblock-index" : numeric;
                if (cell === null) {
                    cellblock.element("td", `${className} cellblock-missing`, "–").appendTo(line);
                } else {
                    cellblock.element("td", className, String(cell)).appendTo(line);
                }
            });
        });
        return cellblock.element("div", "cellblock-scroll").append(table);
    }

    const KINDS = { f: "float", i: "int", u: "uint", c: "complex" };

    /** NumPy's "<f8" as pandas writes it: float64. */
    function plainDtype(dtype) {
        if (typeof dtype !== "string") {
            return "object";
        }
        const [, kind, bytes, unit] = /^[<>|=]([a-zA-Z])(\d+)(\[.*\])?$/.exec(dtype) ?? [];
        switch (kind) {
        case undefined:
            return dtype.replace(/^datetime64\[\w+, (.*)\]$/, "datetime $1");
        case "M":
            return `datetime64${unit ?? ""}`;
        case "m":
            return `timedelta64${unit ?? ""}`;
        case "b":
            return "bool";
        case "U":
            return "str";
        default:
            return `${KINDS[kind] ?? kind}${Number(bytes) * 8}`;
        }
    }

    /** An error: what it is, the way to its line, and its traceback to unfold. */
    cellblock.failure = ({ name, message, line, column, traceback }, go) => {
        const element = cellblock.element("div", "cellblock-failure").attr("role", "alert");
        const head = cellblock.element("div").appendTo(element);
        head.append(cellblock.icon("exclamation-triangle"), " ", cellblock.element("b", "", name),
            document.createTextNode(name ? `: ${message}` : message));
        if (line && go) {
            cellblock.element("a", "cellblock-go", cellblock.text("run.go", { line })).attr("href", "#")
                .on("click", (event) => {
                    event.preventDefault();
                    go({ line, column });
                }).appendTo(head.append(" "));
        }
        if (traceback) {
            const details = cellblock.element("details").appendTo(element);
            details.append(cellblock.element("summary", "", cellblock.text("run.traceback")),
                cellblock.element("pre", "", traceback));
        }
        return element;
    };
})(window.CellblockEditor = window.CellblockEditor || {});
