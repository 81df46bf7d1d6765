from . import status, steps

__all__ = ["status", "steps"]
