# The demo, or with a mounted forescale.yaml your own services. Node 22 comes with `npm ci` as everywhere.
FROM node:22-bookworm-slim
WORKDIR /forescale
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && mkdir -p /state && chown node:node /state
USER node
ENV FORESCALE_STATE_DIR=/state FORESCALE_HTTP__HOST=0.0.0.0 FORESCALE_HTTP__ALLOWED_HOSTS=[forescale]
EXPOSE 8080
CMD ["node", "services/cli/forescale.js", "up"]
