/*
 * Blocks in Node-RED's library: their texts and settings, but for what is of one flow alone (service, sources,
 * secrets).
 *
 * The library keeps texts. An entry of an earlier version lacks some of them: what it says nothing of stays as it is.
 */
(function (cellblock) {
    "use strict";

    const VALUES = ["timeout", "memory", "mode", "itemsAs", "order", "frames", "arrays", "joinRule", "joinCount",
        "joinTimeout", "joinOnTimeout"];
    const SWITCHES = ["keepState", "printOutput", "errorOutput"];

    /**
     * Put the library's button next to the name.
     *
     * @param {{editor: object, textOf: (part: string) => string, setText: (part: string, text: string) => void,
     *     settings: () => {packages: object}}} dialog `settings` makes the rows of Setup if they aren't there yet
     */
    cellblock.makeLibrary = ({ editor, textOf, setText, settings }) => {
        const rows = [
            ...VALUES.map((name) => valueField(name, `#node-input-${name}`)),
            valueField("outputs", "#code-block-outputs"),
            ...SWITCHES.map(switchField),
            {
                name: "packages",
                get: () => JSON.stringify(settings().packages.packages()),
                set: (text) => settings().packages.replace(listIn(text)),
            },
        ];
        RED.library.create({
            url: "code-blocks", type: "code-block", editor, mode: "ace/mode/python", ext: "py",
            fields: ["name", ...["initialize", "finalize"].map(textField), ...rows.map(inSettings)],
        });

        function textField(part) {
            return { name: part, get: () => textOf(part), set: (text) => setText(part, text ?? "") };
        }

        function inSettings({ name, get, set }) {
            return {
                name,
                get() {
                    settings();
                    return get();
                },
                set(text) {
                    if (text !== undefined) {
                        settings();
                        set(text);
                    }
                },
            };
        }
    };

    /** An entry is a file that people may change: what is no list of texts is none. */
    function listIn(text) {
        try {
            const list = JSON.parse(text);
            return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
        } catch {
            return [];
        }
    }

    function valueField(name, selector) {
        return { name, get: () => $(selector).val(), set: (text) => $(selector).val(text).trigger("change") };
    }

    function switchField(name) {
        const box = $(`#node-input-${name}`);
        return {
            name,
            get: () => String(box.prop("checked")),
            set: (text) => box.prop("checked", text === "true").trigger("change"),
        };
    }
})(window.CellblockEditor = window.CellblockEditor || {});
