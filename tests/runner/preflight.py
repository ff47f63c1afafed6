"""Preflights in tests."""

from models.specs.training_jobs import TrainingSpec
from runner.jobs.manager import JobManager
from runner.jobs.preflight import RejectedPlan, TrainingPlan
from tests.factories import World


async def preflight_plan(world: World, spec: TrainingSpec) -> TrainingPlan:
    """Return the plan of a preflight; a rejected request has one too."""
    result = await JobManager(world.store).preflight(world.viewer, spec)
    plan = result.plan if isinstance(result, RejectedPlan) else result
    assert plan is not None
    return plan
