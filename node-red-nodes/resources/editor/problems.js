/*
 * What is wrong with a block's texts, asked of the service while one types, and remembered for the red triangle.
 */
(function (cellblock) {
    "use strict";

    // With the way there and back it is still less than half a second from the last key to the marker.
    const PAUSE_MS = 150;
    // A service that is away may be back.
    const AGAIN_MS = 3000;
    const REMEMBERED = 500;
    const NEXT_MS = 200;

    const PARTS = ["initialize", "code", "finalize"];
    const known = new Map();

    /**
     * A text with what runs before and after it in the same interpreter.
     *
     * @param {object} texts with `initialize`, `code`, `finalize` and `keepState`
     * @param {string} part which of them
     */
    cellblock.inContext = (texts, part) => {
        const code = String(texts[part] ?? "");
        if (!texts.keepState) {
            return { code, before: "", after: "" };
        }
        const at = PARTS.indexOf(part);
        const textsOfParts = (parts) => parts.map((name) => String(texts[name] ?? ""));
        const joined = (parts) => textsOfParts(parts).filter((text) => text.trim()).join("\n");
        return { code, before: joined(PARTS.slice(0, at)), after: joined(PARTS.slice(at + 1)) };
    };

    /** Ask what is wrong with it. @returns {Promise<object[]>} the problems, in the order of the text */
    cellblock.check = async (text, service, signal) => {
        const problems = text.code.trim() === "" ? []
            : (await cellblock.ask("POST", "check", { ...text, service }, signal)).problems;
        remember(JSON.stringify(text), problems.find((problem) => problem.severity === "error") ?? null);
        return problems;
    };

    function remember(key, error) {
        known.delete(key);
        known.set(key, error);
        if (known.size > REMEMBERED) {
            known.delete(known.keys().next().value);
        }
    }

    /**
     * What is known of a node's text, for `validate`.
     *
     * @returns {true|string} true also if nothing is known yet
     */
    cellblock.verdict = (node, part, value) => {
        const error = known.get(JSON.stringify(cellblock.inContext({ ...textsOf(node), [part]: value }, part)));
        return !error || cellblock.text("error.code", {
            tab: cellblock.tabText(part), line: error.line, message: error.message,
        });
    };

    /** What the tab of a text is called. */
    cellblock.tabText = (part) =>
        cellblock.text(`label.${{ initialize: "on-start", code: "on-message", finalize: "on-stop" }[part]}`);

    function textsOf({ initialize, code, finalize, keepState }) {
        return { initialize, code, finalize, keepState };
    }

    /**
     * Watch a text that is being written.
     *
     * @param {() => {text: object, service: string}} read gives it as it is now
     * @param {(problems: object[], error: ?Error) => void} show
     * @returns {{changed: Function, now: Function, stop: Function}}
     */
    cellblock.watch = (read, show) => {
        let asked = null;
        let again = null;
        const now = async () => {
            asked?.abort();
            clearTimeout(again);
            const own = asked = new AbortController();
            const { text, service } = read();
            try {
                const problems = await cellblock.check(text, service, own.signal);
                if (!own.signal.aborted) {
                    show(problems, null);
                }
            } catch (error) {
                if (!own.signal.aborted) {
                    show([], error);
                    again = setTimeout(now, AGAIN_MS);
                }
            }
        };
        const changed = cellblock.debounced(now, PAUSE_MS);
        return {
            changed,
            now,
            stop() {
                changed.cancel();
                clearTimeout(again);
                asked?.abort();
            },
        };
    };

    const waiting = new Set();
    let working = false;

    /** Check a node's texts in the background, one after the other, and show its triangle if it is due. */
    cellblock.checkLater = (node) => {
        waiting.add(node);
        if (!working) {
            working = true;
            setTimeout(workOff, NEXT_MS);
        }
    };

    async function workOff() {
        const [node] = waiting;
        waiting.delete(node);
        try {
            await checkNode(node);
        } catch {
            // No service, no verdict. The dialog tells of that.
            waiting.clear();
        }
        working = waiting.size > 0;
        if (working) {
            setTimeout(workOff, NEXT_MS);
        }
    }

    async function checkNode(node) {
        const texts = PARTS.map((part) => cellblock.inContext(textsOf(node), part));
        const unknown = texts.filter((text) => text.code.trim() !== "" && !known.has(JSON.stringify(text)));
        for (const text of unknown) {
            await cellblock.check(text, node.service || "");
        }
        if (unknown.length > 0 && RED.nodes.node(node.id)) {
            RED.editor.validateNode(node);
            RED.view.redraw();
        }
    }
})(window.CellblockEditor = window.CellblockEditor || {});
