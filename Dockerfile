# The same Node.js and Python as the tests run on.
FROM node:20.20.2-bookworm-slim AS explorer

WORKDIR /app
COPY gateway/web/explorer/package.json gateway/web/explorer/package-lock.json gateway/web/explorer/.npmrc gateway/web/explorer/
RUN npm --prefix gateway/web/explorer ci --ignore-scripts --loglevel=error
COPY gateway/web/explorer/ gateway/web/explorer/
RUN npm --prefix gateway/web/explorer run --silent build


FROM python:3.11.14-slim-bookworm AS build

WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
# With the extra `otel`: who runs an image cannot add to it, and nothing of it is loaded unless it is wanted.
COPY requirements.lock ./
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: -r requirements.lock
COPY gateway/ gateway/
# Compiled now, since the process may not write here later. Of GraphiQL only what was built is served.
RUN rm -r gateway/web/explorer \
    && .venv/bin/python -m compileall -q --invalidation-mode unchecked-hash gateway
COPY --from=explorer /app/gateway/web/explorer/built gateway/web/explorer/built


FROM python:3.11.14-slim-bookworm

WORKDIR /app
COPY --from=build /app/.venv .venv
COPY --from=build /app/gateway gateway
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000

# By number, so that an orchestrator can tell that it is not root.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import http.client, os; probe = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=2); probe.request('GET', '/livez'); raise SystemExit(probe.getresponse().status != 200)"]

# Needs GATEWAY_UPSTREAM_URL. The package lies beside its environment: it is run, not installed.
CMD ["python", "-m", "gateway", "serve"]
