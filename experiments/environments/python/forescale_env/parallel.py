"""Several agents at once: one a service, and one above them in a hierarchical environment."""

import numpy as np
from pettingzoo import ParallelEnv

from forescale_env.connection import shared_connection
from forescale_env.spaces import known_options, plain, read_info, read_space


class ServicesEnv(ParallelEnv):
    metadata = {"name": "forescale_services_v0", "render_modes": []}
    render_mode = None

    def __init__(self, config=None, connection=None):
        self._connection = connection or shared_connection()
        made = self._connection.request("make", config={"kind": "multi-agent", **(config or {})})
        self._handle = made["environment"]
        self.config = made["config"]
        self.possible_agents = made["possibleAgents"]
        self.agents = []
        self.observation_spaces = {name: read_space(one) for name, one in made["observationSpaces"].items()}
        self.action_spaces = {name: read_space(one) for name, one in made["actionSpaces"].items()}

    def observation_space(self, agent):
        return self.observation_spaces[agent]

    def action_space(self, agent):
        return self.action_spaces[agent]

    def reset(self, seed=None, options=None):
        answer = self._connection.request(
            "reset", environment=self._handle, seed=seed, options=known_options(options)
        )
        self.agents = answer["agents"]
        return _observations(answer), _infos(answer)

    def step(self, actions):
        answer = self._connection.request("step", environment=self._handle, action=plain(actions))
        self.agents = answer["agents"]
        return _observations(answer), answer["rewards"], answer["terminated"], answer["truncated"], _infos(answer)

    def state(self):
        return np.asarray(self._connection.request("state", environment=self._handle)["state"], np.float32)

    def close(self):
        if self._handle is not None:
            self._connection.request("close", environment=self._handle)
            self._handle = None


def _observations(answer):
    return {agent: np.asarray(one, np.float32) for agent, one in answer["observations"].items()}


def _infos(answer):
    return {agent: read_info(info) for agent, info in answer["infos"].items()}
