/*
 * Run by peers.py: npm's pyodide in Node, the usual way. Prints milliseconds as JSON.
 *
 *     node pyodide_peer.mjs PYODIDE_FOLDER WHEELS_FOLDER cold|warm GROUP CODE [RUNS]
 */
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [modules, wheels, kind, group, code, runs = "1"] = process.argv.slice(2);
const started = performance.now();
const { loadPyodide } = await import(pathToFileURL(path.join(modules, "pyodide.mjs")));
const pyodide = await loadPyodide({ indexURL: modules });
if (group === "pandas") {
    const files = fs.readdirSync(wheels).map((name) => path.join(wheels, name));
    await pyodide.loadPackage(files, { messageCallback: () => {}, checkIntegrity: false });
}
await pyodide.runPythonAsync(code);
const samples = [performance.now() - started];
if (kind === "warm") {
    samples.length = 0;
    for (let run = 0; run < Number(runs); run += 1) {
        const begun = performance.now();
        await pyodide.runPythonAsync(code);
        samples.push(performance.now() - begun);
    }
}
console.log(JSON.stringify(samples));
process.exit(0);
