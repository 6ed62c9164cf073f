# The whole fleet is one image; the command chooses the role:
#   docker run … tta-agent-fleet api
#   docker run … tta-agent-fleet worker nga

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No dependency needs an install script; they only compile optional speed-ups.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY config config
COPY queues queues
COPY workers workers
COPY dashboards dashboards
COPY src src
RUN node_modules/.bin/tsc -p tsconfig.build.json

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional packages are a compiler (a peer of a peer) and a decoder speed-up: a third of the size for nothing.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-slim
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="tta-agent-fleet" \
      org.opencontainers.image.description="A job-queue fleet that runs AI agents as durable workflows" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"

WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY bin bin
COPY config/model-prices.yaml config/model-prices.yaml
COPY config/safety config/safety
COPY examples/data examples/data
COPY public public
COPY package.json ./

# Inside a container, loopback would be reachable by nobody. The fleet refuses this address without credentials.
ENV NODE_ENV=production \
    PATH=/app/bin:$PATH \
    AO_HTTP__HOST=0.0.0.0

# Where crises wait while Redis is away; a volume there takes its owner from here.
RUN mkdir -p /var/lib/ao && chown 1000:1000 /var/lib/ao

# `node` of the base image, as a number, so that an orchestrator can verify that it is not root.
USER 1000:1000
EXPOSE 8503 9464

# An api process answers on its port, a worker on its metrics port.
HEALTHCHECK --interval=15s --timeout=4s --start-period=30s --retries=3 \
  CMD ["node", "-e", "const alive = (port) => fetch(`http://127.0.0.1:${port}/livez`).then((r) => r.ok || Promise.reject(r.status)); Promise.any([alive(process.env.AO_PORT ?? 8503), alive(process.env.AO_METRICS__PORT ?? 9464)]).then(() => process.exit(0), () => process.exit(1))"]

# Exec form: node itself gets SIGTERM and drains. Start the container with an init, which reaps orphans.
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["api"]
