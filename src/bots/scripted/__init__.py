"""A bot that plays dialogues described in a YAML file."""

from bots.scripted.bot import ScriptedBot, ServiceDesk
from bots.scripted.errors import Fault, FlowError

__all__ = ["Fault", "FlowError", "ScriptedBot", "ServiceDesk"]
