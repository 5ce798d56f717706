# The bot and the agent are one image; the command chooses.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY agents agents
RUN npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="dimg" \
      org.opencontainers.image.description="Docker image clean-up from Slack" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY LICENSE ./
# The agent's identity and journal; a volume keeps them.
RUN mkdir -p /var/lib/dimg && chown node:node /var/lib/dimg
USER node
VOLUME /var/lib/dimg
ENTRYPOINT ["node", "/app/dist/src/bin.js"]
CMD ["--help"]
