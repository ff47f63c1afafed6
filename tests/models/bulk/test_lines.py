"""Lines are decoded, their derived external ids are stable, and criteria are found by name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bulk.lines import CriterionNames, EvaluationLine, LineReader, derive_external_id
from models.errors import RequestRejected
from tests.factories import loose_criteria

READER = LineReader(EvaluationLine)
KEYS = st.sampled_from(["output", "group", "scores", "a", 'a"', "a\\", ":", '"a": '])


@given(
    st.lists(st.tuples(KEYS, st.sampled_from(["", " ", "\t "]), st.booleans()), max_size=4),
    st.text('a":\\ ', max_size=6),
)
def test_a_duplicate_key_is_rejected_however_it_is_spelled(more: list[tuple[str, str, bool]], output: str) -> None:
    """Compared with a parser that sees every pair."""
    pairs = [("output", json.dumps(output)), ("scores", '{"a": 1}')]
    text = ", ".join(f"{json.dumps(k)}: {v}" for k, v in pairs)
    for key, space, null in more:
        value = '{"b":2}' if key == "scores" else "null" if null else json.dumps(output)
        text += f", {json.dumps(key)}{space}:{value}"
    names = ["output", "scores", *(key for key, _, _ in more)]
    try:
        READER.read(f"{{{text}}}".encode())
    except RequestRejected:
        rejected = True
    else:
        rejected = False
    known = all(name in EvaluationLine.__struct_fields__ for name in names)
    typed = all(not (null and key == "output") for key, _, null in more)
    assert rejected == (not known or not typed or len(set(names)) < len(names))


def test_duplicate_criteria_within_scores_are_rejected() -> None:
    for scores in ('{"a": 1, "a": 2}', '{"a\\"": 1, "b": 2, "a\\"" : 1}', '{"a\\\\":1,"a\\\\" :1}'):
        with pytest.raises(RequestRejected, match="twice"):
            READER.read(f'{{"output": "x", "scores": {scores}}}'.encode())


def test_a_derived_external_id_depends_on_content_not_on_spelling() -> None:
    one = READER.read(b'{"output": "x", "scores": {"a": 1, "b": 2}, "group": null}')
    same = READER.read(b'{"scores": {"b": 2.0, "a": 1.0}, "output": "\\u0078"}')
    other = READER.read(b'{"output": "x", "scores": {"a": 1, "b": 2.5}}')
    assert derive_external_id(one) == derive_external_id(same) != derive_external_id(other)


def test_criteria_are_found_by_id_key_or_unique_name() -> None:
    names = CriterionNames(loose_criteria("clarity", "tone", "tone"))
    assert names.arrange_scores({"cri_clarity": 1}, "scores") == ([1, None, None], [])
    assert names.arrange_scores({"clarity": 2}, "scores") == ([2, None, None], [])
    [problem] = names.arrange_scores({"tone": 2}, "scores")[1]
    assert problem.field == ("scores", "tone")
    assert [p.field for p in names.arrange_scores({"clarity": float("nan")}, "scores")[1]] == [("scores", "clarity")]
