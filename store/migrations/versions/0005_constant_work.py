"""Add totals of jobs and deliveries, and indexes with which the work of a statement does not grow with history.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

QUEUED, COMPLETED = "status = 'queued'", "status = 'completed'"
ADDED = {
    "ix_training_jobs_workspace_id_created_at_id": ("training_jobs", "workspace_id", "created_at", "id"),
    "ix_training_jobs_judge_pk_created_at_id": ("training_jobs", "judge_pk", "created_at", "id"),
    "ix_training_jobs_created_by_created_at_id": ("training_jobs", "created_by", "created_at", "id"),
    "ix_training_jobs_workspace_status": (
        "training_jobs", "workspace_id", "status", "training_type", "created_at", "id",
    ),
    "ix_training_jobs_judge_status": ("training_jobs", "judge_pk", "status", "training_type", "created_at", "id"),
    "ix_training_jobs_creator_status": ("training_jobs", "created_by", "status", "training_type", "created_at", "id"),
    "ix_job_events_judge_pk_position": ("job_events", "judge_pk", "position"),
    "ix_judge_versions_judge_pk_watermark": ("judge_versions", "judge_pk", "watermark"),
    "ix_judge_versions_judge_pk_status_number": ("judge_versions", "judge_pk", "status", "number"),
    "ix_judge_versions_judge_pk_status_replaced_at_number": (
        "judge_versions", "judge_pk", "status", "replaced_at", "number",
    ),
    "ix_deployments_judge_pk_version_id_pk": ("deployments", "judge_pk", "version_id", "pk"),
    "ix_api_keys_workspace_id_id": ("api_keys", "workspace_id", "id"),
    "ix_users_workspace_id_id": ("users", "workspace_id", "id"),
}  # fmt: skip
DROPPED = {
    "ix_training_jobs_workspace_id_id": ("training_jobs", "workspace_id", "id"),
    "ix_training_jobs_judge_pk_id": ("training_jobs", "judge_pk", "id"),
    "ix_api_keys_workspace_id": ("api_keys", "workspace_id"),
}
FILL_JOBS = (
    "INSERT INTO job_totals (status, priority, jobs, usable) SELECT status, priority, count(*), "
    "sum(CAST(summary ->> 'usable' AS BIGINT)) FROM training_jobs GROUP BY status, priority"
)
FILL_DELIVERIES = (
    "INSERT INTO delivery_totals (status, deliveries) SELECT status, count(*) FROM deliveries GROUP BY status"
)


def upgrade() -> None:
    op.create_table(
        "job_totals",
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("jobs", sa.BigInteger(), nullable=False),
        sa.Column("usable", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("status", "priority", name=op.f("pk_job_totals")),
    )
    op.create_table(
        "delivery_totals",
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("deliveries", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("status", name=op.f("pk_delivery_totals")),
    )
    op.execute(FILL_JOBS)
    op.execute(FILL_DELIVERIES)
    _replace(DROPPED, ADDED)
    op.drop_index("ix_training_jobs_queue", "training_jobs")
    _create_partial_index("ix_training_jobs_queue", QUEUED, "judge_pk", "priority", "id", "status")
    _create_partial_index("ix_training_jobs_completed", COMPLETED, "id")


def _replace(old: dict[str, tuple[str, ...]], new: dict[str, tuple[str, ...]]) -> None:
    for name, (table, *_) in old.items():
        op.drop_index(op.f(name), table)
    for name, (table, *columns) in new.items():
        op.create_index(op.f(name), table, columns)


def _create_partial_index(name: str, where: str, *columns: str) -> None:
    op.create_index(name, "training_jobs", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_index("ix_training_jobs_completed", "training_jobs")
    op.drop_index("ix_training_jobs_queue", "training_jobs")
    _create_partial_index("ix_training_jobs_queue", QUEUED, "priority", "id")
    _replace(ADDED, DROPPED)
    op.drop_table("delivery_totals")
    op.drop_table("job_totals")
