"""helixc: a compiler that partitions transformers over GPUs."""

__version__ = "0.1.0"
