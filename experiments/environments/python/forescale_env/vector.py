"""Many single services stepped at once, by one request a step."""

import base64

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from forescale_env.connection import shared_connection
from forescale_env.spaces import known_options, plain, read_space


class SingleServiceVectorEnv(VectorEnv):
    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}

    def __init__(self, num_envs, config=None, connection=None, render_mode=None):
        self.num_envs = num_envs
        self.render_mode = render_mode
        self._connection = connection or shared_connection()
        whole = {"kind": "single-service", **(config or {})}
        made = self._connection.request("make", config=whole, count=num_envs)
        self._handle = made["environment"]
        self.config = made["config"]
        self.single_observation_space = read_space(made["observationSpace"])
        self.single_action_space = read_space(made["actionSpace"])
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed if isinstance(seed, int) else None)
        answer = self._connection.request(
            "reset", environment=self._handle, seed=seed, options=known_options(options)
        )
        return self._observations(answer), self._infos(answer)

    def step(self, actions):
        answer = self._connection.request("step", environment=self._handle, action=plain(actions))
        return (
            self._observations(answer),
            numbers(answer["rewards"], "<f8"),
            numbers(answer["terminated"], "u1").astype(np.bool_),
            numbers(answer["truncated"], "u1").astype(np.bool_),
            self._infos(answer),
        )

    def close_extras(self, **_):
        if self._handle is not None:
            self._connection.request("close", environment=self._handle)
            self._handle = None

    def _observations(self, answer):
        return numbers(answer["observations"], "<f4").reshape(self.num_envs, -1)

    def _infos(self, answer):
        """Every figure is there for every environment, so each mask is full."""
        infos = {}
        for name, column in answer["infos"].items():
            infos[name] = numbers(column, "<f8")
            infos["_" + name] = np.ones(self.num_envs, np.bool_)
        return infos


def numbers(text, dtype):
    """A copy, which may be written to."""
    return np.frombuffer(base64.b64decode(text), dtype).copy()
