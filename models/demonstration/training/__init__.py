"""How the demonstration model is made: facts and phrases in, dialogues, training, GGUF and evaluation out."""
