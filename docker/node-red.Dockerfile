# Node-RED with the Code Block node installed, to stand beside the service; see compose.yaml.

ARG BASE=nodered/node-red:4.1
FROM ${BASE}
COPY --chown=node-red:root node-red-nodes /tmp/code-block
# Packed first, so that what is installed is what the npm package would hold.
RUN cd /tmp/code-block \
    && npm pack --silent --pack-destination /tmp \
    && cd /usr/src/node-red \
    && npm install --omit=dev --no-audit --no-fund --no-update-notifier /tmp/cellblock-node-red-code-block-*.tgz \
    && rm -rf /tmp/code-block /tmp/cellblock-*.tgz
