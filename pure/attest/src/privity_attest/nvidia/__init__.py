"""NVIDIA GPUs and switches beside the CPU evidence: signed SPDM measurements, judged device by device."""
