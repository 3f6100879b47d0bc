"""The transparency log: sequencer, static files, witness, monitor, mirror, audit. Import the modules."""
