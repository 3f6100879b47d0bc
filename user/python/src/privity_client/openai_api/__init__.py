"""The OpenAI API in terms of EC1: requests into bodies of an operation, lines of an answer into objects and events.

No sockets, files or clock: the local proxy and the SDK both stand on it. Source: specs/proxy.md.
"""
