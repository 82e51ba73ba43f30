"""Forescale's simulated cluster as environments of Gymnasium and PettingZoo.

    import forescale_env
    env = forescale_env.make(kind="single-service", actions="target")
    envs = forescale_env.make_vec(64)
    agents = forescale_env.make_parallel(kind="hierarchical")
    many = forescale_env.make_parallel_vec(16, kind="multi-agent")

or, once imported, `gymnasium.make("forescale/SingleService-v0", config={"actions": "target"})`. The keyword arguments
are the configuration's fields: PROTOCOL.md and config.ts beside this package say which there are.
"""

import gymnasium

from forescale_env.connection import Connection, Refused
from forescale_env.single import SingleServiceEnv

__all__ = ["Connection", "Refused", "SingleServiceEnv", "make", "make_parallel", "make_parallel_vec", "make_vec"]

gymnasium.register(
    id="forescale/SingleService-v0",
    entry_point="forescale_env.single:SingleServiceEnv",
    vector_entry_point="forescale_env.vector:SingleServiceVectorEnv",
)


def make(connection=None, **config):
    """One service, one agent: a `gymnasium.Env`."""
    return SingleServiceEnv(config=config, connection=connection)


def make_vec(num_envs, connection=None, **config):
    """Many of them stepped at once: a `gymnasium.vector.VectorEnv` with next-step autoreset."""
    from forescale_env.vector import SingleServiceVectorEnv  # Gymnasium before 1.1 knows no autoreset mode

    return SingleServiceVectorEnv(num_envs=num_envs, config=config, connection=connection)


def make_parallel(connection=None, **config):
    """An agent a service, and of kind "hierarchical" one above them: a `pettingzoo.ParallelEnv`."""
    from forescale_env.parallel import ServicesEnv  # PettingZoo is needed for nothing else

    return ServicesEnv(config=config, connection=connection)


def make_parallel_vec(num_envs, connection=None, **config):
    """Many of those stepped at once, with next-step autoreset."""
    from forescale_env.parallel_vector import ServicesVectorEnv

    return ServicesVectorEnv(num_envs=num_envs, config=config, connection=connection)
