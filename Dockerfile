# The demo, or with a mounted forescale.yaml your own services. Two stages: what builds stays behind. Runs as a user
# without rights, on a read-only root: state is in the volume /state, scratch files in a tmpfs at /tmp.
FROM node:22-bookworm-slim AS build
WORKDIR /forescale
COPY package.json package-lock.json ./
# no install scripts: the base image has Node 22, and the native parts that are used come inside npm packages
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npx vite build services/dashboard --logLevel warn
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/node node_modules/tfjs-node-native node_modules/@googleapis/compute/*.ts \
    node_modules/@azure/*/dist/browser \
  && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete \
  && find . -path ./node_modules -prune -o -type f -name '*.test.ts' -exec rm {} + \
  && mkdir /state /keys

FROM node:22-bookworm-slim
ARG REVISION=unknown
ENV NODE_ENV=production \
  FORESCALE_REVISION=$REVISION \
  FORESCALE_STATE_DIR=/state
WORKDIR /forescale
COPY --from=build /forescale ./
COPY --from=build --chown=node:node /state /state
COPY --from=build --chown=node:node /keys /keys
USER node
VOLUME /state
EXPOSE 8080
ENTRYPOINT ["node", "services/cli/forescale.js"]
CMD ["up"]
HEALTHCHECK --interval=10s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
