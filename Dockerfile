# One image for every role; which one runs is the command: task slave, task master, task billing.
# The base is pinned by digest: the manifest list of denoland/deno:2.9.6 (Debian, amd64 and arm64).
FROM denoland/deno:2.9.6@sha256:2014dc167ece617ef7e7ba40631ac2234c59e75ce693e7cc2dc2602b3c87859d AS build
WORKDIR /app
# Dependencies first, so that a change of the sources does not fetch them again.
COPY deno.json deno.lock ./
RUN deno install --frozen
COPY main.ts ./
COPY protocol protocol
COPY actors actors
COPY streams streams
COPY migrations migrations
# The first start should not have to resolve and compile anything, and must not need the network.
RUN deno cache --frozen main.ts && mkdir .samay

FROM denoland/deno:2.9.6@sha256:2014dc167ece617ef7e7ba40631ac2234c59e75ce693e7cc2dc2602b3c87859d
LABEL org.opencontainers.image.title="Samay" \
      org.opencontainers.image.description="Open head-end for smart electricity meters" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
COPY --from=build --chown=deno:deno /deno-dir /deno-dir
COPY --from=build --chown=deno:deno /app /app
ENV DENO_NO_UPDATE_CHECK=1 \
    NO_COLOR=1 \
    SAMAY_LOG=json
USER deno
# Outbox, embedded database, bills: what must outlive the container.
VOLUME ["/app/.samay"]
# The base image's entry point is tini and deno: a signal reaches the task and the role drains.
STOPSIGNAL SIGTERM
CMD ["task", "start"]
