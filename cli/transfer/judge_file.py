"""The description of a judge in a file: its name and its criteria."""

from pathlib import Path
from typing import Annotated, Any

import msgspec

from cli.client.client import Client
from cli.errors import ApiError

Judge = dict[str, Any]


class CriterionFile(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    name: str
    key: str | None = None
    description: str | None = None
    min: float | None = None
    max: float | None = None
    step: float | None = None
    weight: float | None = None


class JudgeFile(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A judge as a file describes it."""

    name: str
    criteria: Annotated[list[CriterionFile], msgspec.Meta(min_length=1)]
    id: str | None = None
    description: str | None = None


def create_or_find(client: Client, path: Path) -> Judge:
    """Create the judge that a file describes; one that names its `id` and is already there is taken as it is."""
    found = find_described(client, path)
    if found is not None:
        return found
    created: Judge = client.run("CreateJudge", input=msgspec.to_builtins(read_judge_file(path)))["createJudge"]["judge"]
    return created


def find_described(client: Client, path: Path) -> Judge | None:
    """The judge that a file describes, if it names its `id` and is already there."""
    described = read_judge_file(path)
    found: Judge | None = client.run("Judge", id=described.id)["judge"] if described.id else None
    if found is not None:
        names = [criterion["name"] for criterion in found["criteria"]]
        if sorted(names) != sorted(criterion.name for criterion in described.criteria):
            raise ApiError(
                f"There is a judge {described.id} already, with the criteria {', '.join(names)}; those in {path} are "
                "others. Give this one another id, or load into the existing one with --judge."
            )
    return found


def find(client: Client, judge_id: str) -> Judge:
    """The judge of an id, or an error that says where to look."""
    found: Judge | None = client.run("Judge", id=judge_id)["judge"]
    if found is None:
        raise ApiError(f"There is no judge {judge_id}. `judgesmith judges` lists them.", "NOT_FOUND")
    return found


def read_judge_file(path: Path) -> JudgeFile:
    """What the file of a judge says."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=JudgeFile)
    except OSError as error:
        raise ApiError(f"{path} can't be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(
            f"{path} does not describe a judge: {error}. It needs a name and criteria, each with a name and, if you "
            "like, key, description, min, max, step and weight."
        ) from error
