/*
 * Ends a child process when this one is gone, in whatever way: also by `kill -9`, when nothing of ours runs any more.
 *
 * It is a shell that waits for a line from us. When we end, so does the pipe between us, and the shell ends the child
 * by its process id: with SIGTERM, and with SIGKILL if it is still there after the grace. When the child has ended by
 * itself, we send the line, and the shell does nothing: that number may be another process by then.
 */
"use strict";

const { spawn } = require("node:child_process");

const SCRIPT = [
    // A terminal's Ctrl-C and a service manager's SIGTERM are for those that this one watches over.
    "trap '' HUP INT TERM",
    "read -r line && exit",
    "kill -TERM \"$1\" 2>/dev/null || exit",
    "while [ \"$2\" -gt \"${waited:-0}\" ]; do",
    "  sleep 1; waited=$((${waited:-0} + 1))",
    "  kill -0 \"$1\" 2>/dev/null || exit",
    "done",
    "kill -KILL \"$1\" 2>/dev/null",
].join("\n");

/**
 * @param {number} pid of the child
 * @param {number} graceS seconds between the two signals
 * @param {(error: Error) => void} onError when there can be no watchdog
 * @returns {() => void} calls it off: the child has ended
 */
function watchOver(pid, graceS, onError) {
    const dog = spawn("/bin/sh", ["-c", SCRIPT, "cellblock-watchdog", String(pid), String(graceS)], {
        stdio: ["pipe", "ignore", "ignore"],
        // In a group of its own, so that what is meant for Node-RED's group doesn't reach it.
        detached: true,
    });
    dog.on("error", onError);
    dog.stdin.on("error", () => {});
    // It must not keep this process alive.
    dog.unref();
    dog.stdin.unref?.();
    return () => dog.stdin.end("ended\n");
}

module.exports = { watchOver };
