FROM python:3.12-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    UV_PYTHON_DOWNLOADS=never \
    UV_PROJECT_ENVIRONMENT=/opt/watcher/.venv \
    PATH=/opt/watcher/.venv/bin:$PATH

WORKDIR /opt/watcher

# BROWSER=1 adds Chromium, for Sources whose text is written by scripts
ARG BROWSER=0
RUN if [ "$BROWSER" = 1 ]; then \
        apt-get update \
        && apt-get install -y --no-install-recommends chromium chromium-sandbox fonts-noto-core fonts-noto-cjk \
        && rm -rf /var/lib/apt/lists/*; \
    fi

# OCR=1 adds tesseract, for scans; in the languages of OCR_LANGUAGES="eng rus fra"
ARG OCR=0
ARG OCR_LANGUAGES="eng"
RUN if [ "$OCR" = 1 ]; then \
        apt-get update \
        && apt-get install -y --no-install-recommends tesseract-ocr $(printf 'tesseract-ocr-%s ' $OCR_LANGUAGES) \
        && rm -rf /var/lib/apt/lists/*; \
    fi

RUN pip install --no-cache-dir uv==0.13.9 \
    && useradd --create-home --uid 10001 watcher \
    && mkdir -p snapshots data \
    && chown watcher:watcher snapshots data

COPY pyproject.toml uv.lock README.md LICENSE ./
COPY config ./config
COPY watcher ./watcher
RUN uv sync --frozen --no-dev --no-editable $([ "$BROWSER" = 1 ] && echo "--extra browser")

USER 10001
VOLUME ["/opt/watcher/snapshots", "/opt/watcher/data"]
EXPOSE 8080

HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["watcher", "health"]

CMD ["watcher", "serve"]
