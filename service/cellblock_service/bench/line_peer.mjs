/*
 * Run by interpreters.py: npm's pyodide in Node, which carries out programs like line_peer.py beside it.
 *
 *     node line_peer.mjs PYODIDE_FOLDER
 */
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const [modules] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(path.join(modules, "pyodide.mjs")));
const pyodide = await loadPyodide({ indexURL: modules });
const globals = pyodide.toPy({ __name__: "line_peer" });
pyodide.runPython(fs.readFileSync(new URL("line_peer.py", import.meta.url), "utf8"), { globals });
const answer = globals.get("answer");
for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${answer(line)}\n`);
}
process.exit(0);
