# docker build -t tastemap . ; docker run -p 8000:8000 -v tastemap:/data -e TASTEMAP_HOSTS=... tastemap
# With a MongoDB server: docker compose up (compose.yaml). The steps are plain shell, so bench/clean_debian.sh runs the
# same ones in a clean Debian where no images can be pulled.
FROM debian:trixie-slim AS base
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 \
 && rm -rf /var/lib/apt/lists/*

FROM base AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv nodejs npm
WORKDIR /app
COPY Pipfile Pipfile.lock ./
RUN python3 -m venv /tmp/pipenv \
 && /tmp/pipenv/bin/pip install --quiet --disable-pip-version-check pipenv==2026.10.3 \
 && PIPENV_VENV_IN_PROJECT=1 /tmp/pipenv/bin/pipenv sync --quiet
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc frontend/
RUN cd frontend && npm ci --no-audit --no-fund --loglevel=error
COPY . .
RUN cd frontend && npm run --silent build
RUN PATH="/app/.venv/bin:$PATH" bin/post_compile
RUN rm -rf frontend/node_modules && .venv/bin/python -m compileall -q .

FROM base
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin tastemap \
 && install -d -o tastemap -g tastemap -m 0700 /data
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PORT=8000 TASTEMAP_VAR=/data TASTEMAP_LOG=json
USER tastemap
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD ["gunicorn"]
