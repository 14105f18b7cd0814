/*
 * Markers, completion and hover for whichever editor Node-RED is set to use: Monaco, ace, or a plain text area.
 *
 * The service counts lines and columns from 1 and columns in characters; browsers count UTF-16 units.
 */
(function (cellblock) {
    "use strict";

    /**
     * @param {object} editor of `RED.editor.createEditor`
     * @param {() => {text: object, service: string}} read gives what is in it, as `cellblock.watch` has it
     * @returns {{show: (problems: object[]) => void, go: (place: object) => void, stop: Function}} `show` replaces the
     *     markers, `go` puts the cursor to a line and column
     */
    cellblock.assist = (editor, read) => {
        if (editor.type === "ace") {
            return assistAce(editor, read);
        }
        return editor.getModel ? assistMonaco(editor, read) : assistPlain(editor);
    };

    /** Ask how a name goes on. The line is counted from 1, the column in UTF-16 units from 0. */
    function complete({ text, service }, line, column, signal) {
        const before = lineOf(text.code, line).slice(0, column);
        const { code, before: above } = text;
        const question = { service, code, before: above, line, column: Array.from(before).length + 1 };
        return cellblock.ask("POST", "complete", question, signal);
    }

    function lineOf(text, line) {
        return text.split(/\r\n|\r|\n/)[line - 1] ?? "";
    }

    /** Where in a line, in UTF-16 units from 0, a character (from 1) stands. */
    function unitsBefore(lineText, column) {
        return Array.from(lineText).slice(0, column - 1).join("").length;
    }

    /** A problem's place in UTF-16 units, from 0; never empty, so that there is something to see. */
    function placeOf(problem, lines) {
        const line = Math.min(Math.max(problem.line, 1), lines.length);
        const endLine = Math.min(Math.max(problem.end_line, line), lines.length);
        const start = Math.min(unitsBefore(lines[line - 1], problem.column), lines[line - 1].length);
        const end = Math.min(unitsBefore(lines[endLine - 1], problem.end_column), lines[endLine - 1].length);
        const empty = endLine === line && end <= start;
        return { line, endLine, start: empty ? Math.max(0, start - 1) : start, end: empty ? start + 1 : end };
    }

    // Monaco ---------------------------------------------------------------------------------------------------------

    const models = new WeakMap();
    let registered = false;

    function assistMonaco(editor, read) {
        registerOnce();
        const model = editor.getModel();
        models.set(model, read);
        return {
            show(problems) {
                if (model.isDisposed()) {
                    return;
                }
                const lines = model.getValue().split(/\r\n|\r|\n/);
                // The owner's name makes them what the editor's getAnnotations gives.
                window.monaco.editor.setModelMarkers(model, "python", problems.map((problem) => {
                    const { line, endLine, start, end } = placeOf(problem, lines);
                    return {
                        startLineNumber: line, startColumn: start + 1, endLineNumber: endLine, endColumn: end + 1,
                        message: problem.message,
                        severity: window.monaco.MarkerSeverity[problem.severity === "error" ? "Error" : "Warning"],
                    };
                }));
            },
            go({ line, column }) {
                const units = unitsBefore(lineOf(model.getValue(), line), column ?? 1);
                const position = { lineNumber: line, column: units + 1 };
                editor.setPosition(position);
                editor.revealPositionInCenterIfOutsideViewport(position);
                editor.focus();
            },
            stop: () => models.delete(model),
        };
    }

    /** Providers belong to a language, and other nodes have Python editors too: these answer for our models only. */
    function registerOnce() {
        if (registered) {
            return;
        }
        registered = true;
        const { languages } = window.monaco;
        languages.registerCompletionItemProvider("python", { triggerCharacters: ["."], provideCompletionItems });
        languages.registerHoverProvider("python", { provideHover });
    }

    async function provideCompletionItems(model, position, _, token) {
        const read = models.get(model);
        if (!read) {
            return { suggestions: [] };
        }
        const word = model.getWordUntilPosition(position);
        const range = {
            startLineNumber: position.lineNumber, endLineNumber: position.lineNumber,
            startColumn: word.startColumn, endColumn: position.column,
        };
        const { items, incomplete } = await answerOf(read, position, token);
        const suggestions = items.map((item, i) => ({
            label: item.label,
            kind: kindOf(item.kind),
            detail: item.detail,
            documentation: item.documentation,
            insertText: item.label,
            // The service's order: the block's own names, those it is given, all others.
            sortText: String(i).padStart(4, "0"),
            range,
        }));
        return { suggestions, incomplete };
    }

    async function answerOf(read, { lineNumber, column }, token) {
        const stop = new AbortController();
        token.onCancellationRequested(() => stop.abort());
        try {
            return await complete(read(), lineNumber, column - 1, stop.signal);
        } catch {
            return { items: [], incomplete: true };
        }
    }

    const KINDS = {
        module: "Module", class: "Class", function: "Function", instance: "Variable", statement: "Variable",
        param: "Variable", keyword: "Keyword", property: "Property",
    };

    function kindOf(kind) {
        return window.monaco.languages.CompletionItemKind[KINDS[kind] ?? "Text"];
    }

    async function provideHover(model, position, token) {
        const read = models.get(model);
        const word = model.getWordAtPosition(position);
        if (!read || !word) {
            return null;
        }
        const end = { lineNumber: position.lineNumber, column: word.endColumn };
        const { items } = await answerOf(read, end, token);
        const found = items.find((item) => item.label === word.word);
        if (!found) {
            return null;
        }
        return {
            range: {
                startLineNumber: end.lineNumber, endLineNumber: end.lineNumber,
                startColumn: word.startColumn, endColumn: word.endColumn,
            },
            contents: [codeOf(found.detail), codeOf(found.documentation)].filter(({ value }) => value !== ""),
        };
    }

    /** Text as it is, for a hover that would read it as markdown. */
    function codeOf(text) {
        const fence = "`".repeat(Math.max(3, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length + 1)));
        return { value: text === "" ? "" : `${fence}python\n${text}\n${fence}` };
    }

    // ace ------------------------------------------------------------------------------------------------------------

    function assistAce(editor, read) {
        const session = editor.getSession();
        const { Range } = window.ace.require("ace/range");
        let marked = [];
        editor.completers = [{ getCompletions: (...args) => completeAce(read, ...args) }];
        editor.setOptions({ enableBasicAutocompletion: true, enableLiveAutocompletion: true });
        return {
            show(problems) {
                marked.forEach((id) => session.removeMarker(id));
                const lines = session.getLines(0, session.getLength());
                const places = problems.map((problem) => ({ problem, ...placeOf(problem, lines) }));
                marked = places.map(({ line, endLine, start, end, problem }) => session.addMarker(
                    new Range(line - 1, start, endLine - 1, end),
                    `cellblock-marker cellblock-${problem.severity}`, "text",
                ));
                session.setAnnotations(places.map(({ line, start, problem }) => (
                    { row: line - 1, column: start, text: problem.message, type: problem.severity })));
            },
            go({ line, column }) {
                editor.gotoLine(line, unitsBefore(session.getLine(line - 1), column ?? 1));
                editor.focus();
            },
            stop() {},
        };
    }

    async function completeAce(read, editor, session, { row, column }, prefix, done) {
        try {
            const { items } = await complete(read(), row + 1, column);
            done(null, items.map((item, i) => ({
                caption: item.label, value: item.label, meta: item.kind, score: items.length - i,
                docHTML: cellblock.element("div").append(
                    cellblock.element("b", "", item.detail),
                    cellblock.element("pre", "cellblock-documentation", item.documentation),
                ).html(),
            })));
        } catch {
            done(null, []);
        }
    }

    // A text area ----------------------------------------------------------------------------------------------------

    /** Nothing can be marked in it: the line below the editor says what is wrong. */
    function assistPlain(editor) {
        return {
            show() {},
            go({ line, column }) {
                editor.moveCursorTo(line, column ?? 1);
                editor.scrollToLine(line);
            },
            stop() {},
        };
    }
})(window.CellblockEditor = window.CellblockEditor || {});
