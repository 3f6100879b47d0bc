"""The demonstration model: `privity-demo.gguf` and the facts about it in `model.json`. There is no code here."""
