/*
 * The peer as a process: npm's pyodide in Node. Takes files from stdin, passes the events of each on.
 *
 *     node peer.mjs JOB     {modules, inside, wheels}; then lines of {path, done} on stdin
 */
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const job = JSON.parse(process.argv[2]);
const { loadPyodide } = await import(pathToFileURL(path.join(job.modules, "pyodide.mjs")));
const pyodide = await loadPyodide({ indexURL: job.modules, env: { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "1" } });
pyodide.setStdout({ write: (bytes) => fs.writeSync(1, bytes) });
pyodide.setStderr({ write: (bytes) => bytes.length });
await pyodide.loadPackage(job.wheels, { messageCallback: () => {}, checkIntegrity: false });
const inside = fs.readFileSync(job.inside, "utf8");

for await (const line of readline.createInterface({ input: process.stdin })) {
    const { path: file, done } = JSON.parse(line);
    const globals = pyodide.toPy({ path: file, done });
    await pyodide.runPythonAsync(`${inside}\nrun(path, done)`, { globals });
    globals.destroy();
    fs.writeSync(1, `\n\x1e${JSON.stringify(["end", file])}\n`);
}
process.exit(0);
