"""The stack of the system tests."""

from tests.system.conftest import fresh_players, fresh_stack

__all__ = ["fresh_players", "fresh_stack"]
