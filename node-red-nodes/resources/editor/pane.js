/*
 * One text of a block in the dialog: the editor, a line with its problems, and the Run pane below.
 */
(function (cellblock) {
    "use strict";

    const MODE = "ace/mode/python";
    const BAR_PX = 38;
    const LEAST_PX = 80;
    // The shares of the height that the output takes, with and without a picture, until somebody drags it.
    const OUTPUT_SHARE = 0.4;
    const PICTURE_SHARE = 0.6;
    let share = OUTPUT_SHARE;
    let dragged = false;

    /**
     * @param {jQuery} container which it fills
     * @param {object} options
     * @param {object} options.node
     * @param {string} options.part code, initialize or finalize
     * @param {string} options.value
     * @param {() => object} options.texts gives the dialog's three texts and keepState as they are now
     * @param {() => object} options.config for the Run pane
     * @param {string} options.id of the editor's element
     * @param {Function} [options.expand] opens it large; without it, it is large already
     * @returns {object} with `editor`, `resize(height)`, `focus()` and `destroy()`
     */
    cellblock.codePane = (container, { node, part, value, texts, config, id, expand }) => {
        const holder = cellblock.element("div", "node-text-editor").attr("id", id);
        const problemLine = cellblock.element("button", "cellblock-problems").attr("type", "button").hide();
        const handle = cellblock.element("div", "cellblock-handle").attr("title", cellblock.text("run.drag"));
        container.addClass("cellblock-pane").append(holder, handle);
        const editor = RED.editor.createEditor({
            id,
            element: holder[0],
            mode: MODE,
            value,
            stateId: `${node.id}/${part}`,
            // Blocks are short and the dialog is narrow.
            minimap: { enabled: false },
            focus: true,
        });
        const read = () => ({
            text: cellblock.inContext({ ...texts(), [part]: editor.getValue() }, part),
            service: cellblock.chosenService(),
        });
        const assistance = cellblock.assist(editor, read);
        const watching = cellblock.watch(read, (problems, error) => {
            assistance.show(problems);
            showProblems(problems, error);
        });
        const running = cellblock.runPane({
            node, part, go: assistance.go, onOpen: open,
            config: () => {
                const { config: fields, secrets } = config();
                return { config: { ...fields, [part]: editor.getValue() }, secrets };
            },
        });
        const tools = cellblock.element("span", "cellblock-tools").appendTo(running.bar);
        const fold = cellblock.button("chevron-up", cellblock.text("run.fold"), () => setOpen(!isOpen));
        tools.append(fold.addClass("cellblock-fold"));
        if (expand) {
            tools.append(cellblock.button("expand", cellblock.text("label.expand"), expand)
                .attr("id", `code-block-expand-${part}`));
        }
        container.append(problemLine, running.bar, running.output);

        let height = 0;
        let isOpen = false;
        setOpen(false);

        function setOpen(wanted) {
            isOpen = wanted;
            running.output.toggle(isOpen);
            handle.toggle(isOpen);
            fold.find("i").attr("class", `fa fa-chevron-${isOpen ? "down" : "up"}`);
            layOut();
        }

        function open({ pictures = false } = {}) {
            if (pictures && !dragged) {
                share = PICTURE_SHARE;
            }
            if (!isOpen || pictures) {
                setOpen(true);
            }
        }

        function layOut() {
            if (height === 0) {
                return;
            }
            const problemsPx = problemLine.is(":visible") ? problemLine.outerHeight(true) : 0;
            const room = height - BAR_PX - problemsPx - (isOpen ? handle.outerHeight(true) : 0);
            const outputPx = isOpen ? Math.min(Math.max(room * share, LEAST_PX), Math.max(room - LEAST_PX, 0)) : 0;
            running.output.css("height", `${Math.floor(outputPx)}px`);
            holder.css("height", `${Math.floor(room - outputPx)}px`);
            editor.resize();
        }

        handle.on("mousedown", (down) => {
            down.preventDefault();
            dragged = true;
            const before = { y: down.pageY, share };
            $(document).on("mousemove.cellblock", (move) => {
                share = Math.min(Math.max(before.share - (move.pageY - before.y) / height, 0.1), 0.85);
                layOut();
            }).one("mouseup.cellblock", () => $(document).off(".cellblock"));
        });

        /** The first problem in words, and how many more there are: markers alone are easily overlooked. */
        function showProblems(problems, error) {
            const [first] = [...problems].sort((one, other) =>
                Number(other.severity === "error") - Number(one.severity === "error") || one.line - other.line);
            const before = problemLine.is(":visible");
            problemLine.toggle(Boolean(first || error)).empty().off("click")
                .attr("class", `cellblock-problems cellblock-${error ? "absent" : first?.severity}`);
            if (error) {
                problemLine.append(cellblock.icon("plug"), " ",
                    cellblock.element("span", "", cellblock.text("error.no-check", { reason: error.message })));
            } else if (first) {
                const more = problems.length < 2 ? "" : cellblock.text("run.more", { count: problems.length - 1 });
                problemLine.append(
                    cellblock.icon(first.severity === "error" ? "times-circle" : "exclamation-triangle"), " ",
                    cellblock.element("span", "", cellblock.text("run.line", first)),
                    cellblock.element("span", "cellblock-more", more),
                ).on("click", () => assistance.go(first));
            }
            if (before !== problemLine.is(":visible")) {
                layOut();
            }
        }

        // Node-RED closes the dialog with these keys. In the code they run it, as in a notebook.
        container[0].addEventListener("keydown", (event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
                event.preventDefault();
                event.stopPropagation();
                running.run();
            }
        }, true);
        onChange(editor, () => watching.changed());
        watching.now();

        return {
            editor,
            /** Ask again what is wrong: something beside the text has changed. */
            recheck: () => watching.changed(),
            getValue: () => editor.getValue(),
            setValue: (text) => editor.setValue(text, -1),
            run: running.run,
            resize(to) {
                height = to;
                layOut();
            },
            focus: () => editor.focus(),
            destroy() {
                watching.stop();
                running.stop();
                assistance.stop();
                editor.destroy();
            },
        };
    };

    function onChange(editor, heard) {
        if (editor.type === "ace") {
            editor.getSession().on("change", heard);
        } else if (editor.getModel) {
            editor.onDidChangeModelContent(heard);
        } else {
            editor.on("input", heard);
        }
    }

    /** The same in a tray as wide as the window. */
    cellblock.expand = (pane, options) => {
        let large = null;
        let dimensions = null;
        const close = () => {
            large.destroy();
            setTimeout(() => pane.focus(), 250);
        };
        RED.tray.show({
            title: cellblock.tabText(options.part),
            width: Infinity,
            maximized: true,
            focusElement: false,
            buttons: [
                { id: "node-dialog-cancel", text: RED._("common.label.cancel"), click: () => RED.tray.close() },
                {
                    id: "node-dialog-ok", text: RED._("common.label.done"), class: "primary",
                    click() {
                        pane.setValue(large.getValue());
                        RED.tray.close();
                    },
                },
            ],
            resize(size) {
                dimensions = { ...dimensions, ...size };
                large?.resize((dimensions.height ?? 400) - 24);
            },
            open(tray) {
                const body = tray.find(".red-ui-tray-body").addClass("cellblock-large");
                const container = $("<div>").appendTo(body);
                large = cellblock.codePane(container, {
                    ...options, id: `${options.id}-large`, value: pane.getValue(), expand: null,
                });
            },
            show: () => large.focus(),
            close,
        });
    };
})(window.CellblockEditor = window.CellblockEditor || {});
