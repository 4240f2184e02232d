# Short names for dev.py, which does the work (and runs on Windows too).
.PHONY: run test lint dist
run test lint dist:
	@python3 dev.py $@
