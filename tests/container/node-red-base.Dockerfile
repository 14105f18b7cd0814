# Stands in for the image of Node-RED's project, which docker/node-red.Dockerfile begins with: laid out as that is, on the
# tests' own base, with this machine's Node.

ARG BASE
FROM ${BASE}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=node / /usr/local/
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && useradd --uid 1000 --gid 0 --create-home --home-dir /usr/src/node-red node-red \
    && install -d -o node-red -g root /data
WORKDIR /usr/src/node-red
USER node-red
# Where Debian's npm has its configuration.
ENV NPM_CONFIG_GLOBALCONFIG=/etc/npmrc
ARG NODE_RED
RUN npm init --yes >/dev/null && npm install --no-audit --no-fund --no-update-notifier node-red@${NODE_RED}
ENV NODE_PATH=/usr/src/node-red/node_modules:/data/node_modules
USER 1000:0
ENTRYPOINT ["node", "/usr/src/node-red/node_modules/node-red/red.js", "--userDir", "/data"]
