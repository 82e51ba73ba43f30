"""Stable-Baselines3 on our environment as it stands: its own check_env, then PPO for a thousand steps.

Fails with the first objection; warnings of its check are objections. Run with the packages of bench/peers/install-learners.sh.
"""

import json
import warnings

import numpy as np
import stable_baselines3
from stable_baselines3 import PPO
from stable_baselines3.common.env_checker import check_env

import forescale_env

STEPS = 1000
SMALL = {"historyDays": 2, "episodeTicks": 50}


def main():
    for actions in ("delta", "target", "continuous"):
        # Discrete spaces of Stable-Baselines3 begin at zero, and that is what it asks for
        env = forescale_env.make(**SMALL, actions=actions, actionsFromZero=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_env(env)
        env.close()
        tell("check_env", actions=actions)
    env = forescale_env.make(**SMALL, actions="delta", actionsFromZero=True)
    model = PPO("MlpPolicy", env, n_steps=250, batch_size=50, seed=1, device="cpu")
    before = weights(model)
    model.learn(STEPS)
    assert model.num_timesteps == STEPS
    after = weights(model)
    assert np.isfinite(after).all() and not np.array_equal(before, after)
    observation, _ = env.reset(seed=3)
    action, _ = model.predict(observation, deterministic=True)
    assert env.action_space.contains(int(action))
    episodes = len(model.ep_info_buffer)
    assert episodes == STEPS // SMALL["episodeTicks"]
    env.close()
    tell("PPO", steps=STEPS, episodes=episodes)


def weights(model):
    return np.concatenate([one.detach().numpy().ravel() for one in model.policy.parameters()])


def tell(check, **more):
    print(json.dumps({"check": check, **more}), flush=True)


if __name__ == "__main__":
    print(json.dumps({"stable_baselines3": stable_baselines3.__version__}), flush=True)
    main()
