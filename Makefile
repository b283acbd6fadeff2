# make run | test | demo | lint | fuzz | gallery: each makes the environment from the lock file first.
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .uv/bin/uv
MINUTES ?= 10
export UV_PYTHON_DOWNLOADS := never

.PHONY: run test demo lint format fuzz gallery clean

run: .venv/ready
	.venv/bin/watcher serve

test: .venv/ready lint
	.venv/bin/pytest -n auto

demo: .venv/ready
	.venv/bin/watcher demo

lint: .venv/ready
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

format: .venv/ready
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

# Each of html, docx, feed and csv for MINUTES; SEED=2 for other payloads.
fuzz: .venv/ready
	.venv/bin/python benchmarks/fuzz.py --minutes $(MINUTES) --seed $(or $(SEED),1)

# Forty Diffs in every rendering, to look at: build/gallery.html.
gallery: .venv/ready
	.venv/bin/python benchmarks/gallery.py

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit("watcher needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/ready: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --all-extras --python $(PYTHON)
	@touch $@

clean:
	rm -rf .venv .uv
