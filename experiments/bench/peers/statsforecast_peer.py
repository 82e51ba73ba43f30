"""Nixtla statsforecast: the settings that a careful user would choose for load. README.md of the benchmark tells why.

A model with `forward` is fitted at the first issue time and then applied, with its orders and coefficients, to the
load up to each later one; AutoETS and MSTL on it are cheap enough to be fitted anew each time.
"""

import numpy as np
from statsforecast.models import MSTL, AutoARIMA, AutoETS, AutoTheta, Naive, SeasonalNaive

from peer import serve

# newest values that a fit sees; beyond these the automatic searches take minutes a series
CAP_ETS = 10_080
CAP_MSTL = 10_080
CAP_ARIMA = 4_032
CAP_THETA = 4_032
LONGEST_ETS_SEASON = 24  # statsforecast's own limit
FOURIER_PAIRS = {"day": 4, "week": 2}


def forecast(model, trace, levels, _job, _folder):
    return MODELS[model](trace, levels)


def quantiles_of(answer, levels, reach):
    """The library answers with central intervals and a mean: the mean stands for the median (the law is normal)."""
    rows = []
    for level in levels:
        width = round(abs(2 * level - 1) * 100, 6)
        key = "mean" if width == 0 else f"{'lo' if level < 0.5 else 'hi'}-{width:g}"
        rows.append(np.asarray(answer[key], dtype=float)[:reach])
    return np.vstack(rows)


def widths_of(levels):
    return [float(f"{w:g}") if w % 1 else int(w) for w in sorted({round((2 * l - 1) * 100, 6) for l in levels if l > 0.5})]


def anew(make, cap):
    """Fitted at every issue time."""

    def run(trace, levels):
        for origin in trace.origins:
            try:
                fitted = make(trace).fit(origin.filled(cap))
                yield quantiles_of(fitted.predict(trace.reach, level=widths_of(levels)), levels, trace.reach)
            except Exception as error:
                yield error

    return run


def forward(make, cap):
    """Fitted at the first issue time; later the same orders and coefficients, on the load up to then."""

    def run(trace, levels):
        fitted = None
        for origin in trace.origins:
            try:
                values = origin.filled(cap)
                if fitted is None:
                    fitted = make(trace).fit(values)
                    answer = fitted.predict(trace.reach, level=widths_of(levels))
                else:
                    answer = fitted.forward(values, trace.reach, level=widths_of(levels))
                yield quantiles_of(answer, levels, trace.reach)
            except Exception as error:
                yield error

    return run


def arima():
    """Orders compared by the conditional sum of squares, as R's auto.arima does by default on more than 150 values."""
    return AutoARIMA(season_length=1, approximation=True)


def harmonic_arima(trace, levels):
    """ARIMA errors around Fourier terms of day and week (FPP3 §12.1): seasonal ARIMA cannot be fitted at lag 288."""
    fitted = None
    for origin in trace.origins:
        try:
            values = origin.filled(CAP_ARIMA)
            first = len(origin.raw) - len(values)
            past = fourier(trace, np.arange(first, first + len(values)))
            future = fourier(trace, np.arange(first + len(values), first + len(values) + trace.reach))
            if fitted is None:
                fitted = arima().fit(values, X=past)
                answer = fitted.predict(trace.reach, X=future, level=widths_of(levels))
            else:
                answer = fitted.forward(values, trace.reach, X=past, X_future=future, level=widths_of(levels))
            yield quantiles_of(answer, levels, trace.reach)
        except Exception as error:
            yield error


def fourier(trace, steps):
    """Pairs that a fit's window can hold; None where the trace has no season."""
    columns = []
    for season, pairs in zip(trace.seasons, FOURIER_PAIRS.values()):
        if 2 * season > CAP_ARIMA:
            continue
        for k in range(1, pairs + 1):
            angle = 2 * np.pi * k * steps / season
            columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns) if columns else None


def mstl(make_trend):
    def make(trace):
        length = min(len(trace.origins[0].raw), CAP_MSTL)
        # a season seen less than three times takes the whole remainder with it, and the interval with that
        seasons = [s for s in trace.seasons if length >= 3 * s or s == trace.seasons[0]]
        if not seasons:
            return make_trend()
        # R's own default: LOESS at every tenth of the window, straight lines between
        jump = max(1, seasons[0] // 10)
        return MSTL(seasons, trend_forecaster=make_trend(), stl_kwargs={"trend_jump": jump, "low_pass_jump": jump})

    return make


def day_of(trace):
    return trace.seasons[0] if trace.seasons else 1


def naive(season_index):
    def make(trace):
        seasons = trace.seasons[: season_index + 1]
        return SeasonalNaive(seasons[-1]) if seasons else Naive()

    return anew(make, None)


def ets(trace):
    day = day_of(trace)
    return AutoETS(season_length=day if day <= LONGEST_ETS_SEASON else 1)


MODELS = {
    "SeasonalNaive day": naive(0),
    "SeasonalNaive week": naive(1),
    "AutoETS": anew(ets, CAP_ETS),
    "AutoTheta": forward(lambda trace: AutoTheta(season_length=day_of(trace)), CAP_THETA),
    "AutoARIMA": harmonic_arima,
    "MSTL AutoETS": anew(mstl(lambda: AutoETS(model="ZZN")), CAP_MSTL),
    "MSTL AutoARIMA": forward(mstl(arima), CAP_MSTL),
}

if __name__ == "__main__":
    serve(forecast)
