# syntax=docker/dockerfile:1

# The one binary, in an image without a shell or a package manager: glibc, libgcc and CA certificates are all that it
# needs, and what is not there needs no update. `docker build -t chatty:local .`

ARG RUST=1.95

FROM rust:${RUST}-bookworm AS build
WORKDIR /src
COPY . .
# The target folder is a cache and not part of the layer, so the binary is copied out in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/usr/local/cargo/git \
    --mount=type=cache,target=/src/target \
    cargo build --profile dist --locked --bin chatty \
    && install -D target/dist/chatty /out/usr/local/bin/chatty \
    && install -d -m 700 /out/data

# Debian 12, like the build: the same glibc.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="Chatty" \
      org.opencontainers.image.description="A social platform's backend with one federated GraphQL API" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build /out/usr/local/bin/chatty /usr/local/bin/chatty
# A number, so that an orchestrator can see that it is not root.
USER 65532:65532
WORKDIR /data
# Production refuses to start without a secret and a public URL.
ENV CHATTY_MODE=production \
    CHATTY_LISTEN=0.0.0.0:4000 \
    CHATTY_DATA_DIR=/data
VOLUME /data
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/chatty", "health"]
ENTRYPOINT ["/usr/local/bin/chatty"]
CMD ["serve"]
