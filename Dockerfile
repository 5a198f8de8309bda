# Two stages: pip and its caches stay behind; what runs is Python, the locked packages and the bot, as an ordinary user.
#   docker build --tag tenfour .
#   docker build --tag tenfour --build-arg LOCK=requirements-otel.lock .     with OpenTelemetry
# A release names its base by digest: --build-arg PYTHON_IMAGE=python@sha256:...
ARG PYTHON_IMAGE=python:3.12-slim-bookworm
FROM ${PYTHON_IMAGE} AS build
ARG LOCK=requirements.lock
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/tenfour
WORKDIR /src
# The lock alone first: its layer is kept for as long as no dependency changes.
COPY ${LOCK} requirements.lock
RUN /opt/tenfour/bin/pip install --require-hashes --no-deps -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY handlers handlers
RUN /opt/tenfour/bin/pip install --no-deps --no-build-isolation . \
    && /opt/tenfour/bin/pip uninstall --yes setuptools pip

FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin tenfour \
    && install --directory --owner tenfour --group tenfour --mode 0700 /data
COPY --from=build /opt/tenfour /opt/tenfour
ENV PATH=/opt/tenfour/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TENFOUR_STATE=/data TENFOUR_OPS_PORT=9464
# By number: Kubernetes cannot tell from a name that it is not root.
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 3000 9464
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["tenfour", "health"]
# Answers and calls under way are finished within 25 seconds: give it 30.
STOPSIGNAL SIGTERM
ENTRYPOINT ["tenfour"]
CMD ["run"]
