/*
 * The Run pane below an editor: run what is written on the last or a pasted message, and look at what comes.
 *
 * What a block says is never taken for HTML: text goes into text nodes, pictures into `img`.
 */
(function (cellblock) {
    "use strict";

    const MAX_LINES = 4000;

    // What was chosen and pasted, from one opening of a dialog to the next: by node, as long as the page is there.
    const inputs = new Map();

    /**
     * @param {object} pane
     * @param {object} pane.node
     * @param {string} pane.part code, initialize or finalize
     * @param {() => object} pane.config gives the dialog's fields as they are now, secrets that were typed apart
     * @param {(place: object) => void} pane.go puts the cursor to a line
     * @param {(what?: {pictures: boolean}) => void} pane.onOpen is called when the output wants to be seen
     * @returns {{bar: jQuery, output: jQuery, run: Function, stop: Function}}
     */
    cellblock.runPane = (pane) => {
        const bar = cellblock.element("div", "cellblock-bar");
        const output = outputArea();
        const runButton = $("<button>", { type: "button", class: "red-ui-button red-ui-button-small cellblock-run" })
            .append(cellblock.icon("play"), " ", cellblock.element("span", "", cellblock.text("run.run")));
        const cancelButton = cellblock.button("stop", cellblock.text("run.cancel"), () => cancel())
            .addClass("cellblock-cancel");
        const chooser = pane.part === "code" ? messageChooser(pane.node) : null;
        const progress = cellblock.element("span", "cellblock-progress").attr("aria-live", "polite");
        bar.append(runButton, cancelButton, chooser?.element, progress);
        RED.popover.tooltip(runButton, cellblock.text("run.tip", { keys: cellblock.runKeys() }));
        let current = null;

        runButton.on("click", (event) => {
            event.preventDefault();
            run();
        });
        setRunning(false);

        function setRunning(running) {
            bar.toggleClass("cellblock-running", running);
            runButton.prop("disabled", running);
            cancelButton.toggle(running);
        }

        async function run() {
            if (current) {
                return;
            }
            const { config, secrets } = pane.config();
            const question = {
                id: newId(), service: cellblock.chosenService(), node: pane.node.id, part: pane.part, config, secrets,
            };
            try {
                Object.assign(question, chooser?.read());
            } catch (error) {
                output.begin();
                output.fail({ name: cellblock.text("run.message"), message: error.message });
                pane.onOpen();
                return;
            }
            const own = current = { id: question.id };
            const begun = performance.now();
            setRunning(true);
            output.begin();
            pane.onOpen();
            let ended = false;
            try {
                await cellblock.listen("run", question, (event) => {
                    if (current === own) {
                        ended = take(event, begun) || ended;
                    }
                });
                if (!ended) {
                    throw new Error(cellblock.text("error.no-answer"));
                }
            } catch (error) {
                if (current === own) {
                    progress.text("");
                    output.fail({ name: "", message: error.message });
                }
            }
            if (current === own) {
                current = null;
                setRunning(false);
            }
        }

        /** @returns {boolean} whether that was the end */
        function take(event, begun) {
            switch (event.event) {
            case "status":
                progress.text(progressText(event));
                return false;
            case "result":
                progress.text(cellblock.duration(event.timings?.total ?? performance.now() - begun));
                output.result(event, pane);
                if (event.pictures?.length > 0) {
                    pane.onOpen({ pictures: true });
                }
                chooser?.refresh();
                return true;
            default:
                output.say(event);
                return false;
            }
        }

        function cancel() {
            if (current) {
                cellblock.ask("DELETE", `run/${current.id}`).catch(() => {});
            }
        }

        return {
            bar,
            output: output.element,
            run,
            stop() {
                cancel();
                current = null;
            },
        };
    };

    /** The keys that run a block, as they are written on this machine's keyboard. */
    cellblock.runKeys = () => (/Mac|iPhone|iPad/.test(navigator.platform) ? "⌘ ⏎" : "Ctrl+Enter");

    function newId() {
        const bytes = crypto.getRandomValues(new Uint8Array(12));
        return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    }

    function progressText({ status, progress, reason }) {
        if (status === "loading" && progress) {
            return cellblock.progressText(progress);
        }
        return reason ?? cellblock.text(`run.status.${status}`);
    }

    /** How far the building of an image is. */
    cellblock.progressText = ({ title = "", step = "", done = 0, total }) => {
        const percent = total > 0 ? ` ${Math.floor(Math.min(done / total, 1) * 100)} %` : "";
        return `${cellblock.text("packages.building", { title: title || step })}${percent}`;
    };

    // The message that it runs on ------------------------------------------------------------------------------------

    function messageChooser(node) {
        const element = cellblock.element("span", "cellblock-message");
        const input = $("<input>", { type: "text" }).appendTo(element);
        const chosen = inputs.get(node.id);
        const remembered = chosen ?? { type: "last", value: startOf(node) };
        let last = null;
        const lastType = { value: "last", label: cellblock.text("run.last"), icon: "fa fa-history", hasValue: false };
        const jsonType = {
            value: "json", label: cellblock.text("run.json"), icon: "red/images/typedInput/json.svg",
            validate: (value) => isJson(value),
            expand() {
                RED.editor.editJSON({
                    value: pretty(input.typedInput("value")),
                    stateId: RED.editor.generateViewStateId("cellblock", node, "message"),
                    focus: true,
                    complete: (value) => input.typedInput("value", oneLine(value)),
                });
            },
        };
        input.typedInput({ types: [lastType, jsonType], default: remembered.type });
        input.typedInput("width", "100%");
        input.typedInput("value", remembered.value);
        input.typedInput("type", remembered.type);
        const change = cellblock.button("pencil", cellblock.text("run.change"), () => {
            input.typedInput("type", "json");
            input.typedInput("value", oneLine(last.json));
        });
        const seen = cellblock.element("span", "cellblock-seen");
        element.append(seen, change);
        input.on("change", () => {
            const type = input.typedInput("type");
            inputs.set(node.id, { type, value: input.typedInput("value") || remembered.value });
            seen.toggle(type === "last");
            change.toggle(type === "last" && Boolean(last?.json));
        });

        async function refresh() {
            try {
                last = await cellblock.ask("GET", `last/${encodeURIComponent(node.id)}`);
            } catch {
                last = null;
            }
            const when = last?.at ? new Date(last.at).toLocaleTimeString() : cellblock.text("run.none");
            seen.text(last?.tooBig ? cellblock.text("run.too-big") : when);
            input.trigger("change");
        }
        refresh().then(() => {
            if (!chosen && isJoin(node) && !last?.at) {
                input.typedInput("type", "json");
            }
        });

        return {
            element,
            refresh,
            /** @throws {Error} if what was pasted isn't JSON */
            read() {
                if (input.typedInput("type") === "last") {
                    if (last && !last.at) {
                        return { input: "msg", msg: { payload: null } };
                    }
                    return { input: "last" };
                }
                const value = JSON.parse(input.typedInput("value"));
                const isMessage = typeof value === "object" && value !== null && !Array.isArray(value)
                    && (Object.hasOwn(value, "payload") || Object.hasOwn(value, "_msgid"));
                return { input: "msg", msg: isMessage ? value : { payload: value } };
            },
        };
    }

    function isJoin({ mode, sources }) {
        return mode === "join" && sources?.length > 0;
    }

    /** What there is to fill in: for a join, a payload of each source. */
    function startOf(node) {
        const payload = isJoin(node) ? Object.fromEntries(node.sources.map(({ name }) => [name, null])) : 1;
        return JSON.stringify({ payload });
    }

    function isJson(text) {
        try {
            JSON.parse(text);
            return true;
        } catch {
            return false;
        }
    }

    function pretty(text) {
        return isJson(text) ? JSON.stringify(JSON.parse(text), null, 4) : text;
    }

    function oneLine(text) {
        return isJson(text) ? JSON.stringify(JSON.parse(text)) : text;
    }

    // What comes out -------------------------------------------------------------------------------------------------

    function outputArea() {
        const element = cellblock.element("div", "cellblock-output");
        const empty = cellblock.element("div", "cellblock-empty",
            cellblock.text("run.empty", { keys: cellblock.runKeys() }));
        const result = cellblock.element("div", "cellblock-result");
        const pictures = cellblock.element("div", "cellblock-pictures");
        const printed = cellblock.element("pre", "cellblock-printed").attr("role", "log");
        const facts = cellblock.element("div", "cellblock-timings");
        element.append(empty, result, pictures, printed, facts);
        let lines = 0;

        function line(className, text) {
            lines += text.split("\n").length - 1;
            if (lines > MAX_LINES) {
                return;
            }
            const before = printed.children().last();
            if (before.hasClass(className) && className !== "cellblock-said") {
                before[0].firstChild.appendData(text);
            } else {
                cellblock.element("span", className, text).appendTo(printed);
            }
        }

        return {
            element,
            begin() {
                lines = 0;
                empty.remove();
                [result, pictures, printed, facts].forEach((part) => part.empty());
            },
            say({ event, text, op, value }) {
                switch (event) {
                case "stdout":
                case "stderr":
                    line(`cellblock-${event}`, text);
                    break;
                case "cut":
                    line("cellblock-said", `${cellblock.text("run.cut")}\n`);
                    break;
                default:
                    cellblock.element("div", "cellblock-said").append(
                        cellblock.element("span", "cellblock-label", `node.${op}`), " ", cellblock.tree(value),
                    ).appendTo(printed);
                }
            },
            fail: (error, go) => result.append(cellblock.failure(error, go)),
            result(event, pane) {
                if (event.error) {
                    result.append(cellblock.failure(event.error, pane.go));
                } else {
                    result.append(cellblock.value(event));
                }
                (event.pictures ?? []).forEach(({ mime, data }) => {
                    const alt = cellblock.text("run.picture");
                    $("<img>", { src: `data:${mime};base64,${data}`, alt }).appendTo(pictures);
                });
                if (event.timings) {
                    facts.text(timings(event));
                }
            },
        };
    }

    /** What the run took, and what it was allowed. */
    function timings({ timings: taken, limits: { timeout, memory } }) {
        const parts = ["load", "queue", "ready", "run", "total"]
            .filter((name) => taken[name] >= 1 || ["run", "total"].includes(name))
            .map((name) => `${cellblock.text(`run.timing.${name}`)} ${cellblock.duration(taken[name])}`);
        const limits = memory ? `${timeout} s, ${memory} MiB` : `${timeout} s`;
        parts.push(cellblock.text("run.limits", { limits }));
        return parts.join(" · ");
    }
})(window.CellblockEditor = window.CellblockEditor || {});
