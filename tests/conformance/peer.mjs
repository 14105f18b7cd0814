/*
 * Run by peer.py: programs in npm's pyodide, the usual way, all in one interpreter.
 *
 *     node peer.mjs < JOB     {modules, helper, archives, wheels, programs: [{id, code}]}
 *
 * Prints one line of JSON for each program: {id, result, stdout, error}. A program may end the interpreter: then there are
 * fewer lines than programs, as when it hangs.
 */
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const TIMEOUT_MS = 120_000;
const job = JSON.parse(fs.readFileSync(0, "utf8"));
const { loadPyodide } = await import(pathToFileURL(path.join(job.modules, "pyodide.mjs")));
const pyodide = await loadPyodide({ indexURL: job.modules });

const printed = [];
pyodide.setStdout({ write: (bytes) => printed.push(Buffer.from(bytes)) && bytes.length });
pyodide.setStderr({ write: (bytes) => bytes.length });
for (const archive of job.archives) {
    pyodide.unpackArchive(new Uint8Array(fs.readFileSync(archive)), "zip", { extractDir: "/lib/python3.14/site-packages" });
}
await pyodide.loadPackage(job.wheels, { messageCallback: () => {}, checkIntegrity: false });

pyodide.FS.writeFile("/lib/python3.14/site-packages/peer_helper.py", fs.readFileSync(job.helper));
const helper = pyodide.pyimport("peer_helper");
console.error("the peer is ready");
for (const { id, code } of job.programs) {
    printed.length = 0;
    const globals = helper.begin();
    const outcome = { id, result: null, error: null };
    const hanging = setTimeout(() => process.exit(1), TIMEOUT_MS);
    try {
        outcome.result = await pyodide.runPythonAsync(code, { globals, filename: "block" });
    } catch {
        outcome.error = JSON.parse(helper.failure());
    }
    clearTimeout(hanging);
    helper.flush();
    outcome.stdout = Buffer.concat(printed).toString("utf8");
    globals.destroy();
    helper.forget();
    fs.writeSync(1, `${JSON.stringify(outcome)}\n`);
}
process.exit(0);
