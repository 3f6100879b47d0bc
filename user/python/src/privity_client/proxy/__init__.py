"""`privity proxy`: the OpenAI API on this machine, answered by verified enclaves. Source: specs/proxy.md."""
