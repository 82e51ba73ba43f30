"""One service, one agent."""

import gymnasium
import numpy as np

from forescale_env.connection import shared_connection
from forescale_env.spaces import known_options, plain, read_info, read_space


class SingleServiceEnv(gymnasium.Env):
    metadata = {"render_modes": []}

    def __init__(self, config=None, connection=None, render_mode=None):
        self.render_mode = render_mode
        self._connection = connection or shared_connection()
        made = self._connection.request("make", config={"kind": "single-service", **(config or {})})
        self._handle = made["environment"]
        self.config = made["config"]
        self.feature_names = made["observationSpace"]["names"]
        self.observation_space = read_space(made["observationSpace"])
        self.action_space = read_space(made["actionSpace"])

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        answer = self._connection.request(
            "reset", environment=self._handle, seed=seed, options=known_options(options)
        )
        return np.asarray(answer["observation"], np.float32), read_info(answer["info"])

    def step(self, action):
        answer = self._connection.request("step", environment=self._handle, action=plain(action))
        observation = np.asarray(answer["observation"], np.float32)
        return observation, float(answer["reward"]), answer["terminated"], answer["truncated"], read_info(answer["info"])

    def close(self):
        if self._handle is not None:
            self._connection.request("close", environment=self._handle)
            self._handle = None
