/*
 * Node-RED's settings in the demonstration: this package's nodes, this machine only, no welcome tour, no update check,
 * no palette catalogue, nothing that reaches a network. run.mjs gives the rest through the environment.
 */
"use strict";

const path = require("node:path");

module.exports = {
    uiHost: "127.0.0.1",
    uiPort: Number(process.env.NODE_RED_PORT),
    userDir: process.env.CELLBLOCK_NODE_RED_DIR,
    flowFile: "flows.json",
    flowFilePretty: true,
    nodesDir: [path.resolve(__dirname, "..")],
    telemetry: { enabled: false, updateNotification: false },
    externalModules: {
        palette: { allowInstall: false, allowUpload: false },
        modules: { allowInstall: false },
    },
    editorTheme: {
        page: { title: "Cellblock: Code Blocks in Node-RED" },
        header: { title: "Node-RED with Cellblock" },
        tours: false,
        palette: { catalogues: [] },
    },
    logging: { console: { level: "info", metrics: false, audit: false } },
};
