"""The same consultations by a bot that somebody would write with aiogram 3: its FSM in Redis, by webhook.

    python -m bench.peers.aiogram_bot --api http://127.0.0.1:8090 --redis redis://127.0.0.1:6390/0 --story story.json

The story (`bench.bot` learns it from our bot) holds each question with its text and its buttons, and which answer
leads to which. So this bot says the same in as many messages, and has less to do: it evaluates no rule, keeps no
outbox and no dedupe key, and its state is gone with Redis. It is spared a request for each press, too: the call that
takes the clock off a button goes in the answer to the webhook.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec
import uvloop
from aiogram import Bot, Dispatcher, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.methods import AnswerCallbackQuery
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

TOKEN = "123456:bench"
SECRET = "bench-secret"
HOOK = "/webhook"
CONNECTIONS = 256


class Said(msgspec.Struct):
    """One message."""

    text: str
    markup: dict[str, object] | None = None


class Step(msgspec.Struct):
    """What is said, and which step follows which answer."""

    says: list[Said]
    next: dict[str, int]


class Consultation(StatesGroup):
    """Somebody is being asked."""

    asked = State()


router = Router()
steps: list[tuple[list[tuple[str, InlineKeyboardMarkup | None]], dict[str, int]]] = []


@router.message(CommandStart())
async def start(message: Message, state: FSMContext) -> None:
    """Begin anew, in the person's language."""
    await state.clear()
    await state.set_state(Consultation.asked)
    language = message.from_user.language_code if message.from_user else None
    await go_on(message, state, f"/start {language}", {"step": 0, "answers": {}})


@router.message(Consultation.asked)
async def wrote(message: Message, state: FSMContext) -> None:
    """An answer in words."""
    await go_on(message, state, message.text or "", await state.get_data())


@router.callback_query(Consultation.asked)
async def pressed(query: CallbackQuery, state: FSMContext) -> AnswerCallbackQuery:
    """An answer by a button."""
    if isinstance(query.message, Message):
        await go_on(query.message, state, query.data or "", await state.get_data())
    return query.answer()


async def go_on(message: Message, state: FSMContext, answer: str, data: dict[str, object]) -> None:
    """Keep the answer, ask the next question."""
    number, answers = data["step"], data["answers"]
    assert isinstance(number, int)
    assert isinstance(answers, dict)
    following = steps[number][1].get(answer)
    if following is None:
        await message.answer("?")
        return
    await state.set_data({"step": following, "answers": {**answers, str(number): answer}})
    for text, markup in steps[following][0]:
        await message.answer(text, reply_markup=markup)


def main() -> None:
    """Serve until told to stop."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--api", required=True)
    arguments.add_argument("--redis", required=True)
    arguments.add_argument("--story", required=True)
    arguments.add_argument("--port", type=int, default=8081)
    a = arguments.parse_args()
    for step in msgspec.json.decode(Path(a.story).read_bytes(), type=list[Step]):
        says = [
            (one.text, InlineKeyboardMarkup.model_validate(one.markup) if one.markup else None) for one in step.says
        ]
        steps.append((says, step.next))
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(a.api), limit=CONNECTIONS))
    dispatcher = Dispatcher(storage=RedisStorage.from_url(a.redis, connection_kwargs={"max_connections": CONNECTIONS}))
    dispatcher.include_router(router)

    async def register() -> None:
        await bot.set_webhook(f"https://aiogram.example{HOOK}", secret_token=SECRET)

    dispatcher.startup.register(register)
    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, handle_in_background=False, secret_token=SECRET).register(app, path=HOOK)
    setup_application(app, dispatcher, bot=bot)
    uvloop.install()
    web.run_app(app, host="127.0.0.1", port=a.port, access_log=None, print=None)


if __name__ == "__main__":
    main()
