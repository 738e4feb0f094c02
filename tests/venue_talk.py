"""What tests of adapters ask of a `Heard`: what went wrong, what is sent, what is fetched."""

import json
from typing import Any

from rfq.feeds.said import Fetch, Reconnect, Send, Trouble
from rfq.feeds.venues.adapter import Heard


def troubles(heard: Heard) -> list[Trouble]:
    """What could not be read, or was refused."""
    return [one for one in heard.said if isinstance(one, Trouble)]


def sent(heard: Heard) -> list[dict[str, Any]]:
    """Messages to send that are JSON."""
    return [json.loads(ask.text) for ask in heard.asks if isinstance(ask, Send) and ask.text != "ping"]


def tags(heard: Heard) -> list[str]:
    """What is asked by HTTP."""
    return [ask.tag for ask in heard.asks if isinstance(ask, Fetch)]


def given_up(heard: Heard) -> list[str]:
    """Links that are to be opened anew."""
    return [ask.link for ask in heard.asks if isinstance(ask, Reconnect)]
