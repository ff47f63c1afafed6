"""The process that answers one question, beside the server: it reads the question on stdin and writes the answer."""

import asyncio
import os
import sys

import msgspec

from runner.analysis.compare import compare
from runner.analysis.learning_curve import curve, suggestions
from runner.analysis.requests import Asked, Compare, Curve, Question
from runner.analysis.results import Comparison, Learning, Suggestions
from runner.processes.error_lines import speak_in_lines, words
from runner.processes.parent_death import die_with_parent, exit_at_end_of_input
from store.database.store import Store, open_store


def main() -> None:
    """Wait for a question on stdin and answer on what was stdout; with status 1 the answer is what went wrong."""
    speak_in_lines("process that thinks")
    die_with_parent(int(sys.argv[1]))
    os.nice(5)  # requests go before questions
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    line = sys.stdin.buffer.readline()
    if not line:
        return
    exit_at_end_of_input()
    try:
        asked = msgspec.json.decode(line, type=Asked)
        answers.write(msgspec.json.encode(asyncio.run(_answer(asked))))
        answers.flush()
    except Exception as error:
        answers.write(words(error).encode())
        answers.flush()
        os._exit(1)
    os._exit(0)  # at once: threads that read or idle are not waited for


async def _answer(asked: Asked) -> Comparison | Learning | Suggestions:
    store = open_store(asked.url)
    try:
        return await _think(store, asked.question)
    finally:
        await store.close()


async def _think(store: Store, question: Question) -> Comparison | Learning | Suggestions:
    match question:
        case Compare():
            return await compare(store, question)
        case Curve():
            return await curve(store, question)
        case _:
            return await suggestions(store, question)


if __name__ == "__main__":
    main()
