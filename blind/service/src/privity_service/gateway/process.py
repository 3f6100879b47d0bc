"""The gateway as a process: a relay's process whose application is behind Oblivious HTTP."""

import sys
from pathlib import Path

from privity_service.asgi import App
from privity_service.events import Events
from privity_service.gateway.oblivious import Gateway
from privity_service.gateway.ring import open_ring
from privity_service.gateway.settings import Settings
from privity_service.listening import allow_many_files, silence
from privity_service.relay.application import State, application
from privity_service.relay.process import Process


def main_loop(settings: Settings) -> None:
    """Run the process to its end. Raises CannotListen, KeysUnusable."""
    import uvloop

    ring = open_ring(Path(settings.keys))

    def behind(state: State) -> App:
        return Gateway(ring, application(state), state.counts)

    events = Events(lambda text: print(text, file=sys.stderr, flush=True))
    silence(events)
    allow_many_files()
    uvloop.run(Process(settings, events, behind).run())
