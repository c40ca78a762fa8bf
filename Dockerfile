# SPDX-License-Identifier: Apache-2.0
# rcstreamd in a container:
#
#   docker build -t rcstreamd .
#   docker run -p 6667:6667 -p 8080:8080 -p 9390:9390/udp -p 9391:9391/udp rcstreamd
#
# The Debian package is built in the first stage and installed in the second.

FROM debian:12 AS build
ENV DEBIAN_FRONTEND=noninteractive
WORKDIR /source/rcstreamd
COPY debian/control debian/control
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && \
    apt-get build-dep -y --no-install-recommends .
COPY . .
RUN dpkg-buildpackage --build=binary --no-sign && rm -f ../rcstreamd-dbgsym_*.deb

FROM debian:12-slim
COPY --from=build /source/rcstreamd_*.deb /tmp/
RUN apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends /tmp/rcstreamd_*.deb && \
    rm -rf /tmp/rcstreamd_*.deb /var/lib/apt/lists/*
COPY conf/deploy/docker/rcstreamd.yaml /etc/rcstreamd/rcstreamd.yaml
USER rcstreamd
EXPOSE 6667 8080 9390/udp 9391/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s \
    CMD ["rcstreamd", "-c", "/etc/rcstreamd/rcstreamd.yaml", "--probe"]
ENTRYPOINT ["rcstreamd"]
CMD ["-c", "/etc/rcstreamd/rcstreamd.yaml"]
