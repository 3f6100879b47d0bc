"""How the node runs models: a child process or a server beside it, both spoken to by one adapter. specs/models.md"""
