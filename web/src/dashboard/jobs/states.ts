import type { TrainingJobStatus, TrainingType } from '../../generated/graphql';

export const PATH: readonly TrainingJobStatus[] = ['CREATED', 'QUEUED', 'PREPARING', 'TRAINING', 'VALIDATING', 'COMPLETED'];
export const OVER: readonly TrainingJobStatus[] = ['COMPLETED', 'FAILED', 'CANCELLED'];
/** While epochs are to be expected, their charts wait for them: nothing jumps when the first one comes. */
export const LEARNS: readonly TrainingJobStatus[] = ['QUEUED', 'PREPARING', 'TRAINING'];
export const STATUSES: readonly TrainingJobStatus[] = [...PATH, 'FAILED', 'CANCELLED'];
export const TYPES: readonly TrainingType[] = ['INCREMENTAL', 'FULL_RETRAIN', 'FINE_TUNE', 'VALIDATION'];
