"""Judge files: a judge's name and criteria as JSON."""

from pathlib import Path
from typing import Annotated

import msgspec

from cli.client import operations
from cli.client.client import Client
from cli.client.responses import Judge
from cli.errors import ApiError


class CriterionFile(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A criterion of a judge file; the server chooses what is missing."""

    name: str
    key: str | None = None
    description: str | None = None
    min: float | None = None
    max: float | None = None
    step: float | None = None
    weight: float | None = None


class JudgeFile(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A judge file."""

    name: str
    criteria: Annotated[list[CriterionFile], msgspec.Meta(min_length=1)]
    id: str | None = None
    description: str | None = None


def create_or_find_judge(client: Client, path: Path) -> Judge:
    """Create the judge that a file describes; if the file names its `id` and it exists already, return it as it is.

    Raises:
        ApiError: the file describes no judge, or the judge of its `id` has other criteria.
    """
    found = find_described_judge(client, path)
    if found is not None:
        return found
    return operations.create_judge(client, msgspec.to_builtins(read_judge_file(path)))


def find_described_judge(client: Client, path: Path) -> Judge | None:
    """Return the judge that a file describes, if the file names its `id` and it exists already.

    Raises:
        ApiError: the file describes no judge, or the judge of its `id` has other criteria.
    """
    described = read_judge_file(path)
    found = operations.find_judge(client, described.id) if described.id else None
    if found is not None:
        names = [criterion["name"] for criterion in found["criteria"]]
        if sorted(names) != sorted(criterion.name for criterion in described.criteria):
            raise ApiError(
                f"The judge {described.id} exists already with the criteria {', '.join(names)}; those in {path} are "
                "different. Give this one another id, or load into the existing one with --judge."
            )
    return found


def read_judge_file(path: Path) -> JudgeFile:
    """Read a judge file.

    Raises:
        ApiError: the file cannot be read or does not describe a judge.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=JudgeFile)
    except OSError as error:
        raise ApiError(f"{path} can't be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(
            f"{path} does not describe a judge: {error}. It needs a name and criteria, each with a name and optionally "
            "key, description, min, max, step and weight."
        ) from error
