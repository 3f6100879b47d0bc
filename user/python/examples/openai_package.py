"""The `openai` package without a proxy: openai_package.py URL [DEVELOPMENT-ROOT]."""

import sys
from pathlib import Path

from openai import OpenAI
from privity_client import Policy, http_client

policy = Policy(development_root=Path(sys.argv[2])) if len(sys.argv) > 2 else Policy()
with http_client(sys.argv[1], policy) as http:
    client = OpenAI(api_key="none", http_client=http)
    model = client.models.list().data[0].id
    asked = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Hello"}], max_tokens=24, temperature=0, stream=True
    )
    for chunk in asked:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
    print()
