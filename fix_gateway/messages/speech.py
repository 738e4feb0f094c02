"""All messages as one dialect says and hears them: forms, dictionary and rules together, compiled when first met."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from fix_gateway.codec.decoded import Decoded
from fix_gateway.dictionary.spec import Dictionary
from fix_gateway.errors import Fault, LocalProtocolError
from fix_gateway.messages import forms_market, forms_quoting, forms_trading, market, quoting, trading
from fix_gateway.messages.form import Form
from fix_gateway.messages.plan import Cell, Level, Nested, Step, Ways, plan
from fix_gateway.messages.reading import TROUBLE, Read, compile_reader, find_fault
from fix_gateway.messages.rules import RULES, Change
from fix_gateway.messages.writing import Write, compile_writer
from fix_gateway.tags import INVALID_MSG_TYPE, REQUIRED_MISSING, TEXTS

Message: TypeAlias = (
    quoting.QuoteRequest
    | quoting.QuoteRequestReject
    | quoting.Quote
    | quoting.QuoteStatusReport
    | quoting.QuoteResponse
    | quoting.QuoteCancel
    | quoting.QuoteAck
    | quoting.QuoteStatusRequest
    | quoting.RfqRequest
    | quoting.MassQuote
    | quoting.MassQuoteAcknowledgement
    | trading.NewOrderSingle
    | trading.NewOrderMultileg
    | trading.OrderCancelRequest
    | trading.OrderCancelReplaceRequest
    | trading.ExecutionReport
    | trading.OrderCancelReject
    | trading.TradeCaptureReport
    | trading.BusinessMessageReject
    | market.SecurityDefinitionRequest
    | market.SecurityDefinition
    | market.MarketDataRequest
    | market.MarketDataSnapshot
    | market.MarketDataIncrement
    | market.MarketDataReject
)
FORMS: tuple[Form, ...] = (*forms_quoting.FORMS, *forms_trading.FORMS, *forms_market.FORMS)
BY_NAME: Mapping[str, Form] = {form.struct.__name__: form for form in FORMS}
_BY_STRUCT: Mapping[type[msgspec.Struct], Form] = {form.struct: form for form in FORMS}
_BY_TYPE: Mapping[str, Form] = {form.msg_type: form for form in FORMS}
_NOTHING = (None, "", ())


class _Voice(msgspec.Struct, frozen=True, kw_only=True):
    """How one message is written: what is done to it first, then the bytes."""

    msg_type: str
    changes: tuple[Change, ...]
    fills: tuple[tuple[str, Any], ...]
    required: tuple[str, ...]
    write: Write | None


class _Ear(msgspec.Struct, frozen=True, kw_only=True):
    """How one message is read, and what is done to it afterwards."""

    level: Level
    changes: tuple[Change, ...]
    required: tuple[tuple[str, bytes], ...]
    read: Read


class Speech:
    """Reads and writes every message of one dialect. `fills` are values for attributes that are left empty
    ("Message.attribute" -> value), `required` are attributes that must be there, in and out."""

    def __init__(
        self,
        dictionary: Dictionary,
        ways: Ways,
        rules: Iterable[str] = (),
        fills: Mapping[str, str] | None = None,
        required: Iterable[str] = (),
    ) -> None:
        self._dictionary, self._ways = dictionary, ways
        self._rules = [RULES[name] for name in rules]
        self._fills, self._required = dict(fills or {}), tuple(required)
        self._voices: dict[type[msgspec.Struct], _Voice] = {}
        self._ears: dict[str, _Ear | None] = {}

    def read(self, decoded: Decoded) -> Message | Fault:
        """What a message that has passed validation says. A type that we have no words for is a Fault (code 11)."""
        ear = self._ears.get(decoded.msg_type) or self._listen(decoded.msg_type)
        if ear is None:
            return Fault(code=INVALID_MSG_TYPE, text="Unsupported Message Type")
        try:
            message = ear.read(decoded.body)
        except TROUBLE:
            return find_fault(ear.level, decoded.body)
        for change in ear.changes:
            message = change(message)
        for attribute, tag in ear.required:
            if getattr(message, attribute) in _NOTHING:
                return Fault(code=REQUIRED_MISSING, text=TEXTS[REQUIRED_MISSING], tag=tag)
        found: Message = message
        return found

    def write(self, message: Message) -> tuple[str, bytes]:
        """(MsgType, body); LocalProtocolError if the dialect cannot say it, or must not lose what it cannot say."""
        voice = self._voices.get(type(message)) or self._speak(type(message))
        said: Any = message
        for attribute, value in voice.fills:
            if getattr(said, attribute) in _NOTHING:
                said = replace(said, **{attribute: value})
        for change in voice.changes:
            said = change(said)
            if type(said) is not type(message):
                return self.write(said)
        for attribute in voice.required:
            if getattr(said, attribute) in _NOTHING:
                raise LocalProtocolError(f"{type(said).__name__}.{attribute}: this dialect requires it")
        if voice.write is None:
            raise LocalProtocolError(f"{type(message).__name__}: this dialect has no such message")
        try:
            return voice.msg_type, voice.write(said)
        except (TypeError, AttributeError, ValueError) as problem:
            raise LocalProtocolError(f"{type(message).__name__} cannot be written: {problem}") from problem

    def reads(self, msg_type: str) -> bool:
        """True if there are words for that type of message."""
        return self._listen(msg_type) is not None

    def says(self, struct: type[msgspec.Struct]) -> bool:
        """True if the dialect has that message, be it by another one."""
        voice = self._speak(struct)
        return voice.write is not None or bool(voice.changes)

    def prepare(self) -> None:
        """Compile everything now, so that a mistake in a dialect shows at the start."""
        for form in FORMS:
            self._listen(form.msg_type)
            self._speak(form.struct)

    def level(self, struct: type[msgspec.Struct]) -> Level | None:
        """The fields of one message as this dialect has them."""
        return plan(_BY_STRUCT[struct], self._dictionary, self._ways)

    def _speak(self, struct: type[msgspec.Struct]) -> _Voice:
        form, name = _BY_STRUCT[struct], struct.__name__
        level = self.level(struct)
        self._voices[struct] = voice = _Voice(
            msg_type=form.msg_type,
            changes=tuple(rule.said[struct] for rule in self._rules if struct in rule.said),
            fills=tuple(
                (attribute, _typed(level, attribute, value))
                for path, value in self._fills.items()
                if (attribute := _attribute(path, name))
            ),
            required=tuple(attribute for path in self._required if (attribute := _attribute(path, name))),
            write=compile_writer(level, self._ways.digits) if level else None,
        )
        return voice

    def _listen(self, msg_type: str) -> _Ear | None:
        form = _BY_TYPE.get(msg_type)
        level = self.level(form.struct) if form else None
        if form is None or level is None:
            return None
        ear = self._ears.get(msg_type)
        if ear is None:
            rules = [rule.heard[form.struct] for rule in reversed(self._rules) if form.struct in rule.heard]
            required = [
                attribute for path in self._required if (attribute := _attribute(path, form.struct.__name__))
            ]
            ear = self._ears[msg_type] = _Ear(
                level=level,
                changes=tuple(rules),
                required=tuple((attribute, _tag(level, attribute)) for attribute in required),
                read=compile_reader(form.struct, level),
            )
        return ear


def _attribute(path: str, name: str) -> str:
    """The attribute that a path "Message.attribute" means in the message `name`; "" if it is about another."""
    message, _, attribute = path.partition(".")
    return attribute if message == name else ""


def _steps(level: Level) -> Iterable[Step]:
    for step in level.steps:
        if isinstance(step, Nested) and step.struct is None:
            yield from _steps(step.level)
        else:
            yield step


def _tag(level: Level, attribute: str) -> bytes:
    """The tag of an attribute."""
    for step in _steps(level):
        if getattr(step, "attribute", "") == attribute:
            return str(step.tag).encode()
    return b""


def _typed(level: Level | None, attribute: str, value: str) -> Any:
    """A value out of a configuration as the attribute has it."""
    for step in _steps(level) if level else ():
        if isinstance(step, Cell) and step.attribute == attribute and step.heard:
            return step.heard.get(value.encode(), value)
    return value
