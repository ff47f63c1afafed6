"""Analysis process: reads one request on stdin, writes its result on stdout, and ends."""

import asyncio
import os
import sys

import msgspec

from runner.analysis.compare import compare_versions
from runner.analysis.learning_curve import compute_learning_curve, suggest_evaluations
from runner.analysis.requests import AnalysisRequest, CompareRequest, Envelope, LearningCurveRequest
from runner.analysis.results import Comparison, LearningCurveResult, Suggestions
from runner.processes.error_lines import install_error_hooks, summarize_error
from runner.processes.parent_death import die_with_parent, exit_at_end_of_input
from store.database.open import open_store
from store.database.store import Store


def main() -> None:
    """Wait for a request on stdin and write the result on the original stdout.

    If the analysis fails, write the error in one line and exit with status 1.
    """
    install_error_hooks("analysis process")
    die_with_parent(int(sys.argv[1]))
    os.nice(5)  # requests of the server take precedence
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of libraries must not mix with the result
    line = sys.stdin.buffer.readline()
    if not line:
        return
    exit_at_end_of_input()
    try:
        envelope = msgspec.json.decode(line, type=Envelope)
        output.write(msgspec.json.encode(asyncio.run(_analyze(envelope))))
        output.flush()
    except Exception as error:
        output.write(summarize_error(error).encode())
        output.flush()
        os._exit(1)
    os._exit(0)  # does not wait for threads that read or idle


async def _analyze(envelope: Envelope) -> Comparison | LearningCurveResult | Suggestions:
    store = open_store(envelope.url)
    try:
        return await _dispatch(store, envelope.request)
    finally:
        await store.close()


async def _dispatch(store: Store, request: AnalysisRequest) -> Comparison | LearningCurveResult | Suggestions:
    match request:
        case CompareRequest():
            return await compare_versions(store, request)
        case LearningCurveRequest():
            return await compute_learning_curve(store, request)
        case _:
            return await suggest_evaluations(store, request)


if __name__ == "__main__":
    main()
