/*
 * The config node `cellblock-service`: owns the connection that its Code Blocks share.
 */
"use strict";

const { Connection } = require("../lib/connection");

module.exports = function (RED) {
    function CellblockServiceNode(config) {
        RED.nodes.createNode(this, config);
        this.name = config.name;
        try {
            this.connection = new Connection({ url: config.url, token: this.credentials?.token }, this);
        } catch (error) {
            // The Code Blocks that use this node read it, show it and answer their messages with it.
            this.problem = error;
            this.error(error.message);
        }
        // Without waiting for it: Node-RED stops the nodes that use it at the same time.
        this.on("close", () => { this.connection?.closeWhenUnused(); });
    }

    RED.nodes.registerType("cellblock-service", CellblockServiceNode, {
        credentials: { token: { type: "password" } },
    });
};
