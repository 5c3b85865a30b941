"""The live pull: a CRM's own answers, saved unchanged. Only this room uses the network.

``wire`` asks and waits, ``amocrm`` and ``bitrix24`` say what to ask for, ``state`` remembers how far a pull
came, ``secret`` keeps the token to itself, ``pulling`` puts them together.
"""

from crmkit.pull.pulling import Pulled, answers_of, pull

__all__ = ["Pulled", "answers_of", "pull"]
