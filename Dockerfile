# The control plane's image for those who build with Docker: the same files as `npm run image -- --only fairlead` puts
# into its tar, which needs no Docker. The base is pinned by version; pin it by digest where your registry is known.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /build
COPY . .
RUN node tools/setup.mjs --no-envoy -- tools/image.ts --out /images --only fairlead --rootfs

FROM scratch
COPY --from=build /images/fairlead/ /
ENV PATH=/usr/bin
ENV MALLOC_ARENA_MAX=2
USER 65532:65532
WORKDIR /
ENTRYPOINT ["/usr/bin/fairlead"]
