"""Privity on the user's device: SDK and command line. The SDK's names are loaded when they are first used."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from privity_client.client.async_client import AsyncClient as AsyncClient
    from privity_client.client.policy import Policy as Policy
    from privity_client.client.request import Chat as Chat
    from privity_client.client.request import System as System
    from privity_client.client.request import User as User
    from privity_client.client.transport import async_http_client as async_http_client
    from privity_client.client.transport import http_client as http_client
    from privity_client.client.waiting_client import Client as Client

_WHERE = {
    "AsyncClient": "async_client",
    "Chat": "request",
    "Client": "waiting_client",
    "Policy": "policy",
    "System": "request",
    "User": "request",
    "async_http_client": "transport",
    "http_client": "transport",
}


def __getattr__(name: str) -> object:
    """Return a name of the SDK. Raises AttributeError."""
    if name not in _WHERE:
        raise AttributeError(f"module 'privity_client' has no attribute '{name}'")
    return getattr(importlib.import_module(f"privity_client.client.{_WHERE[name]}"), name)
