"""Prophet with its daily and weekly seasons, fitted anew at every issue time; quantiles of its own predictive samples."""

import logging

import numpy as np
import pandas as pd
from prophet import Prophet

from peer import serve

# Prophet reads the clock, not the order: of a longer history every n-th value is as good, and the fit takes a second
MOST_POINTS = 3_000
MOST_DAYS = 56
SAMPLES = 500
DAY_SECONDS = 86_400

logging.getLogger("cmdstanpy").setLevel(logging.ERROR)
logging.getLogger("prophet").setLevel(logging.ERROR)


def forecast(_model, trace, levels, _job, _folder):
    for origin in trace.origins:
        try:
            yield one(trace, origin, levels)
        except Exception as error:
            yield error


def one(trace, origin, levels):
    step = trace.step_seconds
    most = int(MOST_DAYS * DAY_SECONDS / step)
    values = origin.raw[-most:]
    first_seconds = origin.start_seconds + (len(origin.raw) - len(values)) * step
    thin = max(1, -(-len(values) // MOST_POINTS))
    steps = np.arange(len(values) - 1, -1, -thin)[::-1]  # the newest value stays in
    clock = lambda at: pd.to_datetime(first_seconds + at * step, unit="s")
    frame = pd.DataFrame({"ds": clock(steps), "y": values[steps]})
    np.random.seed(1)
    model = Prophet(
        daily_seasonality=len(trace.seasons) > 0,
        weekly_seasonality=len(trace.seasons) > 1,
        yearly_seasonality=False,
        uncertainty_samples=SAMPLES,
    )
    model.fit(frame, seed=1)
    future = pd.DataFrame({"ds": clock(np.arange(len(values), len(values) + trace.reach))})
    samples = model.predictive_samples(future)["yhat"]  # [step, sample]
    return np.quantile(samples, levels, axis=1)


if __name__ == "__main__":
    serve(forecast)
