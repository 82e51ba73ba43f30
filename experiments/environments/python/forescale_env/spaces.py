"""Spaces as they are sent, as Gymnasium's."""

import numpy as np
from gymnasium import spaces


def read_space(space):
    kind = space["kind"]
    if kind == "discrete":
        return spaces.Discrete(space["n"], start=space["start"])
    if kind == "multi-discrete":
        return spaces.MultiDiscrete(space["counts"])
    if kind == "box":
        return spaces.Box(np.float32(space["low"]), np.float32(space["high"]), dtype=np.float32)
    if kind == "dict":
        return spaces.Dict({name: read_space(one) for name, one in space["spaces"].items()})
    raise ValueError(f"space of kind {kind!r}: this client knows discrete, multi-discrete, box, dict")


def plain(action):
    """An action as JSON has it."""
    if isinstance(action, (np.ndarray, np.generic)):
        return action.tolist()
    if isinstance(action, (list, tuple)):
        return [plain(one) for one in action]
    if isinstance(action, dict):
        return {name: plain(one) for name, one in action.items()}
    return action


def known_options(options):
    """Options of a reset that the simulator knows; others are ignored, as both libraries' own environments do."""
    return {name: value for name, value in (options or {}).items() if name == "start"}


def read_info(info):
    """JSON has one kind of number: all figures are floats here, or a whole one would change its type from step to step."""
    return {name: value if isinstance(value, bool) else float(value) for name, value in info.items()}
