/*
 * What the parts of the Code Block's dialog share: texts, questions to the runtime, small things to build with.
 *
 * The parts are loaded in any order. Each adds what it has to `CellblockEditor`, and uses the others' only when it is
 * called.
 */
(function (cellblock) {
    "use strict";

    const definition = () => RED.nodes.getType("code-block");

    /** A text of the catalogue. @param {string} key for example "label.name" */
    cellblock.text = (key, options) => definition()._(`code-block.${key}`, options);

    /**
     * Ask the runtime.
     *
     * @param {string} method
     * @param {string} path below cellblock/
     * @param {object} [body] sent as JSON
     * @param {AbortSignal} [signal]
     * @returns {Promise<object>}
     * @throws {Error} with `code`, as the runtime says it
     */
    cellblock.ask = (method, path, body, signal) => new Promise((resolve, reject) => {
        const request = $.ajax({ ...options(method, path, body), dataType: "json" });
        request.done(resolve).fail((failed) => reject(errorOf(failed)));
        signal?.addEventListener("abort", () => request.abort());
    });

    /**
     * Ask the runtime, and hear line by line.
     *
     * @param {string} path below cellblock/
     * @param {object} body
     * @param {(event: object) => void} onEvent takes each line's object
     * @returns {Promise<void>} when the answer has ended
     */
    cellblock.listen = (path, body, onEvent) => new Promise((resolve, reject) => {
        let heard = 0;
        const hear = (text) => {
            const end = text.lastIndexOf("\n") + 1;
            const lines = text.slice(heard, Math.max(heard, end)).split("\n");
            heard = Math.max(heard, end);
            lines.filter((line) => line !== "").forEach((line) => onEvent(JSON.parse(line)));
        };
        $.ajax({
            ...options("POST", path, body),
            dataType: "text",
            xhrFields: { onprogress: (event) => event.target.status === 200 && hear(event.target.responseText) },
        }).done((text) => {
            hear(text);
            resolve();
        }).fail((failed) => reject(errorOf(failed)));
    });

    // Node-RED's own set-up of jQuery sends the user's token with it.
    function options(method, path, body) {
        return {
            method,
            url: `cellblock/${path}`,
            cache: method !== "GET",
            ...(body !== undefined && { contentType: "application/json", data: JSON.stringify(body) }),
        };
    }

    function errorOf(failed) {
        const said = failed.responseJSON ?? parsed(failed.responseText);
        const code = failed.statusText === "abort" ? "abort" : said.code ?? `http_${failed.status}`;
        return Object.assign(new Error(said.message ?? cellblock.text("error.no-answer")), { code });
    }

    function parsed(text) {
        try {
            return Object(JSON.parse(text));
        } catch {
            return {};
        }
    }

    /** An element with text in it, which is never taken for HTML. */
    cellblock.element = (tag, className, text) => {
        const made = $(document.createElement(tag)).addClass(className ?? "");
        return text === undefined ? made : made.text(text);
    };

    cellblock.icon = (name) => cellblock.element("i", `fa fa-${name}`);

    /** A small button. @param {string} tip says what it does */
    cellblock.button = (icon, tip, onClick) => {
        const made = cellblock.element("button", "red-ui-button red-ui-button-small").attr("type", "button")
            .attr("aria-label", tip).append(cellblock.icon(icon));
        made.on("click", (event) => {
            event.preventDefault();
            onClick(event);
        });
        RED.popover.tooltip(made, tip);
        return made;
    };

    /** Call `work` once nobody has asked for it for a while. */
    cellblock.debounced = (work, milliseconds) => {
        let timer = null;
        const later = () => {
            clearTimeout(timer);
            timer = setTimeout(work, milliseconds);
        };
        later.cancel = () => clearTimeout(timer);
        return later;
    };

    /** The service that the open dialog names, and "" for none. */
    cellblock.chosenService = () => {
        const chosen = $("#node-input-service").val();
        return !chosen || chosen === "_ADD_" ? "" : chosen;
    };

    /** A length of time as people read it. */
    cellblock.duration = (milliseconds) => {
        if (milliseconds >= 1000) {
            return `${(milliseconds / 1000).toFixed(milliseconds < 10000 ? 1 : 0)} s`;
        }
        return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
    };
})(window.CellblockEditor = window.CellblockEditor || {});
