"""The formats by name, and the presets among them."""

from collections.abc import Mapping
from enum import StrEnum

from cli.transfer.convert.argilla import ARGILLA
from cli.transfer.convert.braintrust import BRAINTRUST
from cli.transfer.convert.deepeval import DEEPEVAL
from cli.transfer.convert.label_studio import LABEL_STUDIO
from cli.transfer.convert.langfuse import LANGFUSE
from cli.transfer.convert.langsmith import LANGSMITH
from cli.transfer.convert.mlflow import MLFLOW
from cli.transfer.convert.openai_evals import OPENAI_EVALS
from cli.transfer.convert.phoenix import PHOENIX
from cli.transfer.convert.preset import Preset
from cli.transfer.convert.promptfoo import PROMPTFOO
from cli.transfer.convert.weave import WEAVE


class Format(StrEnum):
    """The formats of files that can be converted."""

    MLFLOW = "mlflow"
    LANGSMITH = "langsmith"
    LANGFUSE = "langfuse"
    PHOENIX = "phoenix"
    ARGILLA = "argilla"
    LABEL_STUDIO = "label-studio"
    PROMPTFOO = "promptfoo"
    BRAINTRUST = "braintrust"
    OPENAI_EVALS = "openai-evals"
    WEAVE = "weave"
    DEEPEVAL = "deepeval"
    CSV = "csv"
    JSON = "json"


PRESETS: Mapping[Format, Preset] = {
    Format.MLFLOW: MLFLOW,
    Format.LANGSMITH: LANGSMITH,
    Format.LANGFUSE: LANGFUSE,
    Format.PHOENIX: PHOENIX,
    Format.ARGILLA: ARGILLA,
    Format.LABEL_STUDIO: LABEL_STUDIO,
    Format.PROMPTFOO: PROMPTFOO,
    Format.BRAINTRUST: BRAINTRUST,
    Format.OPENAI_EVALS: OPENAI_EVALS,
    Format.WEAVE: WEAVE,
    Format.DEEPEVAL: DEEPEVAL,
}
