# The built page is the same whichever Node.js builds it.
FROM node:24.21.0-trixie-slim AS explorer

WORKDIR /app
COPY gateway/web/explorer/package.json gateway/web/explorer/package-lock.json gateway/web/explorer/.npmrc gateway/web/explorer/
RUN npm --prefix gateway/web/explorer ci --ignore-scripts --loglevel=error
COPY gateway/web/explorer/ gateway/web/explorer/
RUN npm --prefix gateway/web/explorer run --silent build


# The minor version of Python that all tests run on.
FROM python:3.11.18-slim-trixie AS build

WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
# With the extra `otel`: who runs an image cannot add to it, and nothing of it is loaded unless it is wanted.
COPY requirements.lock ./
RUN python -m venv --without-pip .venv \
    && python -m pip --python .venv/bin/python install --no-cache-dir --require-hashes --only-binary=:all: -r requirements.lock
COPY gateway/ .venv/lib/python3.11/site-packages/gateway/
# Compiled now, since the process may not write here later. Of GraphiQL only what was built is served.
RUN rm -r .venv/lib/python3.11/site-packages/gateway/web/explorer \
    && .venv/bin/python -m compileall -q --invalidation-mode unchecked-hash .venv/lib/python3.11/site-packages/gateway \
    && printf '#!/app/.venv/bin/python\nfrom gateway.__main__ import run\n\nrun()\n' >.venv/bin/gateway \
    && chmod 755 .venv/bin/gateway
COPY --from=explorer /app/gateway/web/explorer/built .venv/lib/python3.11/site-packages/gateway/web/explorer/built


FROM python:3.11.18-slim-trixie

# Nothing is installed in a container. What the base image installs with would only be reported by scanners.
RUN rm -rf /usr/local/lib/python3.11/site-packages/* /usr/local/lib/python3.11/ensurepip /usr/local/bin/pip* /usr/local/bin/wheel

WORKDIR /app
COPY LICENSE ./
COPY --from=build /app/.venv .venv
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000

ARG VERSION=0.1.0
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title="Client Activities Gateway" \
      org.opencontainers.image.description="A GraphQL gateway over the Client Activities REST API." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"

# By number, so that an orchestrator can tell that it is not root.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import http.client, os; probe = http.client.HTTPConnection(os.environ.get('GATEWAY_ADMIN_ADDRESS') or '127.0.0.1:' + os.environ['PORT'], timeout=2); probe.request('GET', '/livez'); raise SystemExit(probe.getresponse().status != 200)"]

# Needs GATEWAY_UPSTREAM_URL.
CMD ["gateway", "serve"]
