"""Small records in the shapes that evaluation tools export, each with one item and its scores.

The judge has the criterion `quality` from 1 to 5. In every sample the judge gave 4, and people gave what the tests of
the presets state.
"""

import json
from typing import Any

Data = dict[str, Any]


def assessment(number: int, source_type: str, **values: Any) -> Data:
    """Return an assessment of MLflow.

    Args:
        number: its number.
        source_type: the kind of rater.
        values: further fields.
    """
    base = {
        "assessment_id": f"a-{number}",
        "assessment_name": "quality",
        "trace_id": "tr-1",
        "source": {"source_type": source_type, "source_id": "ann" if source_type == "HUMAN" else "gpt"},
        "create_time": f"2026-03-02T10:00:0{number}Z",
        "last_update_time": f"2026-03-02T10:00:0{number}Z",
        "valid": True,
    }
    return base | values


ASSESSMENTS = [
    assessment(1, "LLM_JUDGE", feedback={"value": 4.0}, rationale="Fluent.", valid=False),
    assessment(2, "HUMAN", feedback={"value": 2.0}, rationale="Wrong.", overrides="a-1"),
    assessment(3, "LLM_JUDGE", feedback={"value": None, "error": {"error_code": "TIMEOUT"}}),
    assessment(4, "HUMAN", feedback={"value": 5.0}, valid=False),
    assessment(5, "HUMAN", assessment_name="thumbs", feedback={"value": False}),
]
TRACE = {
    "info": {
        "trace_id": "tr-1",
        "request_time": "2026-03-01T10:00:00.123Z",
        "state": "OK",
        "trace_metadata": {"mlflow.traceOutputs": '{"answer": "The sea."}'},
        "tags": {"mlflow.traceName": "qa"},
        "request_preview": '{"question": "Why?"}',
        "response_preview": '"The sea."',
        "assessments": ASSESSMENTS,
    },
    "data": {"spans": [{"attributes": {"mlflow.spanOutputs": '{"answer": "The sea."}'}}]},
}
TRACE_ROW = {
    "trace_id": "tr-1",
    "trace": json.dumps(TRACE),
    "state": "OK",
    "request": {"question": "Why?"},
    "response": {"answer": "The sea."},
    "assessments": ASSESSMENTS,
}
OLD_TRACE = {
    "info": {
        "request_id": "tr-1",
        "timestamp_ms": 1772359200123,
        "assessments": [
            {"name": "quality", "source": {"source_type": "LLM_JUDGE"}, "feedback": {"value": 4}},
            {"name": "quality", "source": {"source_type": "HUMAN", "source_id": "ann"}, "feedback": {"value": 2}},
        ],
    },
    "data": {"request": '{"question": "Why?"}', "response": '{"answer": "The sea."}', "spans": []},
}

RUN = {
    "id": "r1",
    "name": "chain",
    "run_type": "chain",
    "inputs": {"messages": [{"role": "user", "content": "Why?"}]},
    "outputs": {"messages": [{"type": "human", "content": "Why?"}, {"type": "ai", "content": "The sea."}]},
    "feedback_stats": {"quality": {"n": 1, "avg": 4.0}},
    "end_time": "2026-03-01T10:00:00",
}
APP = {"type": "app", "user_id": "u1", "user_name": "ann"}
FEEDBACK_ROW = {
    "id": "f1",
    "run_id": "r1",
    "key": "quality",
    "score": 2.0,
    "value": None,
    "comment": "Wrong.",
    "correction": {"desired": "The sky scatters light."},
    "feedback_source": APP,
    "modified_at": "2026-03-02T10:00:00",
}


def score(number: int, source: str, **values: Any) -> Data:
    """Return a score of Langfuse.

    Args:
        number: its number.
        source: the kind of rater.
        values: further fields.
    """
    base = {"id": f"s{number}", "traceId": "t1", "name": "quality", "source": source, "dataType": "NUMERIC"}
    return base | {"timestamp": "2026-03-02T10:00:00.000Z", "comment": None, "authorUserId": None} | values


LANGFUSE_TRACE = {
    "id": "t1",
    "sessionId": "s-1",
    "name": "qa",
    "input": {"messages": [{"role": "user", "content": "Why?"}]},
    "output": "The sea.",
    "timestamp": "2026-03-01T10:00:00.000Z",
    "scores": [
        score(1, "EVAL", value=4, comment="Fluent."),
        score(2, "ANNOTATION", value=2, authorUserId="ann", comment="Wrong."),
        score(3, "API", value=1),
        score(4, "API", name="user-feedback", value=0, dataType="BOOLEAN", stringValue="False"),
        score(5, "ANNOTATION", name="tone", value=1, dataType="CATEGORICAL", stringValue="friendly"),
    ],
}

PHOENIX_SPAN = {
    "name": "qa",
    "context.span_id": "sp1",
    "attributes.input.value": '{"question": "Why?"}',
    "attributes.output.value": "The sea.",
    "end_time": "2026-03-01T10:00:00+00:00",
    "annotations": [
        {"name": "quality", "annotator_kind": "LLM", "result": {"score": 4, "label": "good", "explanation": "Fluent."}},
        {"name": "quality", "annotator_kind": "HUMAN", "span_id": "sp1", "identifier": "ann", "user_id": "ann",
         "result": {"score": 2, "explanation": "Wrong."}, "created_at": 1772445600000},
    ],
}  # fmt: skip
PHOENIX_ROW = {
    "span_id": "sp1",
    "annotation_name": "quality",
    "annotator_kind": "HUMAN",
    "result.label": None,
    "result.score": 2.0,
    "result.explanation": "Wrong.",
    "created_at": 1772445600000,
    "identifier": "",
    "user_id": "ann",
}

ARGILLA_1 = {
    "external_id": "rec-1",
    "id": "11111111-1111-4111-8111-111111111111",
    "fields": {"prompt": "Why?", "response": "The sea."},
    "metadata": {"model": "m"},
    "responses": [
        {"user_id": "ann", "status": "submitted", "values": {"quality": {"value": 2}, "why": {"value": "Wrong."}}},
        {"user_id": "ben", "status": "discarded", "values": {"quality": {"value": 1}}},
        {"user_id": "cat", "status": "draft", "values": None},
    ],
    "suggestions": [{"question_name": "quality", "type": "model", "value": 4, "agent": "gpt"}],
}
ARGILLA_1_ROW = {
    "prompt": "Why?",
    "response": "The sea.",
    "quality": [{"user_id": "ann", "value": 2, "status": "submitted"}, {"user_id": "b", "value": 1, "status": "draft"}],
    "quality-suggestion": 4,
    "quality-suggestion-metadata": {"type": None, "score": None, "agent": "gpt"},
    "external_id": "rec-1",
    "metadata": "{}",
}
ARGILLA_2 = {
    "id": "rec-1",
    "fields": {"prompt": "Why?", "response": "The sea."},
    "metadata": {"model": "m"},
    "suggestions": {"quality": {"value": 4, "score": 0.9, "agent": "gpt"}},
    "responses": {"quality": [{"value": 2, "user_id": "ann"}], "why": [{"value": "Wrong.", "user_id": "ann"}]},
    "vectors": {},
    "status": "pending",
    "_server_id": None,
}
ARGILLA_2_ROW = {
    "id": "rec-1",
    "status": "pending",
    "_server_id": None,
    "prompt": "Why?",
    "response": "The sea.",
    "model": "m",
    "quality.responses": [2, 1],
    "quality.responses.users": ["ann", "ben"],
    "quality.responses.status": ["submitted", "discarded"],
    "quality.suggestion": 4,
    "quality.suggestion.score": 0.9,
    "quality.suggestion.agent": "gpt",
}


def result(name: str, type_: str, value: Data, **values: Any) -> Data:
    """Return a result of a control of Label Studio.

    Args:
        name: the control's name.
        type_: its type.
        value: the answer.
        values: further fields.
    """
    return {"from_name": name, "to_name": "answer", "type": type_, "value": value} | values


TASK = {
    "id": 17,
    "data": {"prompt": "Why?", "response": "The sea."},
    "predictions": [
        {"id": 1, "created_at": "2026-03-01T10:00:00Z", "result": [result("quality", "rating", {"rating": 4})]}
    ],
    "annotations": [
        {
            "id": 1001,
            "completed_by": {"id": 10, "email": "ann"},
            "was_cancelled": False,
            "updated_at": "2026-03-02T10:00:00Z",
            "result": [
                result("quality", "rating", {"rating": 2}),
                result("why", "textarea", {"text": ["Wrong."]}),
                result("better", "pairwise", {"selected": "left"}),
            ],
        },
        {"id": 1002, "completed_by": 11, "was_cancelled": True, "result": [result("quality", "rating", {"rating": 5})]},
    ],
}
TASK_MINIMAL = {
    "prompt": "Why?",
    "response": "The sea.",
    "id": 17,
    "quality": [{"rating": 2}],
    "why": "Wrong.",
    "annotator": 10,
    "annotation_id": 1001,
    "created_at": "2026-03-02T10:00:00Z",
    "updated_at": "2026-03-02T10:00:00Z",
    "lead_time": 4.2,
}

PROMPTFOO_RESULT = {
    "id": "r1",
    "prompt": {"raw": "Why?"},
    "vars": {"question": "Why?"},
    "response": {"output": "The sea."},
    "provider": {"id": "openai:m"},
    "success": False,
    "score": 0,
    "gradingResult": {
        "pass": False,
        "score": 0,
        "reason": "Manual result (overrides all other grading results)",
        "comment": "Wrong.",
        "componentResults": [
            {"pass": True, "score": 4, "reason": "Fluent.", "assertion": {"type": "llm-rubric", "metric": "quality"}},
            {"pass": False, "score": 0, "reason": "Manual result", "assertion": {"type": "human"}},
        ],
    },
    "namedScores": {"quality": 4},
}
PROMPTFOO = {"version": 3, "results": {"version": 3, "results": [PROMPTFOO_RESULT], "stats": {}}, "config": {}}

BRAINTRUST_ROW = {
    "id": "b1",
    "span_id": "b1",
    "root_span_id": "b1",
    "span_parents": None,
    "is_root": True,
    "span_attributes": {"name": "eval", "type": "eval"},
    "input": "Why?",
    "output": "The sea.",
    "expected": None,
    "scores": {"quality": 4},
    "metadata": {"model": "m"},
    "created": "2026-03-01T10:00:00.000Z",
}
BRAINTRUST_REVIEW = {
    "id": "b2",
    "span_id": "b2",
    "root_span_id": "b1",
    "span_parents": ["b1"],
    "is_root": False,
    "span_attributes": {"name": "review", "type": "review"},
    "scores": {"quality": 2},
    "metadata": {"user_id": "ann", "comment": "Wrong."},
    "created": "2026-03-02T10:00:00.000Z",
}

OUTPUT_ITEM = {
    "object": "eval.run.output_item",
    "id": "outputitem_1",
    "created_at": 1772359200,
    "datasource_item": {"question": "Why?", "human": 2},
    "results": [
        {"name": "quality-0f2d6a3e-58a6-4d57-9a52-1b7a9d0e5c11", "passed": True, "score": 4.0},
        {"name": "other", "passed": False, "score": 0.0, "sample": {"error": {"code": "timeout"}}},
    ],
    "sample": {
        "input": [{"role": "user", "content": "Why?"}],
        "output": [{"role": "assistant", "content": "The sea."}],
        "model": "m",
    },
}
EVENTS = [
    {"spec": {"eval_name": "qa", "run_config": {}}},
    {"run_id": "1", "event_id": 0, "sample_id": "qa.0", "type": "sampling", "created_by": "",
     "data": {"prompt": [{"role": "user", "content": "Why?"}], "sampled": ["The sea."]}},
    {"run_id": "1", "event_id": 1, "sample_id": "qa.0", "type": "metrics", "created_by": "",
     "data": {"choice": "4", "quality": 4.0}},
    {"final_report": {"quality": 4.0}},
]  # fmt: skip

WEAVE_REF = "weave:///team/project/call/c1"
WEAVE_FEEDBACK: list[Data] = [
    {"id": "w1", "feedback_type": "wandb.runnable.quality", "payload": {"output": {"quality": 4}}, "creator": None},
    {"id": "w2", "feedback_type": "wandb.annotation.quality", "payload": {"value": 2}, "creator": "ann"},
    {"id": "w3", "feedback_type": "wandb.reaction.1", "payload": {"emoji": "👎", "detoned": "👎"}, "creator": "ann"},
    {"id": "w4", "feedback_type": "wandb.note.1", "payload": {"note": "Wrong."}, "creator": "ann"},
    {"id": "w5", "feedback_type": "wandb.reaction.1", "payload": {"emoji": "🎉", "detoned": "🎉"}, "creator": "ben"},
]
WEAVE_CALL = {
    "id": "c1",
    "op_name": "qa",
    "trace_id": "x",
    "inputs": {"question": "Why?"},
    "output": "The sea.",
    "started_at": "2026-03-01T10:00:00Z",
    "summary": {"weave": {"feedback": [one | {"weave_ref": WEAVE_REF} for one in WEAVE_FEEDBACK]}},
}

DEEPEVAL_CASE = {
    "name": "test_case_0",
    "input": "Why?",
    "actualOutput": "The sea.",
    "success": True,
    "metricsData": [
        {"name": "quality [GEval]", "threshold": 0.5, "success": True, "score": 4, "reason": "Fluent.", "error": None},
        {"name": "Bias", "score": None, "error": "No API key"},
    ],
}
DEEPEVAL = {"identifier": None, "testRunData": {"testCases": [DEEPEVAL_CASE], "metricsScores": []}}
