"""Sends the files of each line of the input (a JSON list) to the task that argv names; says `done` after the last."""

import json
import sys

import celery_app
from celery import group

task, out, made = getattr(celery_app, sys.argv[1]), sys.argv[2], 0
print("ready", flush=True)
for line in sys.stdin:
    files = json.loads(line)
    group(task.s(file, f"{out}/{made + n}") for n, file in enumerate(files))().get()
    made += len(files)
    print("done", flush=True)
