"""The SDK: `Client` and `AsyncClient` with typed requests, and a transport that makes the `openai` package private.

Everything here fails closed: nothing is sent anywhere but to enclaves that were verified. Described in docs/sdk.md.
"""
