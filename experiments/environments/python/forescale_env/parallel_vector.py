"""Copies of an environment of several agents stepped at once, by one request a step.

Neither library has a class for this. Everything is an array with a row a copy, by agent; all agents of a copy end together,
and the step after that resets it (Gymnasium's `AutoresetMode.NEXT_STEP`).
"""

import numpy as np
from gymnasium.vector import AutoresetMode

from forescale_env.connection import shared_connection
from forescale_env.spaces import known_options, plain, read_space
from forescale_env.vector import numbers


class ServicesVectorEnv:
    metadata = {"name": "forescale_services_v0", "autoreset_mode": AutoresetMode.NEXT_STEP}

    def __init__(self, num_envs, config=None, connection=None):
        self.num_envs = num_envs
        self._connection = connection or shared_connection()
        whole = {"kind": "multi-agent", **(config or {})}
        made = self._connection.request("make", config=whole, count=num_envs)
        self._handle = made["environment"]
        self.config = made["config"]
        self.possible_agents = made["possibleAgents"]
        self.observation_spaces = {name: read_space(one) for name, one in made["observationSpaces"].items()}
        self.action_spaces = {name: read_space(one) for name, one in made["actionSpaces"].items()}

    def reset(self, seed=None, options=None):
        """Seed s gives copy i the seed s + i. Returns observations and infos."""
        answer = self._connection.request(
            "reset", environment=self._handle, seed=seed, options=known_options(options)
        )
        return self._observations(answer), _infos(answer)

    def step(self, actions):
        """`actions[agent][i]` is of copy i. Returns observations, rewards, terminated, truncated (a row a copy), infos."""
        answer = self._connection.request("step", environment=self._handle, action=plain(actions))
        return (
            self._observations(answer),
            {agent: numbers(one, "<f8") for agent, one in answer["rewards"].items()},
            numbers(answer["terminated"], "u1").astype(np.bool_),
            numbers(answer["truncated"], "u1").astype(np.bool_),
            _infos(answer),
        )

    def close(self):
        if self._handle is not None:
            self._connection.request("close", environment=self._handle)
            self._handle = None

    def _observations(self, answer):
        return {
            agent: numbers(one, "<f4").reshape(self.num_envs, -1) for agent, one in answer["observations"].items()
        }


def _infos(answer):
    return {
        agent: {name: numbers(column, "<f8") for name, column in columns.items()}
        for agent, columns in answer["infos"].items()
    }
