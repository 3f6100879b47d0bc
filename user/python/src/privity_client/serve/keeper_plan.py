"""The operator's keeper of a local installation as data: its configuration and its process. Source: specs/keeper.md.

Here the operator, the machine and the user are one person, so the keeper logs what is missing by itself.
"""

import sys
from typing import Final

from privity_protocol import canonical

from privity_client.serve.home import Home
from privity_client.serve.log_plan import ORIGINS
from privity_client.serve.plan import DEPLOY, Ports, Role

_GRACE: Final = 5.0


def keeper_configuration(home: Home, ports: Ports, *, web: bool, issues: bool = False) -> bytes:
    """Return the keeper's configuration for one local node; `web`: the leaf of a web client lies beside it.

    `issues`: the service has keys of tokens that are to be logged.
    """
    append = f"http://127.0.0.1:{ports.append}"
    return canonical.encode(
        {
            **({"issuer": f"http://127.0.0.1:{ports.service}"} if issues else {}),
            "v": 1,
            "deploy": DEPLOY,
            "state": str(home.keeper / "state"),
            "published": str(home.published),
            "anchor": str(home.anchor),
            "policy": str(home.log_policy),
            "token": str(home.log / "token"),
            "logs": {
                name: {"origin": origin, "read": ports.log_address(name), "append": append}
                for name, origin in ORIGINS.items()
            },
            "nodes": [f"tcp:127.0.0.1:{ports.node}"],
            "fleet_keys": [str(home.keeper / "fleet.key")],
            "bootstrap": True,
            "release": str(home.release),
            "simulated_root": str(home.root_certificate),
            "web": str(home.web_leaf) if web else None,
        }
    )


def keeper_role(home: Home) -> Role:
    """Return the process of the keeper."""
    argv = (sys.executable, "-m", "privity_image", "keep", "--config", str(home.keeper_configuration))
    return Role("keeper", "operator's keeper", argv, _GRACE)
