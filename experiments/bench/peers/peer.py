"""What every peer program shares: tasks come as JSON lines on standard input, one answer a line goes out.

A task names a model, the folder of inputs and the file to write. The inputs of a trace are one file an issue time with
the load up to it (float64, NaN where nothing was seen) and nothing after. The output holds float32 quantiles
[issue time][level][step]; an issue time where the model failed is left NaN, and its reason is told.
"""

import json
import os
import sys
import time
import traceback
import warnings

import numpy as np


class Origin:
    """One issue time: the load before it, gaps as NaN, and the clock of its first value (seconds)."""

    def __init__(self, folder, entry, step_seconds):
        self.raw = np.fromfile(os.path.join(folder, entry["file"]), dtype="<f8")
        self.start_seconds = entry["startSeconds"]
        self.step_seconds = step_seconds

    def filled(self, most=None):
        """The newest `most` values with gaps drawn straight: no model here takes NaN. Without any value: zero."""
        values = self.raw.copy()
        seen = np.flatnonzero(~np.isnan(values))
        if len(seen) == 0:
            return np.zeros(1)
        values = np.interp(np.arange(len(values)), seen, values[seen])
        return values if most is None else values[-most:]


class Trace:
    def __init__(self, folder, entry):
        self.id = entry["id"]
        self.step_seconds = entry["stepSeconds"]
        self.reach = entry["reach"]
        self.seasons = entry["seasons"]
        self.origins = [Origin(folder, o, self.step_seconds) for o in entry["origins"]]


def read_job(folder):
    with open(os.path.join(folder, "job.json"), encoding="utf-8") as file:
        return json.load(file)


def serve(forecast):
    """`forecast(model, trace, levels, job, folder)` yields (quantiles [level, step] or the exception, origin by origin)."""
    warnings.filterwarnings("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not look like an answer
    for line in sys.stdin:
        task = json.loads(line)
        answers.write(json.dumps(_run(forecast, task)) + "\n")
        answers.flush()


def _run(forecast, task):
    started = time.perf_counter()
    folder = task["inputs"]
    job = read_job(folder)
    entry = next(t for t in job["traces"] if t["id"] == task["trace"])
    trace = Trace(folder, entry)
    levels = job["levels"]
    out = np.full((len(trace.origins), len(levels), trace.reach), np.nan, dtype="<f4")
    failures = []
    try:
        for i, quantiles in enumerate(forecast(task["model"], trace, levels, job, folder)):
            if isinstance(quantiles, Exception):
                failures.append(_told(quantiles))
            else:
                out[i] = quantiles
    except Exception as error:  # a peer's failure is a result of the benchmark, not its end
        failures.append(_told(error))
    out.tofile(task["out"])
    return {"seconds": time.perf_counter() - started, "failures": failures}


def _told(error):
    return "".join(traceback.format_exception_only(type(error), error)).strip()[:300]
